"""Share, ratios and margin with their intervals; `benchmarks/intervals.py` has the figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from run_kit import stream
from scipy import stats
from truth_kit import benchmark

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training import dominance
from emgfeedback.training.dominance import Dominator
from emgfeedback.values import OTHER, Calibration, Channel, Dominance, StreamInfo

benchmark("cue")
intervals = benchmark("intervals")

GRID = grid_for(250.0, trunk=True)
REST_UV, REFERENCE_UV, HOP_DOF = 2.0, 100.0, 2.7
WINDOW_DOF = HOP_DOF * GRID.window_samples / GRID.hop_samples
FLOOR_UV = REST_UV + 3 * 0.2


def judged(
    envelope_uv: Sequence[float], rest_uv: float = REST_UV, info: StreamInfo | None = None, sd_uv: float = 0.2
) -> Dominance:
    n = len(envelope_uv)
    made = Calibration(
        np.full(n, rest_uv),
        np.full(n, sd_uv),
        np.full(n, REFERENCE_UV),
        np.full(n, HOP_DOF),
        "submaximal",
        (1,) * n,
        {},
    )
    info = info or stream(muscles=("gmed", "tfl", "ql", "es")[:n])
    return Dominator(info, GRID, made)(np.array(envelope_uv, float))


def test_without_noise_the_bounds_of_a_ratio_are_those_of_the_f_distribution() -> None:
    who = judged((60.0, 20.0), rest_uv=0.0, sd_uv=0.0)
    half_width = 0.5 * math.log(stats.f.ppf(0.975, WINDOW_DOF, WINDOW_DOF))
    assert who.ratio_ln == pytest.approx((math.log(3),))
    assert who.ratio_low_ln[0] == pytest.approx(math.log(3) - half_width, rel=0.01)
    assert who.ratio_high_ln[0] == pytest.approx(math.log(3) + half_width, rel=0.01)


@pytest.mark.parametrize("fs_hz", [250, 1000])
def test_the_intervals_hold_the_truth_in_92_to_97_percent_of_windows(fs_hz: int) -> None:
    stretch = intervals.Stretch(fs_hz, 200.0, seed=5)
    some = [c for c in intervals.cells(fs_hz) if c.snr_db in (3.0, 10.0, 30.0) and c.levels[0] < 0.3]
    for cell in some[:: 3 if fs_hz == 250 else 7]:
        covered, _ = intervals.coverage_pct(stretch, cell)
        assert min(covered) >= 92, cell
        assert max(covered) <= 97, cell


@pytest.mark.parametrize(("fs_hz", "least", "most"), [(250, 2.8, 3.2), (1000, 2.9, 3.1)])
def test_a_true_ratio_of_three_reads_three_with_the_rivals_at_3_db(
    fs_hz: int, least: float, most: float
) -> None:
    low, high = intervals.ratio_of_three(intervals.Stretch(fs_hz, 130.0, seed=3))
    assert least <= low <= high <= most


@pytest.mark.parametrize(("fs_hz", "goal_pct"), [(250, 95), (1000, 98)])
def test_the_leader_is_right_at_two_to_one_and_6_db(fs_hz: int, goal_pct: float) -> None:
    assert intervals.leader_pct(intervals.Stretch(fs_hz, 60.0, seed=3)) >= goal_pct


def test_noise_widens_the_interval() -> None:
    quiet, noisy = judged((12.0, 6.0), rest_uv=0.5, sd_uv=0.05), judged((12.0, 6.0), rest_uv=4.0, sd_uv=0.4)
    assert noisy.ratio_high_ln[0] - noisy.ratio_low_ln[0] > quiet.ratio_high_ln[0] - quiet.ratio_low_ln[0]
    assert noisy.ratio_ln[0] > quiet.ratio_ln[0] > math.log(2)


def test_a_long_rest_narrows_the_interval_of_a_weak_muscle(monkeypatch: pytest.MonkeyPatch) -> None:
    short = judged((12.0, 4.0), rest_uv=2.5)
    monkeypatch.setattr(dominance, "REST_S", 1e6)
    long = judged((12.0, 4.0), rest_uv=2.5)
    shortening = [a - b for a, b in zip(long.ratio_low_ln, short.ratio_low_ln, strict=True)]
    assert shortening[0] > 0.0005
    assert short.ratio_high_ln[0] - long.ratio_high_ln[0] > 0.0005


def test_a_rival_under_its_floor_gives_a_low_bound_instead_of_a_ratio() -> None:
    who = judged((60.0, 20.0, FLOOR_UV - 0.01))
    assert who.ratio_ln[0] == pytest.approx(math.log(3), abs=0.01)
    assert math.isnan(who.ratio_ln[1])
    assert 3.0 < who.ratio_low_ln[1] < math.log(60 / math.sqrt(FLOOR_UV**2 - REST_UV**2))
    assert who.margin_ln == who.ratio_ln[0]
    assert (who.leader, who.measurable) == ("gmed", True)


@pytest.mark.parametrize("silence_uv", [0.0, 0.5, REST_UV])
def test_a_silent_rival_never_looks_quieter_than_its_floor(silence_uv: float) -> None:
    who = judged((60.0, silence_uv, silence_uv))
    assert math.isnan(who.margin_ln)
    assert 0 < who.margin_low_ln < math.log(60 / math.sqrt(FLOOR_UV**2 - REST_UV**2))
    assert who.margin_high_ln == math.inf
    assert who.share == 1.0
    assert who.share_low < 0.97


def test_a_target_under_its_floor_gives_high_bounds_and_the_leader_is_named() -> None:
    who = judged((REST_UV, 20.0, 40.0))
    assert all(map(math.isnan, (*who.ratio_ln, who.margin_ln)))
    assert who.ratio_low_ln == (-math.inf, -math.inf)
    assert who.margin_high_ln == who.ratio_high_ln[1] < who.ratio_high_ln[0] < -1.5
    assert (who.leader, who.measurable) == ("ql", True)
    assert who.share == 0.0
    assert who.share_high < 0.1


def test_the_margin_is_not_known_while_a_rival_under_its_floor_may_be_the_stronger() -> None:
    who = judged((4.0, FLOOR_UV + 0.05, FLOOR_UV - 0.05))
    assert math.isfinite(who.ratio_ln[0])
    assert who.ratio_low_ln[1] < who.ratio_ln[0]
    assert math.isnan(who.margin_ln)
    assert who.margin_low_ln == min(who.ratio_low_ln)


def test_nothing_is_said_of_lost_samples_or_of_a_muscle_alone() -> None:
    assert not judged((math.nan,) * 3).measurable
    assert not judged((60.0,)).measurable
    part = judged((60.0, math.nan, 20.0))
    assert part.ratio_low_ln[0] == -math.inf
    assert math.isnan(part.margin_ln)


@pytest.mark.parametrize("n_rivals", [1, 2, 3])
def test_any_number_of_rivals_is_judged_and_others_are_only_watched(n_rivals: int) -> None:
    known = stream(muscles=("gmed", "tfl", "ql", "es")[: n_rivals + 1])
    watched = StreamInfo(250.0, (*known.channels, Channel("EMG 9", "vl", "right", OTHER)), "x", known.lsb_uv)
    who = judged((60.0, *(30.0, 20.0, 10.0)[:n_rivals], 99.0), info=watched)
    assert len(who.ratio_ln) == len(who.ratio_low_ln) == len(who.ratio_high_ln) == n_rivals
    assert who.margin_ln == pytest.approx(math.log(2), abs=0.01)
    assert who.share == pytest.approx(60 / (60, 90, 110, 120)[n_rivals], abs=0.01)
    assert who.share_low < who.share < who.share_high
    assert who.leader == "gmed"


def test_a_channel_without_independent_values_is_bounded_by_nothing() -> None:
    made = Calibration(
        np.full(2, 2.0), np.full(2, 0.2), np.full(2, 100.0), np.full(2, 0.05), "submaximal", (1, 1), {}
    )
    who = Dominator(stream(muscles=("gmed", "tfl")), GRID, made)(np.array([60.0, 20.0]))
    assert (who.ratio_low_ln, who.ratio_high_ln) == ((-math.inf,), (math.inf,))
    assert (who.share_low, who.share_high) == (0.0, 1.0)
