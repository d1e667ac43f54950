"""How a hold was held, on made-up curves whose answer is known."""

import json

import numpy as np
import pytest

from emgfeedback.training.hold_quality import HoldQuality, hold_quality

HOP_S = 0.02
RATES_HOP_S = (0.02, 0.024)


def judged(level_pct, good=None, effort=None, hop_s: float = HOP_S) -> HoldQuality:
    level_pct = np.asarray(level_pct, np.float64)
    effort = np.ones(len(level_pct), bool) if effort is None else np.asarray(effort)
    return hold_quality(level_pct, effort if good is None else np.asarray(good), effort, hop_s)


def times_s(seconds: float, hop_s: float = HOP_S) -> np.ndarray:
    return np.arange(round(seconds / hop_s)) * hop_s


@pytest.mark.parametrize("hop_s", RATES_HOP_S)
@pytest.mark.parametrize("slope_pct_per_s", [-1.0, 0.0, 0.5])
def test_a_straight_line_gives_its_slope_over_its_median(hop_s: float, slope_pct_per_s: float) -> None:
    time_s = times_s(10.0, hop_s)
    found = judged(50 + slope_pct_per_s * (time_s - 5.25), hop_s=hop_s)
    assert found.droop_pct_per_10_s == pytest.approx(20 * slope_pct_per_s, rel=2e-3, abs=1e-9)
    assert found.steadiness_cv_pct == pytest.approx(0, abs=1e-9)


def test_the_slope_is_not_moved_by_a_cough() -> None:
    level_pct = 50 - 0.5 * times_s(20.0)
    level_pct[300:350] *= 4
    median_pct = np.median(level_pct[50:-25])
    assert judged(level_pct).droop_pct_per_10_s == pytest.approx(-500 / median_pct, rel=0.05)


def test_a_break_in_the_effort_does_not_steepen_the_slope() -> None:
    time_s = times_s(20.0)
    effort = (time_s < 6) | (time_s > 12)
    level_pct = 60 - time_s
    median_pct = np.median(level_pct[effort][50:-25])
    found = judged(np.where(effort, level_pct, 0.0), effort=effort)
    assert found.droop_pct_per_10_s == pytest.approx(-1000 / median_pct)


def test_steadiness_is_the_spread_around_the_slope() -> None:
    rng = np.random.default_rng(2)
    time_s = times_s(60.0)
    found = judged(40 - 0.1 * time_s + 2 * rng.standard_normal(len(time_s)))
    assert found.steadiness_cv_pct == pytest.approx(100 * 2 / 37, rel=0.05)


def test_the_way_up_and_the_way_down_are_no_unsteadiness() -> None:
    way = np.concatenate([np.linspace(10, 50, 40), np.full(400, 50.0), np.linspace(50, 10, 20)])
    found = judged(way)
    assert found.steadiness_cv_pct == 0
    assert found.droop_pct_per_10_s == 0
    assert found.overshoot_pct == 0


@pytest.mark.parametrize(("peak_s", "overshoot_pct"), [(1.5, 60.0), (3.0, 0.0)])
def test_overshoot_is_the_peak_of_the_first_two_seconds(peak_s: float, overshoot_pct: float) -> None:
    level_pct = np.full(500, 50.0)
    level_pct[round(peak_s / HOP_S)] = 80
    assert judged(level_pct).overshoot_pct == pytest.approx(overshoot_pct)


def test_one_that_never_reaches_its_later_level_undershoots() -> None:
    assert judged([*[30.0] * 100, *[40.0] * 400]).overshoot_pct == pytest.approx(-25)


def test_time_to_target_counts_from_the_beginning_of_the_phase() -> None:
    time_s = times_s(10.0)
    good = (time_s >= 2.5 - 1e-9) & (time_s < 6) | (time_s > 8)
    found = judged(np.full(500, 50.0), good, time_s > 1)
    assert found.time_to_target_s == pytest.approx(2.5)
    assert found.longest_s == pytest.approx(3.5)
    assert found.good_share_pct == pytest.approx(100 * good.sum() / (time_s > 1).sum())


def test_good_time_outside_of_the_effort_is_no_share_of_it() -> None:
    time_s = times_s(10.0)
    assert judged(np.full(500, 50.0), time_s < 6, time_s >= 5).good_share_pct == pytest.approx(20)


def test_without_good_time_there_is_no_time_to_target() -> None:
    found = judged(np.full(500, 50.0), np.zeros(500, bool))
    assert (found.time_to_target_s, found.longest_s, found.good_share_pct) == (None, 0.0, 0.0)


@pytest.mark.parametrize(("seconds", "told"), [(4.48, False), (4.5, True)])
def test_three_seconds_must_remain_between_the_way_up_and_down(seconds: float, told: bool) -> None:
    found = judged(np.full(round(seconds / HOP_S), 50.0))
    assert (found.droop_pct_per_10_s is not None) is told
    assert (found.steadiness_cv_pct is not None) is told
    assert (found.overshoot_pct is not None) is told
    assert found.good_share_pct == 100


def test_hops_without_a_level_are_left_out() -> None:
    level_pct = 50 - 0.5 * times_s(10.0)
    level_pct[200:230] = np.nan
    known = level_pct[~np.isnan(level_pct)]
    assert judged(level_pct).droop_pct_per_10_s == pytest.approx(-500 / np.median(known[50:-25]))


@pytest.mark.parametrize("level_pct", [[], [np.nan] * 500, [0.0] * 500])
def test_nothing_to_judge_is_said_to_be_nothing(level_pct) -> None:
    found = judged(level_pct)
    assert (found.droop_pct_per_10_s, found.steadiness_cv_pct, found.overshoot_pct) == (None, None, None)


def test_it_goes_into_the_log_as_plain_values() -> None:
    time_s = times_s(10.0)
    plain = judged(np.full(500, 50.0), time_s >= 2, time_s >= 1).to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["longest_s"] == pytest.approx(8.0)


def test_a_hold_of_five_minutes_is_judged_like_a_short_one() -> None:
    found = judged(50 - 0.05 * times_s(300.0))
    assert found.droop_pct_per_10_s == pytest.approx(-0.5 / 42.4875 * 100, rel=1e-3)
