"""The recorder: what it is handed is on disk, gaps and padding are told apart, a full disk is said aloud."""

from __future__ import annotations

import hashlib
import json
import math

import edfio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_kit import (
    CHILD_FALSE,
    CHILD_HEADER_BYTES,
    CHILD_RECORD_BYTES,
    CYTON_LSB_G,
    META,
    chunk,
    expected,
    pattern,
    record,
    start_child,
    stream,
    tick,
)

from emgfeedback.errors import RecordingError, UsageError
from emgfeedback.storage.journal import plain, read_journal
from emgfeedback.storage.library import JOURNAL_SUFFIX, sibling
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.storage.recorder import Recorder
from emgfeedback.storage.recording import open_recording
from emgfeedback.values import Chunk, Command, Event, Gap


@pytest.mark.parametrize("n_samples", [1, 124, 125, 126, 1033])
def test_what_was_handed_over_is_read_back_also_after_a_stop_in_mid_record(tmp_path, n_samples):
    recording = open_recording(record(tmp_path, n_samples))
    assert recording.counts.shape == (n_samples, 8)
    assert np.array_equal(recording.counts[:], pattern(0, n_samples))
    assert recording.gaps == ()
    assert recording.warnings == ()
    assert recording.info == stream()
    assert recording.meta["finished"] is True


def test_padding_is_flagged_in_the_file_and_never_replayed(tmp_path):
    path = record(tmp_path, 130)
    flags = next(s for s in edfio.read_bdf(path).signals if s.label == "gap").digital
    assert flags.tolist() == [0] * 130 + [2] * 120
    assert sum(len(part.counts) for part in open_recording(path).chunks((64,))) == 130
    closing = read_journal(sibling(path, JOURNAL_SUFFIX)).of("close")
    assert closing[0]["n_samples"] == 130


def test_a_recording_without_samples_opens_empty(tmp_path):
    recording = open_recording(Recorder(tmp_path, stream(), META).close())
    assert recording.counts.shape == (0, 8)
    assert list(recording.chunks()) == []


def test_lost_samples_keep_their_time_and_are_flagged(tmp_path):
    gaps = [(100, 30), (240, 1), (500, 700)]
    path = record(tmp_path, 1500, gaps=gaps)
    recording = open_recording(path)
    assert recording.gaps == tuple(Gap(*gap) for gap in gaps)
    assert np.array_equal(recording.counts[:], expected(1500, gaps))
    assert list(recording.stretches()) == [(0, 100), (130, 240), (241, 500), (1200, 1500)]
    flags = next(s for s in edfio.read_bdf(path).signals if s.label == "gap").digital
    assert np.count_nonzero(flags == 1) == sum(n for _, n in gaps)


def test_a_gap_before_the_first_sample_is_filled_with_zero(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(40, 60, stream()))
    recording = open_recording(recorder.close())
    assert recording.gaps == (Gap(0, 40),)
    assert not recording.counts[:40].any()


def test_the_axes_of_an_accelerometer_are_recorded_beside_the_emg(tmp_path):
    info = stream(lsb_g=CYTON_LSB_G)
    recording = open_recording(record(tmp_path, 700, gaps=[(300, 40)], info=info))
    assert recording.info == info
    assert np.array_equal(recording.counts[:], expected(700, [(300, 40)], 11))


def tree_hash(library):
    digest = hashlib.sha256()
    for path in sorted(library.rglob("*.*")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_the_bytes_on_disk_do_not_depend_on_the_chunks(tmp_path_factory, sizes):
    gaps, false = [(300, 77), (801, 3)], {5, 299, 500, 501, 1399}
    info = stream(lsb_g=CYTON_LSB_G)
    libraries = [tmp_path_factory.mktemp("library") for _ in range(2)]
    record(libraries[0], 1400, (1400,), gaps, info, false=false)
    record(libraries[1], 1400, sizes, gaps, info, false=false)
    assert tree_hash(libraries[0]) == tree_hash(libraries[1])


@pytest.mark.parametrize("fs_hz", [125.0, 1000.0, 1925.926])
def test_any_rate_is_kept_in_full_precision(tmp_path, fs_hz):
    info = stream(fs_hz, 3, lsb_uv=1.2 / (2**23 - 1) / 1.5 / 51 * 1e6)
    recording = open_recording(record(tmp_path, 2500, info=info))
    assert recording.info == info
    assert np.array_equal(recording.counts[:], pattern(0, 2500, 3))


def test_events_are_in_the_journal_at_once_and_in_the_file_as_annotations(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 100, stream()))
    events = [Event(50, "phase", {"kind": "work", "cue": "Bein heben: größer"}), Event(75, "reward")]
    recorder.on_tick(tick(*events))
    lines = read_journal(sibling(recorder.path, JOURNAL_SUFFIX)).of("event")
    assert [line["sample"] for line in lines] == [50, 75]
    recorder.on_chunk(chunk(100, 260, stream()))
    path = recorder.close()
    assert open_recording(path).events == tuple(events)
    found = [(note.onset, note.text) for note in edfio.read_bdf(path).annotations]
    assert found == [(0.2, "phase kind=work cue=Bein heben: größer"), (0.3, "reward")]


def test_events_that_do_not_fit_into_a_record_wait_for_the_next_ones(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    events = [Event(i, "note", {"text": "x" * 90}) for i in range(6)]
    recorder.on_chunk(chunk(0, 100, stream()))
    recorder.on_tick(tick(*events))
    recorder.on_chunk(chunk(100, 1000, stream()))
    path = recorder.close()
    assert len(edfio.read_bdf(path).annotations) == 6
    assert open_recording(path).events == tuple(events)


def test_commands_come_back_from_the_log(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 100, stream()))
    data = {"kind": "ratio", "data": {"ratio": 1.0 + 2**-52}}
    recorder.on_tick(tick(Event(20, "command", {"kind": "start", "data": {}}), Event(40, "command", data)))
    commands = open_recording(recorder.close()).commands
    assert commands == (Command(20, "start", {}), Command(40, "ratio", {"ratio": 1.0 + 2**-52}))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_every_bit_on_its_way_through_json(value):
    assert json.loads(json.dumps(plain({"x": value})))["x"] == value


def test_what_json_cannot_say_becomes_null(tmp_path):
    summary = {"a": math.nan, "b": [np.float64(math.inf), np.int32(3)], "c": np.array([1.5, math.nan])}
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 10, stream()))
    path = recorder.close(summary)
    assert "NaN" not in sibling(path, JOURNAL_SUFFIX).read_text()
    assert open_recording(path).meta["summary"] == {"a": None, "b": [None, 3], "c": [1.5, None]}


def test_two_recorders_never_share_a_name(tmp_path):
    recorders = [Recorder(tmp_path, stream(), META) for _ in range(3)]
    for recorder in recorders:
        recorder.on_chunk(chunk(0, 10, stream()))
    names = [recorder.close().name for recorder in recorders]
    assert names == [f"sub-P01_task-E03_run-{run}_emg.bdf" for run in ("01", "02", "03")]
    scans = (tmp_path / "sub-P01" / "sub-P01_scans.tsv").read_text().splitlines()
    assert len(scans) == 4
    assert (tmp_path / "participants.tsv").read_text() == "participant_id\nsub-P01\n"


def test_a_left_over_journal_is_not_overwritten(tmp_path):
    first = record(tmp_path, 10)
    first.unlink()
    assert record(tmp_path, 10).name == "sub-P01_task-E03_run-02_emg.bdf"


def test_a_run_number_that_another_recorder_takes_first_is_left_to_it(tmp_path, monkeypatch):
    first = record(tmp_path, 10)
    before = first.read_bytes()
    numbers = iter([1, 1, 2])
    monkeypatch.setattr("emgfeedback.storage.recorder.next_run", lambda folder, stem: next(numbers))
    assert record(tmp_path, 20).name == "sub-P01_task-E03_run-02_emg.bdf"
    assert first.read_bytes() == before


def test_closing_twice_changes_nothing(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 10, stream()))
    path = recorder.close({"rewards": 1})
    before = tree_hash(tmp_path)
    assert recorder.close({"rewards": 2}) == path
    assert tree_hash(tmp_path) == before
    with pytest.raises(RecordingError, match="has ended"):
        recorder.on_chunk(chunk(10, 20, stream()))


BAD_IDS = ["../../x", "", "P 1", "a" * 33, "con", "LPT1", "Müller", "P_1", None, 7]


@pytest.mark.parametrize("participant", BAD_IDS)
def test_a_participant_that_could_leave_the_library_is_refused(tmp_path, participant):
    with pytest.raises(UsageError, match="participant"):
        Recorder(tmp_path / "library", stream(), {**META, "participant": participant})
    assert not list(tmp_path.iterdir())


def test_a_link_that_leads_out_of_the_library_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "sub-P01").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(UsageError, match="leads out"):
        Recorder(tmp_path / "library", stream(), META)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_library_that_is_a_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "library").write_text("")
    with pytest.raises(RecordingError, match="cannot record here") as refusal:
        Recorder(tmp_path / "library", stream(), META)
    assert refusal.value.exit_code == 5


def bad_chunks():
    info = stream()
    yield "channels", Chunk(10, pattern(10, 20, 7), np.empty(0))
    yield "24 bits", Chunk(10, pattern(10, 20) + 2**24, np.empty(0))
    yield "is due", chunk(9, 20, info)
    yield "is due", chunk(10**12, 10**12 + 1, info)


@pytest.mark.parametrize(("words", "bad"), [*bad_chunks()])
def test_a_chunk_that_cannot_be_stored_ends_the_recording_and_keeps_the_rest(tmp_path, words, bad):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 10, stream()))
    with pytest.raises(RecordingError, match=words):
        recorder.on_chunk(bad)
    recording = open_recording(recorder.close())
    assert np.array_equal(recording.counts[:], pattern(0, 10))
    assert words in " ".join(recording.warnings)


@pytest.mark.parametrize("file_limit", [9_000, 40_000, 100_001])
def test_a_full_disk_ends_with_code_5_and_keeps_every_whole_record(tmp_path, file_limit):
    pytest.importorskip("resource", reason="file size limits are a POSIX thing")
    child = start_child(tmp_path, 100_000, file_limit)
    _, said = child.communicate(timeout=120)
    sentence = said.decode()
    assert child.returncode == 5, sentence
    assert sentence.count("\n") == 1
    assert "could not be written" in sentence
    path = next(tmp_path.rglob("*.bdf"))
    assert str(path) in sentence
    recording = open_recording(path)
    n_records, left_over = divmod(path.stat().st_size - CHILD_HEADER_BYTES, CHILD_RECORD_BYTES)
    assert left_over == 0
    assert len(recording.counts) == 125 * n_records
    gaps = [(gap.first_sample, gap.n_samples) for gap in recording.gaps]
    assert np.array_equal(recording.counts[:], expected(len(recording.counts), gaps, 11, CHILD_FALSE))
    closing = read_journal(sibling(path, JOURNAL_SUFFIX)).of("close")[0]
    assert closing["n_samples"] == len(recording.counts)
    assert closing["n_flagged"] == len(recording.flagged)
    assert "ended early" in " ".join(recording.warnings)
    assert edfio.read_bdf(path).num_data_records == n_records


def test_a_journal_that_cannot_be_written_ends_the_recording_with_its_lines_whole(tmp_path):
    pytest.importorskip("resource", reason="file size limits are a POSIX thing")
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 200, stream()))
    journal = recorder._journal._file
    recorder._journal._file = HalfFull(journal)
    with pytest.raises(RecordingError, match="journal could not be written"):
        recorder.on_tick(tick(Event(10, "phase", {"text": "x" * 100})))
    journal.close()
    lines = read_journal(sibling(recorder.path, JOURNAL_SUFFIX))
    assert lines.n_damaged == 0
    assert np.array_equal(open_recording(recorder.close()).counts[:], pattern(0, 200))


class HalfFull:
    """A file on a disk that takes half of what it is given, then nothing."""

    def __init__(self, file):
        self.file, self.full = file, False

    def write(self, data):
        if self.full:
            raise OSError(28, "No space left on device")
        self.full = True
        return self.file.write(data[: len(data) // 2])

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_the_exercises_are_found_beside_a_checkout():
    assert packaged_dir("protocols").name == "protocols"
