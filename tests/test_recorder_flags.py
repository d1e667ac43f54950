"""Flagged samples and the measured clock: stored as they came, named, and back again."""

from __future__ import annotations

import json
import math

import edfio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_kit import META, chunk, expected, pattern, record, stream

from emgfeedback.errors import RecordingError
from emgfeedback.storage.journal import read_journal
from emgfeedback.storage.library import JOURNAL_SUFFIX, sibling
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.storage.recorder import Recorder
from emgfeedback.storage.recording import open_recording
from emgfeedback.values import Chunk, Gap


def test_flagged_samples_are_recorded_as_they_came_and_named(tmp_path):
    false = {0, 7, 124, 125, 126, 399}
    path = record(tmp_path, 400, false=false)
    recording = open_recording(path)
    assert list(recording.flagged) == sorted(false)
    assert recording.gaps == ()
    assert np.array_equal(recording.counts[:], pattern(0, 400))
    marks = next(s for s in edfio.read_bdf(path).signals if s.label == "gap").digital
    assert np.flatnonzero(marks == 3).tolist() == sorted(false)
    lines = read_journal(sibling(path, JOURNAL_SUFFIX))
    assert [line["n_flagged"] for line in lines.of("record")] == [3, 5, 5, 6]
    assert [line["n_flagged"] for line in lines.of("close")] == [6]


def test_a_gap_repeats_the_last_sample_that_can_be_true(tmp_path):
    recording = open_recording(record(tmp_path, 700, gaps=[(300, 40)], false={298, 299}))
    assert np.array_equal(recording.counts[300:340], np.tile(pattern(297, 298), (40, 1)))
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 3, stream(), false={0, 1, 2}))
    recorder.on_chunk(chunk(9, 10, stream()))
    recording = open_recording(recorder.close())
    assert np.array_equal(recording.counts[:3], pattern(0, 3))
    assert not recording.counts[3:9].any()


@given(
    false=st.sets(st.integers(0, 699)),
    gaps=st.lists(st.tuples(st.integers(1, 150), st.integers(1, 150)), max_size=3),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    replay_sizes=st.lists(st.integers(1, 300), min_size=1, max_size=4),
)
def test_any_flags_come_back_whatever_the_chunks(tmp_path_factory, false, gaps, sizes, replay_sizes):
    ends = np.cumsum([length for pair in gaps for length in pair])
    gaps = [(int(end) - n, n) for end, (_, n) in zip(ends[1::2], gaps, strict=True) if end < 700]
    path = record(tmp_path_factory.mktemp("library"), 700, sizes, gaps, false=false)
    recording = open_recording(path)
    lost = {sample for first, n in gaps for sample in range(first, first + n)}
    assert list(recording.flagged) == sorted(false - lost)
    assert recording.gaps == tuple(Gap(*gap) for gap in gaps)
    assert np.array_equal(recording.counts[:], expected(700, gaps, 8, false))
    replayed = [
        part.first_sample + int(row)
        for part in recording.chunks(replay_sizes)
        if part.flagged is not None
        for row in np.flatnonzero(part.flagged)
    ]
    assert replayed == list(recording.flagged)


def test_flags_that_do_not_fit_their_chunk_end_the_recording(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    with pytest.raises(RecordingError, match="flags"):
        recorder.on_chunk(Chunk.from_counts(0, pattern(0, 10), 1.0, 0.0, np.zeros(9, np.uint8)))


def test_what_the_board_measured_of_its_own_clock_is_in_the_meta_data_at_the_end(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 300, stream()))
    path = recorder.close({"fs_measured_hz": 250.1, "drift_ppm": 400.0, "rewards": 2})
    recording = open_recording(path)
    assert (recording.meta["fs_measured_hz"], recording.meta["drift_ppm"]) == (250.1, 400.0)
    assert recording.info.fs_hz == 250.0
    facts = json.loads(sibling(path, "_emg.json").read_text())
    assert facts["SamplingFrequency"] == 250.0
    assert (facts["EmgFeedback"]["fs_measured_hz"], facts["EmgFeedback"]["drift_ppm"]) == (250.1, 400.0)


@pytest.mark.parametrize("unknown", [None, math.nan, "fast"])
def test_a_clock_that_was_not_measured_leaves_no_trace(tmp_path, unknown):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 300, stream()))
    path = recorder.close({"fs_measured_hz": unknown})
    assert "fs_measured_hz" not in open_recording(path).meta
    assert "fs_measured_hz" not in json.loads(sibling(path, "_emg.json").read_text())["EmgFeedback"]


def test_the_committed_recording_from_before_these_kinds_still_opens():
    recording = open_recording(packaged_dir("recordings"))
    assert {channel.kind for channel in recording.info.channels} == {"EMG"}
    assert len(recording.flagged) == 0
    assert recording.warnings == ()
    assert len(recording.counts) > 10_000
