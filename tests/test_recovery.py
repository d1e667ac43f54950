"""Unfinished and damaged recordings: no wrong value is ever read, and recovery may be repeated."""

from __future__ import annotations

import random
import shutil
import warnings

import edfio
import mne
import numpy as np
import pytest
from recording_kit import (
    CHILD_FALSE,
    CHILD_GAPS,
    CHILD_STREAM,
    CYTON_LSB_G,
    META,
    chunk,
    expected,
    pattern,
    start_child,
    stream,
    tick,
)

from emgfeedback.errors import InputError
from emgfeedback.storage.journal import read_journal, seal, unseal
from emgfeedback.storage.library import JOURNAL_SUFFIX, sibling
from emgfeedback.storage.recorder import Recorder
from emgfeedback.storage.recording import open_recording, recover
from emgfeedback.values import Channel, Event, Gap

FS_HZ = 250
UNREPORTED = 11 + 37  # a chunk and the gap before it: on disk, but killed before it was reported


def kill_at(library, n_wanted):
    """Kill a recording child with SIGKILL once it accepted ``n_wanted`` samples; return what it accepted."""
    child = start_child(library, 10**6)
    accepted = 0
    while accepted < n_wanted and (report := child.stdout.read(8)):
        accepted = int.from_bytes(report, "little")
    child.kill()
    rest, said = child.communicate(timeout=60)
    assert not said, said.decode()
    for at in range(0, len(rest) // 8 * 8, 8):
        accepted = int.from_bytes(rest[at : at + 8], "little")
    return accepted


def check_killed(library, accepted):
    path = next(library.rglob("*_emg.bdf"))
    recording = open_recording(path)
    n_samples = len(recording.counts)
    assert -UNREPORTED <= accepted - n_samples <= FS_HZ
    gaps = [(first, min(n, n_samples - first)) for first, n in CHILD_GAPS if first < n_samples]
    truth = expected(n_samples, gaps, 11, CHILD_FALSE)
    assert recording.info == CHILD_STREAM
    assert np.array_equal(recording.counts[:], truth)
    assert recording.gaps == tuple(Gap(*gap) for gap in gaps)
    lost = {sample for first, n in gaps for sample in range(first, first + n)}
    assert list(recording.flagged) == sorted(s for s in CHILD_FALSE - lost if s < n_samples)
    assert all(event.data == {"end": event.sample} for event in recording.events)
    if n_samples:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "BDF header indicates")  # killed between record and count
            warnings.filterwarnings("ignore", "Incomplete data record")  # killed within a write
            foreign = edfio.read_bdf(path)
        for column, signal in enumerate(foreign.signals[:11]):
            assert len(signal.digital) >= n_samples
            assert np.array_equal(signal.digital[:n_samples], truth[:, column])
    return accepted - n_samples


def kill_and_check(tmp_path, seed):
    library = tmp_path / f"kill-{seed}"
    lost = check_killed(library, kill_at(library, random.Random(seed).randint(1, 12_000)))
    shutil.rmtree(library)
    return lost


@pytest.mark.parametrize("seed", range(20))
def test_a_killed_recording_opens_with_at_most_a_second_lost_and_no_wrong_value(tmp_path, seed):
    kill_and_check(tmp_path, seed)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_two_hundred_killed_recordings_open_with_no_wrong_value(tmp_path):
    lost = [kill_and_check(tmp_path, seed) for seed in range(1000, 1200)]
    assert max(lost) <= FS_HZ


def unfinished(library, n_samples=700):
    """A recording whose process vanished: no closing line, the last samples only in memory."""
    recorder = Recorder(library, stream(), META)
    for first in range(0, n_samples, 50):
        recorder.on_chunk(chunk(first, first + 50, stream()))
        recorder.on_tick(tick(Event(first + 50, "phase", {"n": first})))
    recorder._bdf.close()
    recorder._journal.close()
    return recorder.path


def test_an_unfinished_recording_opens_read_only(tmp_path):
    path = unfinished(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*")}
    recording = open_recording(path)
    assert np.array_equal(recording.counts[:], pattern(0, 625))
    assert "not closed" in recording.warnings[0]
    assert recording.meta["finished"] is False
    assert max(event.sample for event in recording.events) <= 625
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*")} == before


def test_a_record_torn_at_any_byte_is_left_out(tmp_path):
    path = unfinished(tmp_path)
    data = path.read_bytes()
    record_bytes = 125 * 27 + 192
    for cut in [*range(1, 40), *range(40, record_bytes, 97), record_bytes]:
        path.write_bytes(data[:-cut])
        assert np.array_equal(open_recording(path).counts[:], pattern(0, 500))
        path.write_bytes(data + data[-cut:])  # a tail that grew but has no journal line
        assert np.array_equal(open_recording(path).counts[:], pattern(0, 625))


def test_a_journal_torn_at_any_byte_costs_only_its_last_line(tmp_path):
    path = unfinished(tmp_path)
    journal = sibling(path, JOURNAL_SUFFIX)
    data = journal.read_bytes()
    n_events = len(read_journal(journal).of("event"))
    for cut in range(1, len(data.splitlines()[-1]) + 1):
        journal.write_bytes(data[:-cut])
        assert np.array_equal(open_recording(path).counts[:], pattern(0, 625))
        assert len(read_journal(journal).of("event")) >= n_events - 1


def test_a_record_the_header_does_not_count_yet_is_kept_if_its_checksum_is_right(tmp_path):
    path = unfinished(tmp_path)
    data = bytearray(path.read_bytes())
    data[236:244] = b"4       "
    path.write_bytes(data)
    assert len(open_recording(path).counts) == 625
    data[-1000] ^= 1
    path.write_bytes(data)
    assert np.array_equal(open_recording(path).counts[:], pattern(0, 500))


def test_zeros_that_a_power_failure_left_are_not_read_as_signal(tmp_path):
    path = unfinished(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-2000] + bytes(2000))
    assert np.array_equal(open_recording(path).counts[:], pattern(0, 500))


def test_damage_in_the_middle_becomes_a_gap_and_a_warning(tmp_path):
    path = unfinished(tmp_path)
    data = bytearray(path.read_bytes())
    data[256 * 11 + (125 * 27 + 192) + 5] ^= 64
    path.write_bytes(data)
    recording = open_recording(path)
    assert recording.gaps == (Gap(125, 125),)
    assert list(recording.stretches()) == [(0, 125), (250, 625)]
    assert "checksum" in " ".join(recording.warnings)


def test_flags_in_a_damaged_record_are_not_believed(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 500, stream(), false={3, 130, 249, 260}))
    path = recorder.close()
    data = bytearray(path.read_bytes())
    data[256 * 11 + (125 * 27 + 192) + 5] ^= 64
    path.write_bytes(data)
    recording = open_recording(path)
    assert recording.gaps == (Gap(125, 125),)
    assert list(recording.flagged) == [3, 260]


def test_recovery_counts_what_was_flagged_and_keeps_it(tmp_path):
    recorder = Recorder(tmp_path, stream(lsb_g=CYTON_LSB_G), META)
    recorder.on_chunk(chunk(0, 700, stream(lsb_g=CYTON_LSB_G), false={3, 500, 690}))
    recorder._bdf.close()
    recorder._journal.close()
    assert recover(recorder.path).n_samples == 625
    closing = read_journal(sibling(recorder.path, JOURNAL_SUFFIX)).of("close")
    assert closing == [{"fact": "close", "n_samples": 625, "n_flagged": 2, "recovered": True}]
    assert list(open_recording(recorder.path).flagged) == [3, 500]


def test_recovery_makes_the_file_whole_and_a_second_one_changes_nothing(tmp_path):
    path = unfinished(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:236] + b"-1      " + data[244:] + b"torn tail")
    journal = sibling(path, JOURNAL_SUFFIX)
    journal.write_bytes(journal.read_bytes() + b'{"fact": "rec')
    found = recover(path)
    assert (found.n_samples, found.dropped_bytes, found.changed) == (625, 9, True)
    assert found.seconds == 2.5
    after = {file: file.read_bytes() for file in tmp_path.rglob("*.*")}
    assert path.read_bytes() == data
    again = recover(path)
    assert (again.n_samples, again.dropped_bytes, again.changed, again.warnings) == (625, 0, False, ())
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*")} == after
    recording = open_recording(path)
    assert recording.warnings == ()
    assert np.array_equal(recording.counts[:], pattern(0, 625))
    assert len(mne.io.read_raw_bdf(path, verbose="error").times) == 625
    rows = sibling(path, "_events.tsv").read_text().splitlines()
    assert len(rows) == 1 + len(recording.events)


def test_recovery_leaves_a_finished_recording_as_it_is(tmp_path):
    recorder = Recorder(tmp_path, stream(), META)
    recorder.on_chunk(chunk(0, 333, stream()))
    recorder.on_tick(tick(Event(100, "phase", {"x": 0.1})))
    path = recorder.close({"rewards": 3, "fs_measured_hz": 249.5})
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*")}
    assert not recover(path).changed
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*")} == before
    assert open_recording(path).meta["summary"] == {"rewards": 3, "fs_measured_hz": 249.5}


def test_a_recording_without_its_journal_keeps_samples_gaps_and_padding_apart(tmp_path):
    info = stream(lsb_g=CYTON_LSB_G)
    recorder = Recorder(tmp_path, info, META)
    recorder.on_chunk(chunk(0, 100, info))
    recorder.on_chunk(chunk(140, 300, info, false={200}))
    path = recorder.close()
    sibling(path, JOURNAL_SUFFIX).unlink()
    recording = open_recording(path)
    assert np.array_equal(recording.counts[:], expected(300, [(100, 40)], 11))
    assert recording.gaps == (Gap(100, 40),)
    assert list(recording.flagged) == [200]
    nameless = [Channel(channel.name) for channel in info.channels[:8]]
    assert recording.info.channels == (*nameless, *info.channels[8:])
    assert recording.info.lsb_uv == pytest.approx(stream().lsb_uv, rel=1e-15)
    assert "journal is missing" in recording.warnings[0]


def test_a_recording_opens_by_its_file_its_journal_or_its_folder(tmp_path):
    path = unfinished(tmp_path)
    for way in (path, str(path), sibling(path, JOURNAL_SUFFIX), path.parent, tmp_path):
        assert open_recording(way).path == str(path)
    unfinished(tmp_path)
    with pytest.raises(InputError, match="holds 2 recordings"):
        open_recording(tmp_path)


@pytest.mark.parametrize("action", [open_recording, recover])
def test_what_is_not_a_recording_is_refused_in_one_sentence(tmp_path, action):
    (tmp_path / "text.bdf").write_text("hello")
    (tmp_path / "empty").mkdir()
    for name in ("missing.bdf", "text.bdf", "empty", "x_journal.jsonl", "a" * 5000, "nul\0.bdf"):
        with pytest.raises(InputError) as refusal:
            action(tmp_path / name)
        assert "\n" not in str(refusal.value)


def test_a_journal_of_another_recording_is_refused(tmp_path):
    path = unfinished(tmp_path)
    other = Recorder(tmp_path, stream(n_channels=2), META).close()
    sibling(path, JOURNAL_SUFFIX).write_bytes(sibling(other, JOURNAL_SUFFIX).read_bytes())
    with pytest.raises(InputError, match="belongs to another recording"):
        open_recording(path)


@pytest.mark.parametrize(
    "fact",
    [
        {"fact": "meta", "meta": {}},
        {"fact": "meta", "meta": {"info": {"channels": [1]}}},
        {"fact": "meta", "meta": 3},
        {"fact": "meta"},
    ],
)
def test_a_journal_that_makes_no_sense_is_refused_in_one_sentence(tmp_path, fact):
    path = unfinished(tmp_path)
    sibling(path, JOURNAL_SUFFIX).write_bytes(seal(fact))
    with pytest.raises(InputError, match="journal"):
        open_recording(path)


def test_an_event_that_makes_no_sense_is_refused_in_one_sentence(tmp_path):
    path = unfinished(tmp_path)
    with sibling(path, JOURNAL_SUFFIX).open("ab") as journal:
        journal.write(seal({"fact": "event", "sample": "soon", "kind": "x", "data": {}}))
    with pytest.raises(InputError, match="event"):
        open_recording(path)


def test_any_changed_byte_of_a_journal_line_is_noticed():
    line = seal({"fact": "event", "sample": 5, "kind": "phase", "data": {"cue": "ü"}})
    assert unseal(line)["data"] == {"cue": "ü"}
    for at in range(len(line)):
        assert unseal(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]) is None
        assert unseal(line[:at]) is None


def foreign_file(path, signals):
    edfio.Bdf(signals, data_record_duration=1).write(path)


def test_a_file_of_others_opens_with_exact_integers(tmp_path):
    rng = np.random.default_rng(3)
    digital = rng.integers(-(2**23), 2**23, (4000, 2)).astype(np.int32)
    signals = [
        edfio.BdfSignal.from_digital(
            digital[:, i].copy(), 1000, label=f"EMG {i}", physical_dimension="mV", physical_range=(-100, 100)
        )
        for i in range(2)
    ]
    aux = edfio.BdfSignal(np.arange(40) / 40, 10, label="knee", physical_dimension="deg")
    foreign_file(tmp_path / "other.bdf", [aux, *signals])
    recording = open_recording(tmp_path / "other.bdf")
    assert np.array_equal(recording.counts[:], digital)
    assert recording.info.fs_hz == 1000
    assert recording.info.lsb_uv == pytest.approx(200_000 / (2**24 - 1), rel=1e-12)
    assert [channel.name for channel in recording.info.channels] == ["EMG 0", "EMG 1"]
    assert "knee" in " ".join(recording.warnings)
    assert recording.events == ()


def test_a_file_without_any_voltage_is_refused(tmp_path):
    knee = edfio.BdfSignal(np.arange(9.0), 3, label="knee", physical_dimension="deg")
    foreign_file(tmp_path / "x.bdf", [knee])
    with pytest.raises(InputError, match="no signal in uV, mV or V among knee"):
        open_recording(tmp_path / "x.bdf")


def test_recovery_says_that_it_closed_a_recording_whose_signal_was_whole(tmp_path):
    path = unfinished(tmp_path)
    assert recover(path).changed
    assert open_recording(path).meta["finished"] is True
    assert not recover(path).changed
