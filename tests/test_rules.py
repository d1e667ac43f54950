"""Every reward rule on hops with known ratios, and the figures that are stated for it."""

import importlib.util
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from run_kit import frame, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training.calibration import chain_of
from emgfeedback.training.reward import RULE_LINE, Rule
from emgfeedback.training.rules import MEASURED, Figures, figures_of
from emgfeedback.training.session import RULES
from emgfeedback.values import Calibration, Frame

INFO, GRID = stream(), grid_for(250.0, trunk=True)
GIVEN = Calibration(
    np.full(3, 2.0),
    np.full(3, 0.2),
    np.full(3, 100.0),
    np.full(3, 2.8),
    "submaximal",
    (1, 1, 1),
    chain_of(INFO, GRID, 0.0),
)
DWELL_HOPS = 15
STATED = [(name, fs_hz) for name in RULES for fs_hz in (250.0, 1000.0)]


def above_rest(level_uv: float) -> float:
    """The envelope of a muscle of that amplitude."""
    return math.sqrt(level_uv**2 + 4.0)


def steady(levels_uv: Sequence[float], n: int) -> list[Frame]:
    envelope_uv = [above_rest(level) for level in levels_uv]
    return [frame(5 * (i + 1), envelope_uv) for i in range(n)]


def verdicts(rule: Rule, frames: Sequence[Frame], ratio: float = RULE_LINE, met: bool = False) -> list[bool]:
    out = []
    for one in frames:
        rule.observe(one)
        met = rule.meets(ratio, met)
        out.append(met)
    return out


def made(name: str) -> Rule:
    return RULES[name](INFO, GRID, GIVEN)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("levels_uv", "expected"), [((60, 20, 20), True), ((20, 20, 5), False)])
def test_every_rule_sees_a_clear_lead_and_no_false_one(name: str, levels_uv: tuple, expected: bool) -> None:
    assert verdicts(made(name), steady(levels_uv, 100))[-1] is expected


@pytest.mark.parametrize("name", RULES)
def test_every_rule_wants_the_lead_over_each_rival(name: str) -> None:
    assert not verdicts(made(name), steady((60, 5, 55), 100))[-1]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_forgets_over_lost_samples(name: str) -> None:
    rule = made(name)
    lost = frame(1000, (math.nan,) * 3)
    assert verdicts(rule, [*steady((60, 20, 20), 100), lost])[-2:] == [True, False]


@pytest.mark.parametrize("name", RULES)
def test_nothing_is_met_before_anything_was_heard(name: str) -> None:
    assert not made(name).meets(0.3, False)
    assert not made(name).meets(0.3, True)


@pytest.mark.parametrize("name", RULES)
def test_a_higher_line_is_met_only_by_a_higher_ratio(name: str) -> None:
    rule = made(name)
    verdicts(rule, steady((50, 20, 20), 200))
    assert [rule.meets(ratio, False) for ratio in (1.0, 1.5, 4.0)] == [True, True, False]


@pytest.mark.parametrize(("target_uv", "expected"), [(26.5, True), (26.3, False)])
def test_the_threshold_is_the_bare_ratio_of_the_envelopes(target_uv: float, expected: bool) -> None:
    assert verdicts(made("threshold"), steady((target_uv, 20, 10), 1)) == [expected]


def test_the_dwell_counts_to_300_ms_before_it_turns_on() -> None:
    met = verdicts(made("hysteresis-dwell"), steady((40, 20, 20), 40))
    assert met.index(True) == DWELL_HOPS - 1


@pytest.mark.parametrize(("target_uv", "expected"), [(20.2, True), (19.8, False)])
def test_the_dwell_turns_off_at_once_but_at_a_lower_line(target_uv: float, expected: bool) -> None:
    frames = [*steady((40, 20, 20), 40), *steady((target_uv, 20, 20), 1)]
    assert verdicts(made("hysteresis-dwell"), frames)[-2:] == [True, expected]


def test_the_dwell_begins_anew_when_the_ratio_falls_back_once() -> None:
    frames = [*steady((40, 20, 20), DWELL_HOPS - 1), *steady((23, 20, 20), 1), *steady((40, 20, 20), 20)]
    assert verdicts(made("hysteresis-dwell"), frames).index(True) == 2 * DWELL_HOPS - 1


@pytest.mark.parametrize(("name", "fs_hz"), STATED)
def test_every_rule_states_its_figures_at_both_rates(name: str, fs_hz: float) -> None:
    figures = figures_of(name, fs_hz)
    assert figures is not None
    assert figures.on_p50_ms <= figures.on_p95_ms
    assert figures.off_p50_ms <= figures.off_p95_ms


@pytest.mark.parametrize(("fs_hz", "known"), [(226.0, True), (274.0, True), (200.0, False), (500.0, False)])
def test_figures_are_stated_only_near_the_rate_they_were_measured_at(fs_hz: float, known: bool) -> None:
    assert (figures_of("bayes-quick", fs_hz) is not None) is known


def test_nothing_is_stated_for_an_unknown_rule() -> None:
    assert figures_of("guess", 250.0) is None


def test_every_stated_rule_exists() -> None:
    assert {name for name, _ in MEASURED} == set(RULES)


@pytest.mark.parametrize(
    ("fs_hz", "goal"),
    [
        (250.0, Figures(0.5, 12, math.inf, 350, math.inf, 330)),
        (1000.0, Figures(0.1, 3, math.inf, 160, math.inf, 150)),
    ],
)
def test_the_quick_rule_states_figures_within_the_goals(fs_hz: float, goal: Figures) -> None:
    figures = figures_of("bayes-quick", fs_hz)
    assert figures is not None
    for key in Figures.__slots__:
        assert getattr(figures, key) <= getattr(goal, key), key


@pytest.mark.full
@pytest.mark.parametrize(("name", "fs_hz"), [("bayes-quick", 250), ("bayes-quick", 1000), ("threshold", 250)])
def test_the_stated_figures_are_found_again(name: str, fs_hz: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).resolve().parent.parent / "benchmarks"
    spec = importlib.util.spec_from_file_location("cue_bench", folder / "cue.py")
    assert spec is not None
    assert spec.loader is not None
    cue = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "cue_bench", cue)
    spec.loader.exec_module(cue)
    bench = cue.Bench(fs_hz, 7)
    pair = bench.steady((1, 1, 0.25), 600)
    steps = {"G": bench.steps((1, 1, 1), (2, 1, 1), 80), "V": bench.steps((2, 2, 2), (2, 1, 1), 80)}
    measured = cue.truths(name, bench, pair, steps)
    figures = {key: getattr(measured, key) for key in Figures.__slots__}
    assert cue.differences(figures, figures_of(name, fs_hz)) == []
