"""The sample clock against streams whose losses are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgfeedback.sources.boards import CYTON_COUNTER, DAISY_COUNTER, GANGLION_COUNTER
from emgfeedback.sources.clock import Counter, SampleClock

FS_HZ = 250.0


def received(gaps, n_kept=400):
    """Indices that arrive when stretches of ``n_kept`` samples alternate with gaps of these lengths."""
    found, at = [], 0
    for gap in (*gaps, 0):
        found.append(np.arange(at, at + n_kept))
        at += n_kept + gap
    return np.concatenate(found)


def batched(true_s, period_s=0.016):
    """Arrival times when a driver hands over what came every ``period_s``."""
    return np.ceil(true_s / period_s) * period_s


def feed_in_reads(clock, numbers, arrival_s, read_s=0.05):
    """Hand the clock what each read would have brought; a late burst comes in one read."""
    reads = np.floor(arrival_s / read_s)
    parts = np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(reads)) + 1)
    return np.concatenate([clock.indices(numbers[part], arrival_s[part]) for part in parts])


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.one_of(st.integers(1, 20), st.sampled_from([255, 256, 257, 300, 600])), max_size=6),
    ppm=st.integers(-2000, 2000),
    first_number=st.integers(0, 255),
    read_s=st.sampled_from([0.001, 0.01, 0.05, 1.7, 100.0]),
)
def test_every_loss_is_counted_exactly_whatever_the_start_batching_and_clock_error(
    gaps, ppm, first_number, read_s
):
    index = received(gaps)
    arrival_s = batched(index / (FS_HZ * (1 + ppm * 1e-6)))
    found = feed_in_reads(SampleClock(FS_HZ, CYTON_COUNTER), (index + first_number) % 256, arrival_s, read_s)
    assert np.array_equal(found, index)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), ppm=st.integers(-2000, 2000))
def test_five_per_cent_random_loss_is_counted_exactly(seed, ppm):
    rng = np.random.default_rng(seed)
    kept = rng.random(4000) >= 0.05
    kept[0] = True
    index = np.flatnonzero(kept)
    arrival_s = batched(index / (FS_HZ * (1 + ppm * 1e-6)))
    found = feed_in_reads(SampleClock(FS_HZ, CYTON_COUNTER), index % 256, arrival_s)
    assert np.array_equal(found, index)


@pytest.mark.parametrize("speed", [8.0, 100.0, math.inf])
def test_a_stream_faster_than_real_time_invents_no_loss(speed):
    index = received([7, 200])
    found = feed_in_reads(SampleClock(FS_HZ, CYTON_COUNTER), index % 256, index / (FS_HZ * speed))
    assert np.array_equal(found, index)


def test_rows_that_come_late_all_at_once_are_not_called_lost():
    index = np.arange(2000)
    arrival_s = index / FS_HZ
    held_back = (index >= 500) & (index < 1000)
    arrival_s[held_back] = arrival_s[1000]
    found = feed_in_reads(SampleClock(FS_HZ, CYTON_COUNTER), index % 256, arrival_s)
    assert np.array_equal(found, index)


def test_the_two_samples_of_a_ganglion_package_get_two_indices():
    packages = np.delete(np.arange(1000), [3, 4, 500])
    numbers = np.repeat(100 + packages % 100, 2)
    found = SampleClock(200.0, GANGLION_COUNTER).indices(numbers, np.repeat(packages, 2) / 100.0)
    assert np.array_equal(found, np.stack((2 * packages, 2 * packages + 1), axis=1).ravel())


def test_a_ganglion_package_cut_by_the_end_of_a_read_keeps_its_place():
    numbers, arrival_s = np.repeat(np.arange(100, 110), 2), np.repeat(np.arange(10), 2) / 100.0
    clock = SampleClock(200.0, GANGLION_COUNTER)
    found = [int(clock.indices(numbers[i : i + 1], arrival_s[i : i + 1])[0]) for i in range(20)]
    assert found == list(range(20))


def test_a_real_ganglion_recording_has_its_one_lost_package(shared_data):
    table = np.loadtxt(shared_data / "brainflow_ganglion_file" / "brainflow_ganglion_first15s.csv")
    found = SampleClock(200.0, GANGLION_COUNTER).indices(table[:, 0], table[:, 13] - table[0, 13])
    assert sorted(set(np.diff(found).tolist())) == [1, 3]
    assert np.count_nonzero(np.diff(found) == 3) == 1


def test_a_stale_daisy_row_counts_and_a_missing_row_leaves_a_gap():
    numbers = np.array([250, 252, 252, 252, 2, 4, 8])  # two even packets lost, then one odd packet
    found = SampleClock(125.0, DAISY_COUNTER).indices(numbers, np.arange(7) / 125)
    assert found.tolist() == [0, 1, 2, 3, 4, 5, 7]


def test_a_board_without_a_counter_is_simply_counted():
    clock = SampleClock(500.0, None)
    assert clock.indices(np.zeros(3), np.array([0.0, 5.0, 5.1])).tolist() == [0, 1, 2]
    assert clock.indices(np.zeros(1), np.array([9.0])).tolist() == [3]


def test_an_empty_read_changes_nothing():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    clock.indices(np.array([77]), np.array([0.0]))
    assert clock.indices(np.array([]), np.array([])).size == 0
    assert clock.indices(np.array([78]), np.array([0.004])).tolist() == [1]


@settings(max_examples=50, deadline=None)
@given(numbers=st.lists(st.integers(0, 255), min_size=1, max_size=50))
def test_indices_always_rise_even_on_corrupt_numbers(numbers):
    clock = SampleClock(FS_HZ, Counter())
    found = clock.indices(np.array(numbers), np.arange(len(numbers)) / FS_HZ)
    assert found[0] == 0
    assert np.all(np.diff(found) >= 1)


@pytest.mark.parametrize("ppm", [-2000, 0, 1500])
def test_the_measured_rate_is_within_a_twentieth_of_a_hertz_after_30_s(ppm):
    true_hz = FS_HZ * (1 + ppm * 1e-6)
    index = np.arange(int(30 * true_hz))
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    feed_in_reads(clock, index % 256, batched(index / true_hz))
    assert clock.fs_measured_hz == pytest.approx(true_hz, abs=0.05)


def test_no_rate_is_measured_in_the_first_two_seconds():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    clock.indices(np.arange(250), np.arange(250) / FS_HZ)
    assert math.isnan(clock.fs_measured_hz)
