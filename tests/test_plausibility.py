"""Rows that cannot be true: found where they matter, and real EMG left alone."""

from pathlib import Path

import numpy as np
import pytest
from run_kit import LSB_UV, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.sources.brainflow.plausibility import LONGEST_ROWS, Plausibility
from emgfeedback.sources.patient import Patient, Segment
from emgfeedback.storage.importers import ImportOptions
from emgfeedback.storage.opening import open_any
from emgfeedback.values import COUNT_MAX, Chunk

FS_HZ = 250.0
REFERENCE_UV = 100.0


def worked(seed: int) -> np.ndarray:
    """Counts of rest, work and rest again, with electrode offsets."""
    script = [Segment(10), Segment(8, {"gmed": 0.6, "tfl": 0.2, "ql": 0.2}), Segment(8)]
    return Patient(script, FS_HZ, seed).next_counts(round(26 * FS_HZ))


def judged(counts: np.ndarray, fs_hz: float = FS_HZ, sizes: tuple[int, ...] = (7,)) -> np.ndarray:
    """Flags of all rows, judged in reads of these sizes as the source does."""
    emg_uv = counts * LSB_UV
    judge = Plausibility(fs_hz, (COUNT_MAX + 1) * LSB_UV)
    flags, first, read, turn = [], 0, 0, 0
    while first < len(emg_uv):
        read = min(len(emg_uv), read + sizes[turn % len(sizes)])
        turn += 1
        false = judge.judge(emg_uv[first:read], final=read == len(emg_uv))
        judge.learn(emg_uv[first : first + len(false)], false)
        flags.append(false)
        first += len(false)
    return np.concatenate(flags)


def with_false_rows(counts: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One flipped bit in one channel every half second; the rows that were hit."""
    rng = np.random.default_rng(seed)
    hit = np.arange(200, len(counts) - 100, 125)
    hit = hit + rng.integers(0, 60, len(hit))
    false = counts.copy()
    for row in hit:
        false[row, rng.integers(0, 3)] ^= 1 << rng.integers(8, 23)
    return false, hit


def envelopes(counts: np.ndarray, flags: np.ndarray) -> np.ndarray:
    pipeline = Pipeline(stream(FS_HZ), grid_for(FS_HZ, trunk=True), 50.0)
    chunk = Chunk.from_counts(0, counts, LSB_UV, 0.0, flags.astype(np.uint8))
    return np.array([frame.envelope_uv for frame in pipeline.frames(chunk, 4096)][50:])


def test_99_of_100_false_rows_change_no_envelope_by_a_tenth_of_the_reference_and_none_by_a_fifth() -> None:
    changes_uv = []
    for seed in range(8):
        counts = worked(seed)
        false, hit = with_false_rows(counts, seed)
        flags = judged(false)
        change_uv = np.abs(envelopes(false, flags) - envelopes(counts, np.zeros(len(counts)))).max(axis=1)
        changes_uv += [change_uv[max(0, row // 5 - 50) : row // 5 - 50 + 30].max() for row in hit]
        large = [row for row in hit if np.abs(false[row] - counts[row]).max() * LSB_UV > 2000]
        assert flags[large].all()
    assert np.percentile(changes_uv, 99) < 0.1 * 1.1 * REFERENCE_UV, "GMed's reference is 110 µV here"
    assert max(changes_uv) < 0.2 * REFERENCE_UV


@pytest.mark.parametrize("seed", range(3))
def test_hardly_any_row_of_a_person_at_work_is_called_false(seed: int) -> None:
    flags = judged(worked(seed + 20))
    assert flags.sum() <= 0.001 * len(flags)


def test_reads_of_any_size_find_the_same_rows() -> None:
    false, _ = with_false_rows(worked(9), 9)
    whole = judged(false, sizes=(len(false),))
    for sizes in ((1,), (LONGEST_ROWS,), (2, 50, 13)):
        assert np.array_equal(judged(false, sizes=sizes), whole)


def test_real_walking_is_left_alone(shared_data: Path) -> None:
    file = shared_data / "hip_walk_rdata/ID0012_TW_01_raw_emg.csv"
    recording = open_any(file, ImportOptions(unit="uV"))
    counts = np.rint(np.asarray(recording.counts[:]) * recording.info.lsb_uv / LSB_UV)
    flags = judged(counts.astype(np.int32), recording.info.fs_hz)
    assert flags.sum() <= 0.002 * len(flags)
