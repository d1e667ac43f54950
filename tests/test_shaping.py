"""The display line: where it starts, how it moves, what its log says, and whom it suits."""

import json
import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from emgfeedback.training.shaping import lines_of, next_ln, start_ln
from emgfeedback.values import Event, Shaping

SHAPING = Shaping()
UNTAUGHT_LN = math.log(0.41)
TOP_LN = math.log(2.0)
SETS, REPETITIONS, PEOPLE = 6, 10, 200
ENOUGH = 10 * [True]


def success(n_met: int, n: int = 20) -> list[bool]:
    return [i < n_met for i in range(n)]


def test_someone_at_0_41_is_rewarded_for_improving_on_it() -> None:
    line_ln = start_ln([UNTAUGHT_LN - 0.2, UNTAUGHT_LN, UNTAUGHT_LN + 0.3], SHAPING)
    assert line_ln == pytest.approx(UNTAUGHT_LN + 0.10)
    assert math.exp(line_ln) < 0.46


def test_someone_beyond_2_to_1_starts_at_2_to_1() -> None:
    assert start_ln([1.0, 1.2], SHAPING) == pytest.approx(TOP_LN)


def test_margins_that_are_not_known_are_left_out() -> None:
    assert start_ln([None, math.nan, -0.5, -0.3, -0.1], SHAPING) == pytest.approx(-0.2)


def test_without_a_start_block_the_fixed_ratio_stays() -> None:
    assert start_ln([None, math.nan], SHAPING) is None
    assert next_ln(math.log(1.32), math.nan, success(0), SHAPING) == (math.log(1.32), 0.0)
    assert next_ln(math.log(1.32), math.nan, success(20), SHAPING) == (math.log(1.32), 100.0)


@pytest.mark.parametrize(("n_met", "step_ln"), [(18, 0.1), (17, 0.0), (12, 0.0), (11, -0.1)])
def test_the_line_moves_above_85_and_below_60_percent_and_not_at_them(n_met: int, step_ln: float) -> None:
    line_ln, success_pct = next_ln(-0.2, -0.9, success(n_met), SHAPING)
    assert success_pct == pytest.approx(5 * n_met)
    assert line_ln == pytest.approx(-0.2 + step_ln)


def test_a_set_without_repetitions_moves_nothing() -> None:
    assert next_ln(-0.2, -0.9, [], SHAPING) == (-0.2, None)
    assert next_ln(-0.2, -0.9, [None, None], SHAPING) == (-0.2, None)
    assert next_ln(-0.2, -0.9, [True, None], SHAPING)[1] == 100


def test_the_line_stops_at_the_start_block_below_and_at_2_to_1_above() -> None:
    assert next_ln(-0.85, -0.9, success(0), SHAPING)[0] == -0.9
    assert next_ln(TOP_LN - 0.03, -0.9, success(20), SHAPING)[0] == TOP_LN


@pytest.mark.parametrize(("line_ln", "n_met", "moved_ln"), [(1.0, 20, 1.0), (1.0, 0, 0.9), (-2.0, 0, -2.0)])
def test_a_line_the_operator_set_outside_is_never_moved_against_the_success(line_ln, n_met, moved_ln) -> None:
    assert next_ln(line_ln, -0.9, success(n_met), SHAPING)[0] == pytest.approx(moved_ln)


def test_rounding_is_no_step() -> None:
    there_and_back_ln = math.log(math.exp(-0.9)) + 1e-15
    assert next_ln(there_and_back_ln, -0.9, success(0), SHAPING)[0] == there_and_back_ln


def first_line(line_ln: float, shaping: Shaping) -> float:
    return line_ln


def shaped(
    margins_ln: np.ndarray,
    start: list[float],
    sd_ln: float,
    rng: np.random.Generator,
    shaping: Shaping = SHAPING,
    repetitions: int = REPETITIONS,
    floor_of=first_line,
):
    """One person's way through the sets: true success, the line in force, and the log of both.

    A repetition is met when its margin, the person's own plus noise, is at the line or above.
    """
    line_ln = start_ln(start, shaping)
    floor = floor_of(line_ln, shaping)
    moves = [Event(10, "ratio", {"from": 1.32, "to": math.exp(line_ln), "cause": "start block"})]
    true, ratios = [], [math.exp(line_ln)]
    for block, margin_ln in enumerate(margins_ln, start=1):
        true.append(NormalDist().cdf((margin_ln - line_ln) / sd_ln))
        met = (margin_ln + sd_ln * rng.standard_normal(repetitions) >= line_ln).tolist()
        line_ln, success_pct = next_ln(math.log(ratios[-1]), floor, met, shaping)
        moved = {"cause": "shaping", "success_pct": success_pct, "block": block}
        moves.append(Event(1000 * block, "ratio", {"from": ratios[-1], "to": math.exp(line_ln), **moved}))
        moves.append(Event(1000 * block + 1, "repetition", {}))
        ratios.append(math.exp(line_ln))
    return true, ratios, moves


def success_of_people(way_ln: np.ndarray, sd_ln: float, *rule) -> np.ndarray:
    """True success (people, sets) of people who start at ``way_ln[0]`` and take this way over the sets."""
    true = []
    for seed in range(PEOPLE):
        rng = np.random.default_rng(seed)
        start = (way_ln[0] + sd_ln * rng.standard_normal(5)).tolist()
        true.append(shaped(way_ln[1:], start, sd_ln, rng, *rule)[0])
    return np.array(true)


def near(success_part: np.ndarray) -> np.ndarray:
    """Within 10 points of 60 to 85 %."""
    return (success_part >= 0.5) & (success_part <= 0.95)


# Noise of the margin of one repetition: √2 x 11 % and √2 x 22 %, the spread of a muscle within a session.
NOISES_LN = (0.156, 0.311)
STARTS_LN = (UNTAUGHT_LN, 0.5)  # the second comes to 2:1, where the line stops
SET = np.arange(SETS + 1)
LEARNERS = {
    "a third better in six sets": (0.05 * SET, 0.82),
    "soon half as good again": (0.5 * (1 - np.exp(-SET / 3)), 0.95),
}


@pytest.mark.parametrize("who", LEARNERS)
@pytest.mark.parametrize("start_ln", STARTS_LN)
@pytest.mark.parametrize("sd_ln", NOISES_LN)
def test_learners_are_within_10_points_of_the_target_success_in_the_sixth_set(who, start_ln, sd_ln) -> None:
    gain_ln, least = LEARNERS[who]
    at_the_end = success_of_people(start_ln + gain_ln, sd_ln)[:, -1]
    assert near(at_the_end).mean() >= least
    assert 0.55 <= at_the_end.mean() <= 0.95


@pytest.mark.parametrize("sd_ln", NOISES_LN)
def test_who_does_not_learn_stays_under_half_because_standing_still_is_not_rewarded(sd_ln) -> None:
    at_the_end = success_of_people(UNTAUGHT_LN + 0.0 * SET, sd_ln)[:, -1]
    assert 0.25 <= at_the_end.mean() <= 0.42


@pytest.mark.parametrize("sd_ln", NOISES_LN)
def test_who_learns_a_tenth_in_six_sets_is_rewarded_half_of_the_time(sd_ln) -> None:
    at_the_end = success_of_people(UNTAUGHT_LN + 0.02 * SET, sd_ln)[:, -1]
    assert 0.45 <= at_the_end.mean() <= 0.6


@pytest.mark.parametrize("sd_ln", NOISES_LN)
def test_who_learns_faster_than_a_step_a_set_outruns_the_line(sd_ln) -> None:
    true = success_of_people(UNTAUGHT_LN + 0.2 * SET, sd_ln)
    assert (true[:, -1] > 0.95).mean() > 0.9
    assert near(true).any(axis=1).mean() > 0.8


def test_the_log_alone_gives_every_line_again() -> None:
    rng = np.random.default_rng(3)
    _, ratios, moves = shaped(UNTAUGHT_LN + 0.2 * SET[1:], [UNTAUGHT_LN] * 5, 0.156, rng)
    written = [json.loads(json.dumps([one.sample, one.kind, dict(one.data)])) for one in moves]
    lines = lines_of([Event(*one) for one in written])
    assert [line.ratio for line in lines] == [1.32, *ratios]
    assert [line.block for line in lines] == [0, 0, 1, 2, 3, 4, 5, 6]
    assert len(set(ratios)) > 3


def test_each_line_of_the_log_follows_from_the_one_before_by_the_rule() -> None:
    rng = np.random.default_rng(4)
    _, _, moves = shaped(UNTAUGHT_LN + 0.05 * SET[1:], [UNTAUGHT_LN] * 5, 0.156, rng)
    lines = lines_of(moves)[1:]
    for before, line in pairwise(lines):
        met = success(round(line.success_pct / 10), 10)
        assert next_ln(math.log(before.ratio), math.log(lines[0].ratio), met, SHAPING)[0] == math.log(
            line.ratio
        )
