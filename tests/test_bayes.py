"""The Bayes rules: the recursion against a plain one, and what they believe."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from run_kit import frame, stream

from emgfeedback.processing.bandwidth import grid_for, statistical_bandwidth_hz
from emgfeedback.training import bayes
from emgfeedback.training.calibration import chain_of
from emgfeedback.training.session import RULES
from emgfeedback.values import Calibration, Frame, Quality

INFO, GRID = stream(), grid_for(250.0, trunk=True)
DOF = 2 * statistical_bandwidth_hz(GRID) * GRID.hop_s
GIVEN = Calibration(
    np.full(3, 2.0),
    np.full(3, 0.2),
    np.full(3, 100.0),
    np.full(3, DOF),
    "submaximal",
    (1, 1, 1),
    chain_of(INFO, GRID, 0.0),
)


def hops(envelope_uv: Sequence[float], n: int, seed: int = 1) -> list[Frame]:
    """Hops whose power scatters as that of EMG does."""
    rng = np.random.default_rng(seed)
    powers = np.square(envelope_uv) * rng.chisquare(DOF, (n, 3)) / DOF
    return [frame(5 * (i + 1), np.sqrt(power)) for i, power in enumerate(powers)]


def fed(name: str, frames: Sequence[Frame]) -> bayes.BayesPairs:
    rule = RULES[name](INFO, GRID, GIVEN)
    for one in frames:
        rule.observe(one)
    return rule  # type: ignore[return-value]


def plain_confidence(frames: Sequence[Frame], ratio: float) -> float:
    """The recursion of the docstring, cell by cell, for one target and two rivals."""
    n = bayes.LEVELS
    own, common = bayes.OWN_JUMPS_PER_S * GRID.hop_s, bayes.COMMON_JUMPS_PER_S * GRID.hop_s
    levels = [math.log(bayes.WORKING_LEVEL) + bayes.STEP_LN * (i - n // 2) for i in range(n)]
    span, rest = 100.0**2 - 4.0, 4.0 / (100.0**2 - 4.0)
    least = 1.0
    for rival in (1, 2):
        belief = np.full((n, n), 1 / n**2)
        for one in frames:
            power = one.power_uv2 / span
            new = np.zeros((n, n))
            for g in range(n):
                for r in range(n):
                    jump = own / n * (belief[:, r].sum() + belief[g, :].sum())
                    diagonal = np.diagonal(belief, r - g)
                    value = (1 - 2 * own - common) * belief[g, r] + jump + common * diagonal.mean()
                    for x, p in ((levels[g], power[0]), (levels[r], power[rival])):
                        expected = math.exp(2 * x) + rest
                        value *= math.exp(-DOF / 2 * (math.log(expected) + p / expected))
                    new[g, r] = value
            belief = new / new.sum()
        cut = math.log(ratio) / bayes.STEP_LN
        weights = [[min(1.0, max(0.0, g - r + 0.5 - cut)) for r in range(n)] for g in range(n)]
        least = min(least, float((belief * np.array(weights)).sum()))
    return least


@pytest.mark.parametrize("ratio", [1.0, 1.32, 2.0])
def test_the_confidence_is_that_of_the_plain_recursion(ratio: float) -> None:
    frames = hops((40.0, 25.0, 10.0), 3)
    assert fed("bayes-quick", frames).confidence(ratio) == pytest.approx(
        plain_confidence(frames, ratio), rel=1e-9
    )


@pytest.mark.parametrize(
    ("envelope_uv", "low", "high"), [((60, 20, 20), 0.95, 1.0), ((25, 30, 60), 0.0, 0.01)]
)
def test_a_clear_lead_is_believed_and_a_clear_deficit_is_not(
    envelope_uv: tuple, low: float, high: float
) -> None:
    assert low <= fed("bayes-quick", hops(envelope_uv, 100)).confidence(1.32) <= high


def test_the_weaker_of_both_pairs_decides() -> None:
    assert fed("bayes-quick", hops((50, 50, 5), 100)).confidence(1.32) < 0.2


def test_confidence_falls_with_the_line() -> None:
    rule = fed("bayes-quick", hops((40, 20, 20), 60))
    confidences = [rule.confidence(ratio) for ratio in (1.0, 1.3, 1.6, 2.0, 3.0, 9.0)]
    assert confidences == sorted(confidences, reverse=True)


def test_a_resting_rival_never_blows_the_belief_up() -> None:
    rule = fed("bayes-quick", hops((50, 2, 2), 100))
    assert rule.confidence(1.32) > 0.99
    assert np.isfinite(rule.confidence(1.32))


@pytest.mark.parametrize("dof", [1.0, DOF, 40.0])
@pytest.mark.parametrize("first_uv", [(1e-6, 1e-6, 1e-6), (1e5, 1e5, 1e5), (1e5, 1e-6, 30.0)])
def test_the_belief_survives_the_impossible_and_finds_back(first_uv: tuple, dof: float) -> None:
    given = replace(GIVEN, dof=np.full(3, dof))
    rule = RULES["bayes-quick"](INFO, GRID, given)
    for one in [
        *(frame(5 * (i + 1), first_uv) for i in range(200)),
        *(frame(5 * i, (60, 20, 20)) for i in range(201, 301)),
    ]:
        rule.observe(one)
        assert 0.0 <= rule.confidence(1.32) <= 1.0 + 1e-9
    assert rule.confidence(1.32) > 0.9


def test_the_belief_survives_leaps_of_both_muscles() -> None:
    rule = RULES["bayes-quick"](INFO, GRID, replace(GIVEN, dof=np.full(3, 80.0)))
    for i, envelope_uv in enumerate([(1e-6,) * 3, (1e6,) * 3, (1e-6, 1e6, 1e6), (1e6, 1e-6, 1e6)] * 3, 1):
        rule.observe(frame(5 * i, envelope_uv))
    assert rule.confidence(1e-3) == pytest.approx(1.0)


@pytest.mark.parametrize(("envelope_uv", "expected"), [((330, 150, 150), True), ((150, 330, 40), False)])
def test_work_far_above_the_reference_is_told_apart(envelope_uv: tuple, expected: bool) -> None:
    assert (fed("bayes-quick", hops(envelope_uv, 200)).confidence(1.32) > 0.5) is expected


@pytest.mark.parametrize("n", [30, 3000])
def test_the_belief_in_all_ratios_together_stays_one(n: int) -> None:
    rule = fed("bayes-quick", hops((40.0, 25.0, 10.0), n))
    assert rule.confidence(1e-3) == pytest.approx(1.0, abs=1e-12)


def test_lost_samples_make_everything_equally_likely_again() -> None:
    rule = fed("bayes-quick", [*hops((60, 20, 20), 50), frame(1000, (math.nan,) * 3, (Quality.GAP,) * 3)])
    assert rule.confidence(1.32) == pytest.approx(fed("bayes-quick", []).confidence(1.32))


def test_a_bad_channel_teaches_nothing_and_the_belief_grows_old() -> None:
    bad = [frame(1000 + i, (60, 9999, 20), (0, Quality.RAILED, 0)) for i in range(3000)]
    before, soon, late = (
        fed("bayes-quick", [*hops((60, 20, 20), 50), *bad[:n]]).confidence(1.32) for n in (0, 1, 3000)
    )
    assert before > soon > 0.95 * before
    assert late == pytest.approx(fed("bayes-quick", []).confidence(1.32), abs=0.01)


def test_calm_needs_more_to_begin_and_less_to_stay() -> None:
    frames = hops((34, 22, 22), 400, seed=3)
    switches = {}
    for name in ("bayes-quick", "bayes-calm"):
        rule, met, count = RULES[name](INFO, GRID, GIVEN), False, 0
        for one in frames:
            rule.observe(one)
            count += rule.meets(1.32, met) != met
            met = rule.meets(1.32, met)
        switches[name] = count
    assert switches["bayes-calm"] <= switches["bayes-quick"]
    assert switches["bayes-quick"] > 0
