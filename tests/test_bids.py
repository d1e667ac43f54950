"""The tree on disk is EMG-BIDS, and says only what is known."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from recording_kit import CYTON_LSB_G, META, chunk, stream, tick

from emgfeedback.storage.library import sibling
from emgfeedback.storage.recorder import Recorder
from emgfeedback.values import Event


def validate(library):
    """Run the BIDS validator on a library and return its exit code and the codes of its errors."""
    beside = Path(sys.executable).with_name("bids-validator-deno")
    program = str(beside) if beside.exists() else shutil.which("bids-validator-deno")
    if program is None:
        pytest.skip("the BIDS validator is not installed")
    done = subprocess.run([program, str(library), "--format", "json"], capture_output=True, timeout=240)
    issues = json.loads(done.stdout)["issues"]["issues"]
    return done.returncode, [issue["code"] for issue in issues if issue.get("severity") == "error"]


def record(library, meta, *, closed=True, info=None):
    info = info or stream()
    recorder = Recorder(library, info, meta)
    recorder.on_chunk(chunk(0, 300, info, false={7}))
    recorder.on_tick(tick(Event(20, "phase", {"kind": "rest", "cue": "tab\there"}), Event(250, "reward")))
    return recorder.close() if closed else recorder.path


def test_a_library_passes_the_validator_while_recording_and_after(tmp_path):
    library = tmp_path / "library"
    record(library, META)
    record(library, {**META, "participant": "P02", "session": "A", "placement": "SENIAM", "mains_hz": None})
    record(library, {**META, "participant": "P03"}, info=stream(lsb_g=CYTON_LSB_G))
    recorder = Recorder(library, stream(), META)
    recorder.on_chunk(chunk(0, 300, stream()))
    assert validate(library) == (0, [])
    recorder.close()
    assert validate(library) == (0, [])


def test_the_validator_notices_a_missing_sidecar_key(tmp_path):
    path = sibling(record(tmp_path / "library", META), "_emg.json")
    facts = json.loads(path.read_text())
    del facts["EMGReference"]
    path.write_text(json.dumps(facts))
    code, errors = validate(tmp_path / "library")
    assert code != 0
    assert errors


def test_the_sidecar_says_what_is_known_and_invents_nothing(tmp_path):
    facts = json.loads(sibling(record(tmp_path, META), "_emg.json").read_text())
    assert facts["SamplingFrequency"] == 250
    assert facts["PowerLineFrequency"] == 50
    assert facts["SoftwareFilters"] == "n/a"
    assert facts["EMGChannelCount"] == 8
    assert facts["RecordingDuration"] == 300 / 250
    assert facts["EmgFeedback"]["info"]["lsb_uv"] == stream().lsb_uv
    assert not {"Manufacturer", "ManufacturersModelName", "InstitutionName"} & set(facts)


def test_a_real_device_is_named_and_its_maker_only_if_the_source_says_so(tmp_path):
    meta = {**META, "simulated": False, "reference": "bipolar"}
    facts = json.loads(sibling(record(tmp_path, meta), "_emg.json").read_text())
    assert facts["ManufacturersModelName"] == "cyton"
    assert facts["EMGReference"] == "bipolar"
    assert "Manufacturer" not in facts
    path = record(tmp_path, {**meta, "manufacturer": "OpenBCI"})
    facts = json.loads(sibling(path, "_emg.json").read_text())
    assert facts["Manufacturer"] == "OpenBCI"


def test_channels_and_events_are_tables_with_one_row_each(tmp_path):
    path = record(tmp_path, META)
    channels = [row.split("\t") for row in sibling(path, "_channels.tsv").read_text().splitlines()]
    assert channels[0][:3] == ["name", "type", "units"]
    assert [row[0] for row in channels[1:]] == [f"EMG{i}" for i in range(1, 9)] + ["gap"]
    assert channels[1][3] == "left gmed"
    events = [row.split("\t") for row in sibling(path, "_events.tsv").read_text().splitlines()]
    assert events[1][:4] == ["0.08", "n/a", "phase", "20"]
    assert events[2] == ["1.0", "n/a", "reward", "250", "n/a"]
    assert json.loads(events[1][4]) == {"kind": "rest", "cue": "tab\there"}


def test_an_accelerometer_is_named_as_one_and_not_counted_as_emg(tmp_path):
    path = record(tmp_path, META, info=stream(lsb_g=CYTON_LSB_G))
    rows = [row.split("\t") for row in sibling(path, "_channels.tsv").read_text().splitlines()]
    assert [row[:5] for row in rows[9:12]] == [
        [f"Accel {axis}", "ACCEL", "g", "n/a", "n/a"] for axis in "XYZ"
    ]
    assert [row[1] for row in rows[1:]] == ["EMG"] * 8 + ["ACCEL"] * 3 + ["MISC"]
    assert json.loads(sibling(path, "_emg.json").read_text())["EMGChannelCount"] == 8


def test_the_start_is_kept_to_the_microsecond_and_the_journal_is_hidden_from_validators(tmp_path):
    record(tmp_path, META)
    scans = (tmp_path / "sub-P01" / "sub-P01_scans.tsv").read_text()
    assert "emg/sub-P01_task-E03_run-01_emg.bdf\t2026-11-20T09:10:11.123456\n" in scans
    assert "*_journal.jsonl" in (tmp_path / ".bidsignore").read_text().splitlines()


def test_what_others_wrote_into_the_tables_of_a_library_is_kept(tmp_path):
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-P09\t40\n")
    (tmp_path / "dataset_description.json").write_text("{}")
    (tmp_path / "README").write_text("ours")
    (tmp_path / ".bidsignore").write_text("*.tmp\n")
    record(tmp_path, META)
    assert (tmp_path / "participants.tsv").read_text() == "participant_id\tage\nsub-P09\t40\nsub-P01\tn/a\n"
    assert (tmp_path / "dataset_description.json").read_text() == "{}"
    assert not (tmp_path / "README.md").exists()
    assert (tmp_path / ".bidsignore").read_text() == "*.tmp\n*_journal.jsonl\n"


def test_no_draft_of_a_sidecar_is_left_behind(tmp_path):
    record(tmp_path, META)
    assert not list(tmp_path.rglob("*.tmp"))
