"""Published amplitudes as simulated truth, through calibration at every rate (`benchmarks/published.py`)."""

from __future__ import annotations

from functools import cache

import pytest
from run_kit import Ticks
from truth_kit import published

from emgfeedback.run.job import grid_of, observing, replay_job
from emgfeedback.training.honesty import ratio_mark, ratio_words

RATES = (1000, 250, 200, 125)
SECONDS = 45.0


@cache
def recovered(rival: str, fs_hz: int) -> list:
    return published.recover(rival, fs_hz, SECONDS, seed=1)


@pytest.mark.parametrize("rival", ["ql", "tfl"])
@pytest.mark.parametrize("fs_hz", RATES)
def test_published_ratios_come_back_through_a_reference_at_every_rate(rival: str, fs_hz: int) -> None:
    within_pct = 5.0 if fs_hz >= 200 else 10.0
    for row in recovered(rival, fs_hz):
        assert row.level_ratio == pytest.approx(row.true_ratio, rel=within_pct / 100), row.name
        assert row.margin_ratio == pytest.approx(row.true_ratio, rel=within_pct / 100), row.name
        assert row.met


@pytest.mark.parametrize("fs_hz", RATES)
def test_the_published_order_of_the_exercises_is_kept(fs_hz: int) -> None:
    rows = recovered("ql", fs_hz) + recovered("tfl", fs_hz)
    by_truth = sorted(rows, key=lambda row: row.true_ratio)
    assert sorted(rows, key=lambda row: row.level_ratio) == by_truth
    assert sorted(rows, key=lambda row: row.margin_ratio) == by_truth


def test_the_truth_is_that_of_the_tables() -> None:
    ratios = [round(task.ratio, 2) for tasks in published.TASKS.values() for task in tasks]
    assert ratios == [0.41, 1.65, 1.18, 1.72]


@pytest.mark.parametrize(("fs_hz", "factor"), [(1000, 1.06), (250, 1.40), (200, 1.49), (125, 1.66)])
def test_without_references_a_ratio_of_microvolts_is_wrong_by_the_factor_the_model_expects(
    fs_hz: int, factor: float
) -> None:
    for row in recovered("tfl", fs_hz):
        assert row.expected_bias == pytest.approx(factor, abs=0.01)
        # At 125 Hz folded frequencies, which the model leaves out, make it a little smaller.
        assert row.raw_bias == pytest.approx(factor, rel=0.04 if fs_hz >= 200 else 0.10)


@pytest.mark.parametrize("fs_hz", [250, 200, 125])
def test_without_references_nothing_is_rewarded_or_compared_and_the_word_is_uncalibrated(fs_hz: int) -> None:
    recording, spans = published.recorded("ql", fs_hz, published.parts_of("ql", 3.0), seed=3)
    info = recording.info
    ticks = Ticks()
    replay_job(recording, info, observing(info, spans["rest"][1]), 50.0).run((ticks,))
    running = [tick for tick in ticks if tick.state == "running"]
    assert running
    assert {tick.reward.withheld for tick in running} == {ratio_mark(fs_hz, normalised=False)}
    assert not any(tick.dominance.measurable or tick.reward.good for tick in ticks)
    assert "wrong by a factor" in ratio_words(grid_of(info), normalised=False)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 7))
@pytest.mark.parametrize("fs_hz", RATES)
def test_no_seed_moves_a_published_ratio_out_of_its_goal(fs_hz: int, seed: int) -> None:
    for rival in ("ql", "tfl"):
        assert all(row.met for row in published.recover(rival, fs_hz, 120.0, seed))
