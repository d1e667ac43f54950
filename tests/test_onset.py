"""Onset order in a repetition; `benchmarks/onset.py` has the figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from run_kit import frame, stream
from truth_kit import benchmark

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training.onset import (
    AFTER,
    BEFORE,
    NOT_RESOLVED,
    UNKNOWN,
    Onset,
    OnsetWatch,
    onset_of,
    onset_order_off,
    order_of,
)
from emgfeedback.values import Calibration, Quality

benchmark("cue")
onset = benchmark("onset")

DOF, HOP_S, QUIET, LOUD = 2.7, 0.02, 1.0, 11.0


def powers(*stretches: tuple[int, float], seed: int = 2) -> np.ndarray:
    """Hop powers that scatter as those of EMG do, so many hops at each level."""
    level = np.concatenate([np.full(n, power) for n, power in stretches])
    return level * np.random.default_rng(seed).chisquare(DOF, len(level)) / DOF


def watch(columns: Sequence[np.ndarray], fs_hz: float = 250.0, bad_hop: int = -1) -> OnsetWatch:
    n = len(columns)
    ones = np.ones(n)
    made = Calibration(ones, ones / 10, 10 * ones, DOF * ones, "bench", (1,) * n, {})
    grid = grid_for(fs_hz, trunk=True)
    kept = OnsetWatch(stream(fs_hz, ("gmed", "tfl", "ql")[:n]), grid, made)
    for i, power in enumerate(zip(*columns, strict=True)):
        bits = [Quality.MOTION if i == bad_hop and c == 1 else 0 for c in range(n)]
        kept.add(frame(grid.hop_samples * (i + 1), np.sqrt(power), bits))
    return kept


@pytest.mark.parametrize(("fs_hz", "error_ms", "resolved_pct"), [(250, 25, 65), (1000, 12, 95)])
def test_a_lead_of_50_ms_at_10_db_is_never_turned_round(
    fs_hz: int, error_ms: float, resolved_pct: float
) -> None:
    made = [orders[0] for orders in onset.repetitions(fs_hz, 0.05, 60, seed=4)]
    counts = onset.counted(made, 0.05)
    assert counts["wrong_pct"] <= 0.05 * counts["right_pct"]
    assert counts["likelier_right_pct"] >= 95
    assert counts["right_pct"] >= resolved_pct
    assert counts["error_sd_ms"] < error_ms
    assert counts["inside_pct"] >= 88


def test_an_onset_inside_a_hop_is_found_between_its_ends() -> None:
    steady = np.concatenate([np.full(40, QUIET), [QUIET + 0.25 * (LOUD - QUIET)], np.full(40, LOUD)])
    found = onset_of(steady, HOP_S, QUIET, 50.0)
    assert found.time_s == pytest.approx(40.75 * HOP_S, abs=0.003)
    assert 0 < found.sd_s < 0.01


def test_a_better_known_power_gives_a_smaller_error() -> None:
    rise = np.concatenate([np.full(40, QUIET), np.full(40, LOUD)])
    errors = [onset_of(rise, HOP_S, QUIET, dof).sd_s for dof in (2.7, 8.0, 30.0)]
    assert all(a > b for a, b in pairwise(errors))


def test_a_raised_baseline_is_no_onset() -> None:
    raised = [powers((60, 2.0), (40, LOUD), seed=seed) for seed in range(40)]
    found = [onset_of(power, HOP_S, QUIET, DOF) for power in raised]
    errors_s = [abs(one.time_s - 1.2) for one in found if not one.why]
    assert len(errors_s) >= 25
    assert np.percentile(errors_s, 90) < 0.1
    assert {one.why for one in found} <= {"", "already on"}


def test_a_heartbeat_before_is_no_onset() -> None:
    beat = powers((40, QUIET), (4, LOUD), (30, QUIET), (40, LOUD))
    assert onset_of(beat, HOP_S, QUIET, DOF).time_s == pytest.approx(74 * HOP_S, abs=0.06)


@pytest.mark.parametrize(
    ("power", "why"),
    [
        (powers((80, QUIET)), "no onset"),
        (powers((80, LOUD)), "already on"),
        (powers((5, QUIET)), "too short"),
        (np.concatenate([powers((20, QUIET)), [math.nan], powers((60, LOUD))]), "bad data"),
        (np.full(5, math.nan), "bad data"),
    ],
)
def test_what_has_no_onset_says_why(power: np.ndarray, why: str) -> None:
    found = onset_of(power, HOP_S, QUIET, DOF)
    assert found.why == why
    assert math.isnan(found.time_s)


@pytest.mark.parametrize(
    ("lead_s", "sd_s", "expected"),
    [
        (0.05, 0.010, BEFORE),
        (-0.05, 0.010, AFTER),
        (0.05, 0.040, NOT_RESOLVED),
        (0.018, 0.001, NOT_RESOLVED),
        (0.0, 0.010, NOT_RESOLVED),
    ],
)
def test_an_order_is_named_where_it_is_sure(lead_s: float, sd_s: float, expected: str) -> None:
    order = order_of(Onset(1.0, sd_s / math.sqrt(2)), Onset(1.0 + lead_s, sd_s / math.sqrt(2)), "ql")
    assert order.order == expected
    assert (order.gap_s, order.sd_s) == (pytest.approx(lead_s), pytest.approx(sd_s))
    assert (order.probability > 0.5) == (lead_s > 0)


def test_the_watch_puts_the_target_against_each_rival() -> None:
    kept = watch(
        [
            powers((60, QUIET), (40, LOUD)),
            powers((70, QUIET), (30, LOUD), seed=3),
            powers((45, QUIET), (55, LOUD), seed=4),
        ]
    )
    tfl, ql = kept.orders()
    assert (tfl.rival, tfl.order) == ("tfl", BEFORE)
    assert (ql.rival, ql.order) == ("ql", AFTER)
    assert tfl.gap_s == pytest.approx(0.2, abs=0.06)


def test_a_flagged_hop_before_the_onset_leaves_the_order_unknown() -> None:
    columns = [powers((60, QUIET), (40, LOUD)), powers((70, QUIET), (30, LOUD), seed=3)]
    (order,) = watch(columns, bad_hop=50).orders()
    assert (order.order, order.why) == (UNKNOWN, "tfl: bad data")
    (order,) = watch(columns, bad_hop=99).orders()
    assert order.order == BEFORE


def test_below_250_hz_there_is_no_order_and_a_reason() -> None:
    columns = [powers((60, QUIET), (40, LOUD)), powers((70, QUIET), (30, LOUD), seed=3)]
    assert watch(columns, fs_hz=200.0).orders() == ()
    assert "200 Hz" in onset_order_off(200.0)
    assert onset_order_off(250.0) == ""


def test_only_the_first_ten_seconds_are_kept() -> None:
    late = powers((560, QUIET), (40, LOUD))
    assert [found.why for found in watch([late, late]).onsets()] == ["no onset", "no onset"]
