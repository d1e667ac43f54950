"""Test, tweak, retest: what a change did against what a session varies, and when the tweak may fade."""

import math

import numpy as np
import pytest
from scipy import stats

from emgfeedback.training.retest import CV_WITHIN, fade_level, helps_table, mdc_ln, retests

TWEAK = {"label": "foot turned in", "level": 3}


def repetition(
    block: int, role: str, margin_ln: float | None, tweak: dict | None = None, helps: dict | None = None
) -> dict:
    """A repetition whose TFL is the stronger rival, by a factor of 2 over the waist."""
    waist_ln = None if margin_ln is None else margin_ln + math.log(2)
    return {
        "block": block,
        "role": role,
        "label": f"block {block}",
        "void": "",
        "margin_median_ln": margin_ln,
        "ratio_median_ln": {"tfl": margin_ln, "ql": waist_ln},
        "tweak": tweak or {},
        "helps": helps or {},
    }


def block(number: int, role: str, mean_ln: float, n: int = 5, sd_ln: float = 0.05, tweak=None) -> list[dict]:
    """So many repetitions with exactly this mean and spread."""
    noise = np.random.default_rng(number).standard_normal(n)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return [repetition(number, role, float(value), tweak) for value in mean_ln + sd_ln * noise]


@pytest.mark.parametrize(
    ("n", "low", "high"), [(1, 1.54, 2.37), (3, 1.28, 1.65), (5, 1.21, 1.47), (10, 1.15, 1.31)]
)
def test_the_least_change_is_that_of_the_table(n: int, low: float, high: float) -> None:
    """Derived from intrasubject CVs of 11 to 22 % (Bolgla & Uhl 2007)."""
    times = [math.exp(mdc_ln(n, cv)) for cv in CV_WITHIN]
    assert times == pytest.approx([low, high], abs=0.006)


def test_the_least_change_is_passed_by_chance_in_5_percent() -> None:
    """Two blocks of 5 from the same person, each muscle with a CV of 22 %, which stands on a log scale."""
    rng = np.random.default_rng(6)
    g, t = np.exp(0.22 * rng.standard_normal((2, 40_000, 2, 5)))
    before, after = np.log(g / t).mean(axis=2).T
    passed = np.abs(after - before) > mdc_ln(5, 0.22)
    assert passed.mean() == pytest.approx(0.05, abs=0.004)


@pytest.mark.parametrize(
    ("change_ln", "verdict", "says"),
    [
        (0.45, "beyond", "beyond what one session varies"),
        (-0.45, "beyond", "beyond what one session varies"),
        (0.10, "not beyond", "within what one session varies"),
        (0.30, "unclear", "not to be told"),
    ],
)
def test_a_change_is_judged_against_the_range_of_the_least_change(change_ln, verdict, says) -> None:
    done = [*block(1, "start", -0.8), *block(2, "retest", -0.8 + change_ln)]
    (row,) = retests(done)
    assert row.margin.change_ln == pytest.approx(change_ln)
    assert row.margin.times == pytest.approx(math.exp(change_ln))
    assert row.verdict == verdict
    assert says in row.words
    assert row.margin.mdc_ln == pytest.approx((0.1928, 0.3857), abs=1e-4)


def test_a_large_change_whose_interval_holds_0_is_unclear() -> None:
    (row,) = retests([*block(1, "start", 0.0, sd_ln=0.8), *block(2, "retest", 0.45, sd_ln=0.8)])
    assert row.margin.low_ln < 0 < row.margin.high_ln
    assert row.verdict == "unclear"


def test_the_interval_is_welchs() -> None:
    start, after = block(1, "start", -0.8, n=5, sd_ln=0.1), block(2, "retest", -0.4, n=7, sd_ln=0.2)
    (row,) = retests([*start, *after])
    values = [[one["margin_median_ln"] for one in some] for some in (after, start)]
    low_ln, high_ln = stats.ttest_ind(*values, equal_var=False).confidence_interval()
    # The house takes the degrees of freedom down to a whole number, so its interval is a little wider.
    assert row.margin.low_ln == pytest.approx(low_ln, abs=0.01)
    assert row.margin.high_ln == pytest.approx(high_ln, abs=0.01)
    assert row.margin.low_ln <= low_ln + 1e-4
    assert (row.margin.before, row.margin.after) == (5, 7)


def test_the_words_give_the_factor_and_its_interval() -> None:
    (row,) = retests([*block(1, "start", 0.0, sd_ln=0.0), *block(2, "retest", math.log(1.5), sd_ln=0.0)])
    assert row.words == "x1.50 (1.50 to 1.50), beyond what one session varies"


def test_each_rival_has_its_own_change() -> None:
    done = [*block(1, "start", 0.0, sd_ln=0.0), *block(2, "retest", 0.5, sd_ln=0.0)]
    for one in done:
        one["ratio_median_ln"]["ql"] = 0.7
    (row,) = retests(done)
    assert list(row.rivals) == ["tfl", "ql"]
    assert row.rivals["tfl"].verdict == "beyond"
    assert (row.rivals["ql"].change_ln, row.rivals["ql"].verdict) == (0.0, "not beyond")


@pytest.mark.parametrize(("before", "after"), [(4, 9), (9, 4)])
def test_fewer_than_five_repetitions_give_no_verdict(before: int, after: int) -> None:
    (row,) = retests([*block(1, "start", 0.0, n=before), *block(2, "retest", 2.0, n=after)])
    assert row.verdict == "unclear"
    assert row.words.startswith("x7.39")
    assert row.words.endswith("4 repetitions are too few, 5 are needed")


def test_void_repetitions_do_not_count() -> None:
    done = [*block(1, "start", 0.0), *block(2, "retest", 0.5, n=6)]
    done[-1]["void"], done[-1]["margin_median_ln"] = "veto: rolled back", 50.0
    (row,) = retests(done)
    assert row.margin.after == 5
    assert row.margin.change_ln < 1


def test_a_repetition_without_a_margin_does_not_count() -> None:
    done = [*block(1, "start", 0.0), *block(2, "retest", 0.5), repetition(2, "retest", None)]
    assert retests(done)[0].margin.after == 5


def test_a_block_whose_margin_was_never_known_is_unclear() -> None:
    (row,) = retests([*block(1, "start", 0.0), *(repetition(2, "retest", None) for _ in range(5))])
    assert (row.margin, row.verdict) == (None, "unclear")
    assert row.words == "the margin was not measured"


def test_all_retests_and_probes_are_compared_with_the_one_start_block() -> None:
    done = [
        *block(1, "start", 0.0),
        *block(2, "", 9.0),
        *block(3, "retest", 0.1),
        *block(4, "retest", 0.5),
        *block(5, "probe", 0.6),
    ]
    rows = retests(done)
    assert [(row.block, row.role) for row in rows] == [(3, "retest"), (4, "retest"), (5, "probe")]
    assert [row.margin.change_ln for row in rows] == pytest.approx([0.1, 0.5, 0.6])


def test_without_a_start_block_nothing_is_compared() -> None:
    assert retests([*block(1, "", 0.0), *block(2, "retest", 1.0)]) == []
    assert retests([]) == []


def test_the_log_names_what_was_changed() -> None:
    (row,) = retests([*block(1, "start", 0.0), *block(2, "retest", 0.5, tweak=TWEAK)], [TWEAK])
    assert (row.tweak, row.level, row.label) == ("foot turned in", 3, "block 2")


def test_two_changes_in_a_block_give_no_verdict() -> None:
    done = [*block(1, "start", 0.0), *block(2, "retest", 0.8, tweak=TWEAK)]
    done[-1]["tweak"] = {"label": "narrower stance", "level": 3}
    (row,) = retests(done)
    assert row.verdict == "unclear"
    assert row.words == "more than one thing was changed within the block"


def test_a_tweak_that_was_not_tested_again_is_in_the_log_too() -> None:
    other = {"label": "narrower stance", "level": 2}
    rows = retests([*block(1, "start", 0.0), *block(2, "retest", 0.5, tweak=TWEAK)], [TWEAK, other, other])
    assert [(row.tweak, row.level, row.words) for row in rows[1:]] == [
        ("narrower stance", 2, "not tested again")
    ]
    assert rows[1].margin is None


def steady(mean_ln: float, n: int = 5) -> list[float]:
    return [mean_ln] * n


KEPT, LOST = 0.5 - 0.19, 0.5 - 0.20  # the least change of 5 repetitions is 0.193 at a CV of 11 %


@pytest.mark.parametrize(
    ("history", "level"),
    [
        ([], 3),
        ([(3, 0.5)], 3),
        ([(3, 0.5), (3, KEPT)], 3),
        ([(3, 0.5), (3, KEPT), (3, 0.5)], 2),
        ([(3, 0.5), (3, KEPT), (3, LOST)], 3),
        ([(3, 0.5), (3, 2.0), (3, 2.0)], 2),
        ([(3, 0.5), (3, 0.5), (3, 0.5), (2, 0.5)], 2),
        ([(3, 0.5), (3, 0.5), (3, 0.5), (2, LOST), (2, 0.5)], 2),
        ([(3, 0.5), (3, 0.5), (3, 0.5), (2, LOST), (2, 0.5), (2, 0.5)], 1),
        ([(3, 0.5), (1, 0.5), (1, 0.5)], 0),
        ([(3, 0.5), (0, 0.5), (0, 0.5)], 0),
        ([(2, 0.5), (2, 0.5), (2, 0.5)], 2),
    ],
)
def test_the_tweak_fades_after_two_blocks_that_keep_its_margin(history, level: int) -> None:
    assert fade_level([(at, steady(mean_ln)) for at, mean_ln in history]) == level


def test_the_whole_tweak_is_faded_in_six_blocks_after_the_first_and_not_sooner() -> None:
    history, levels = [(3, steady(0.5))], []
    for _ in range(7):
        levels.append(fade_level(history))
        history.append((levels[-1], steady(0.45)))
    assert levels == [3, 3, 2, 2, 1, 1, 0]


def test_a_block_without_repetitions_says_nothing_about_the_tweak() -> None:
    history = [(3, steady(0.5)), (3, steady(0.5)), (3, []), (3, steady(0.5))]
    assert fade_level(history) == 2


def test_helps_are_compared_with_the_most_of_them() -> None:
    done = [
        repetition(1, "", 0.6, helps={"count": 3, "names": ["flexion", "adduction", "rotation"]}),
        repetition(1, "", 0.8, helps={"count": 3, "names": ["flexion", "adduction", "rotation"]}),
        repetition(2, "", 0.4, helps={"count": 2, "names": ["flexion", "adduction"]}),
        repetition(3, "", -0.2, helps={"count": 1, "names": ["flexion"]}),
        repetition(4, "", 9.0),
        repetition(4, "", None, helps={"count": 1, "names": []}),
        {**repetition(4, "", 9.0, helps={"count": 2, "names": []}), "void": "veto: leaned"},
    ]
    table = helps_table(done)
    assert [(row.helps, row.repetitions) for row in table] == [(3, 2), (2, 1), (1, 1)]
    assert [row.margin_ln for row in table] == pytest.approx([0.7, 0.4, -0.2])
    assert [row.kept for row in table] == pytest.approx([1.0, math.exp(-0.3), math.exp(-0.9)])


def test_without_noted_helps_there_is_no_table() -> None:
    assert helps_table([repetition(1, "", 0.5)]) == []
