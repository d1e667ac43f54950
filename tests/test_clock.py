"""The sample clock against streams whose losses are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgfeedback.sources.boards import CYTON_COUNTER, DAISY_COUNTER, GANGLION_COUNTER
from emgfeedback.sources.clock import NO_PLACE, Counter, SampleClock

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
    return np.concatenate([clock.place(numbers[part], arrival_s[part]).index for part in parts])


def place_with_patience(clock, numbers, arrival_s, read_s=0.01):
    """Indices and flags as the intake gets them: a doubtful last row waits for the next read."""
    reads = np.floor(arrival_s / read_s)
    first, index, false = 0, [], []
    for end in (*(np.flatnonzero(np.diff(reads)) + 1), len(numbers)):
        placed = clock.place(numbers[first:end], arrival_s[first:end], final=end == len(numbers))
        index.append(placed.index)
        false.append(placed.false)
        first += len(placed.index)
    return np.concatenate(index), np.concatenate(false)


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
    found = SampleClock(200.0, GANGLION_COUNTER).place(numbers, np.repeat(packages, 2) / 100.0).index
    assert np.array_equal(found, np.stack((2 * packages, 2 * packages + 1), axis=1).ravel())


def test_a_ganglion_package_cut_by_the_end_of_a_read_keeps_its_place():
    numbers, arrival_s = np.repeat(np.arange(100, 110), 2), np.repeat(np.arange(10), 2) / 100.0
    clock = SampleClock(200.0, GANGLION_COUNTER)
    found = [int(clock.place(numbers[i : i + 1], arrival_s[i : i + 1]).index[0]) for i in range(20)]
    assert found == list(range(20))


def test_a_real_ganglion_recording_has_its_one_lost_package(shared_data):
    table = np.loadtxt(shared_data / "brainflow_ganglion_file" / "brainflow_ganglion_first15s.csv")
    found = SampleClock(200.0, GANGLION_COUNTER).place(table[:, 0], table[:, 13] - table[0, 13]).index
    assert sorted(set(np.diff(found).tolist())) == [1, 3]
    assert np.count_nonzero(np.diff(found) == 3) == 1


def test_a_stale_daisy_row_counts_and_a_missing_row_leaves_a_gap():
    numbers = np.array([250, 252, 252, 252, 2, 4, 8])  # two even packets lost, then one odd packet
    placed = SampleClock(125.0, DAISY_COUNTER).place(numbers, np.arange(7) / 125)
    assert placed.index.tolist() == [0, 1, 2, 3, 4, 5, 7]
    assert np.flatnonzero(placed.false).tolist() == [2, 3]


def test_a_board_without_a_counter_is_simply_counted():
    clock = SampleClock(500.0, None)
    assert clock.place(np.zeros(3), np.array([0.0, 5.0, 5.1])).index.tolist() == [0, 1, 2]
    assert clock.place(np.zeros(1), np.array([9.0])).index.tolist() == [3]


def test_an_empty_read_changes_nothing():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    clock.place(np.array([77]), np.array([0.0]))
    assert clock.place(np.array([]), np.array([])).index.size == 0
    assert clock.place(np.array([78]), np.array([0.004])).index.tolist() == [1]


@settings(max_examples=80, deadline=None)
@given(numbers=st.lists(st.integers(0, 255), min_size=1, max_size=50), stride=st.sampled_from([1, 2]))
def test_indices_rise_and_stay_near_even_on_pure_junk(numbers, stride):
    clock = SampleClock(FS_HZ, Counter(stride=stride, repeats=256 if stride == 2 else 0))
    placed = clock.place(np.array(numbers), np.arange(len(numbers)) / FS_HZ)
    index = placed.index[placed.index != NO_PLACE]
    assert index[0] == 0
    assert np.all(np.diff(index) >= 1)
    assert np.all(placed.false[placed.index == NO_PLACE])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    loss=st.sampled_from([0.0, 0.01, 0.05]),
    ppm=st.integers(-2000, 2000),
    read_s=st.sampled_from([0.004, 0.01, 0.1]),
)
def test_false_numbers_are_flagged_and_move_no_other_row(seed, loss, ppm, read_s):
    rng = np.random.default_rng(seed)
    kept = rng.random(3000) >= loss
    kept[:10] = True
    index = np.flatnonzero(kept)
    false = rng.random(len(index)) < 0.005
    false[:10] = False
    false &= ~np.roll(false, 1) & ~np.roll(false, 2)  # two in a row may agree with each other
    numbers = np.where(false, index ^ (1 << rng.integers(0, 8, len(index))), index) % 256
    arrival_s = batched(index / (FS_HZ * (1 + ppm * 1e-6)))
    found, flagged = place_with_patience(SampleClock(FS_HZ, CYTON_COUNTER), numbers, arrival_s, read_s)
    beside_false = np.convolve(false, np.ones(7), "same") > 0
    assert np.array_equal(found[~beside_false], index[~beside_false])
    assert not np.any(flagged & ~beside_false)
    assert np.all(np.diff(found[found != NO_PLACE]) >= 1)


def test_a_false_number_takes_the_place_of_its_sample():
    numbers = np.array([10, 11, 12 ^ 64, 13, 14])
    placed = SampleClock(FS_HZ, CYTON_COUNTER).place(numbers, np.arange(5) / FS_HZ)
    assert placed.index.tolist() == [0, 1, 2, 3, 4]
    assert placed.false.tolist() == [False, False, True, False, False]


def test_a_row_made_of_junk_between_two_samples_has_no_place():
    numbers = np.array([10, 11, 200, 12, 13])
    placed = SampleClock(FS_HZ, CYTON_COUNTER).place(numbers, np.arange(5) / FS_HZ)
    assert placed.index.tolist() == [0, 1, NO_PLACE, 2, 3]
    assert placed.false.tolist() == [False, False, True, False, False]


def test_a_repeated_number_is_no_loss_of_a_whole_cycle():
    numbers = np.array([10, 11, 11, 13, 14])
    placed = SampleClock(FS_HZ, CYTON_COUNTER).place(numbers, np.arange(5) / FS_HZ)
    assert placed.index.tolist() == [0, 1, 2, 3, 4]


def test_after_a_restart_the_next_row_is_placed_by_elapsed_time_and_measured_rate():
    true_hz = 250.4
    index = np.arange(10_000)
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    feed_in_reads(clock, index % 256, batched(index / true_hz))
    clock.restart()
    came_s = 400.0
    placed = clock.place(np.array([0, 1, 2]), came_s + np.arange(3) / true_hz)
    assert placed.index[0] == pytest.approx(came_s * true_hz, abs=5)
    assert np.diff(placed.index).tolist() == [1, 1]


def test_after_a_restart_no_index_goes_back():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    clock.place(np.arange(200), np.full(200, 0.8))
    clock.restart()
    assert clock.place(np.array([0]), np.array([0.8])).index.tolist() == [200]


def arrivals(n_rows, true_hz, seed, jitter_s=0.010, batch_s=0.016):
    """Batches of the USB timer, each late by up to the jitter, handed over in order."""
    rng = np.random.default_rng(seed)
    batch = np.ceil(np.arange(n_rows) / true_hz / batch_s).astype(int)
    late_s = jitter_s * rng.random(batch[-1] + 1)
    return np.maximum.accumulate(batch * batch_s + late_s[batch])


@settings(max_examples=20, deadline=None)
@given(ppm=st.integers(-2000, 2000), seed=st.integers(0, 2**32 - 1))
def test_the_rate_is_within_a_twentieth_of_a_hertz_after_30_s_of_batches_and_jitter(ppm, seed):
    true_hz = FS_HZ * (1 + ppm * 1e-6)
    index = np.arange(int(30 * true_hz))
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    feed_in_reads(clock, index % 256, arrivals(len(index), true_hz, seed))
    assert clock.fs_measured_hz == pytest.approx(true_hz, abs=0.05)
    assert clock.drift_ppm == pytest.approx(ppm, abs=200)


@pytest.mark.parametrize("ppm", [-2000, 0, 2000])
def test_a_sample_is_timed_within_2_ms_beyond_the_constant_delay(ppm):
    true_hz = FS_HZ * (1 + ppm * 1e-6)
    index = np.arange(int(120 * true_hz))
    arrival_s = arrivals(len(index), true_hz, 5)
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    wrong_s = []
    for part in np.split(index, np.arange(12, len(index), 12)):  # judged at once, with what came till then
        clock.place(part % 256, arrival_s[part])
        wrong_s.append(clock.timeline.time_of(part[-1]) - part[-1] / true_hz)
    settled_s = np.array(wrong_s[len(wrong_s) // 12 :])
    assert np.percentile(np.abs(settled_s - np.median(settled_s)), 95) <= 0.002


@pytest.mark.parametrize(("batch_s", "jitter_s", "limit_s"), [(0.001, 0.001, 0.005), (0.016, 0.010, 0.010)])
def test_a_command_finds_its_sample_with_the_constant_delay_included(batch_s, jitter_s, limit_s):
    arrival_s = arrivals(30_000, FS_HZ, 7, jitter_s, batch_s)
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    wrong_s = []
    for part in np.split(np.arange(30_000), np.arange(12, 30_000, 12)):
        clock.place(part % 256, arrival_s[part])
        given_s = arrival_s[part[-1]] + 0.013
        wrong_s.append(clock.timeline.sample_at(given_s) / FS_HZ - given_s)
    assert np.percentile(np.abs(wrong_s[len(wrong_s) // 40 :]), 95) <= limit_s


def test_a_time_finds_its_sample_and_back():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    index = np.arange(3000)
    feed_in_reads(clock, index % 256, 100.0 + index / 249.8)
    for sample in (0, 1234, 2999, 5000):
        assert clock.sample_at(clock.timeline.time_of(sample)) == sample
    assert clock.sample_at(100.0 + 1000 / 249.8) == pytest.approx(1000, abs=1)


def test_before_two_seconds_a_time_is_mapped_by_the_nominal_rate():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    clock.place(np.arange(50), np.full(50, 10.2))
    assert math.isnan(clock.fs_measured_hz)
    assert math.isnan(clock.drift_ppm)
    assert clock.sample_at(10.2) == 49


def test_a_stall_whose_rows_come_late_does_not_bend_the_clock():
    index = np.arange(15_000)
    arrival_s = index / FS_HZ
    held_back = (index >= 5000) & (index < 5500)
    arrival_s[held_back] = arrival_s[5500]
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    feed_in_reads(clock, index % 256, arrival_s)
    assert clock.fs_measured_hz == pytest.approx(FS_HZ, abs=0.005)
    assert clock.timeline.time_of(14_999) == pytest.approx(14_999 / FS_HZ, abs=0.002)


def test_a_clock_that_changes_is_followed():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    index = np.arange(100_000)
    arrival_s = np.where(index < 25_000, index / 250.0, 100.0 + (index - 25_000) / 250.2)
    feed_in_reads(clock, index % 256, arrival_s)
    assert clock.fs_measured_hz == pytest.approx(250.2, abs=0.02)


def test_no_rate_is_measured_in_the_first_two_seconds():
    clock = SampleClock(FS_HZ, CYTON_COUNTER)
    clock.place(np.arange(250), np.arange(250) / FS_HZ)
    assert math.isnan(clock.fs_measured_hz)
