"""The sidecars of EMG-BIDS (BIDS 1.11.0): what we truly know, nothing invented."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from emgfeedback.storage.bdf import GAP_LABEL, short_labels
from emgfeedback.storage.bdf_header import channel_scale
from emgfeedback.storage.durable import replace_text
from emgfeedback.storage.journal import plain
from emgfeedback.storage.library import JOURNAL_SUFFIX, sibling
from emgfeedback.values import EMG, Event, StreamInfo

BIDS_VERSION = "1.11.0"
_README = """Recordings of emgfeedback, in EMG-BIDS.

Each `*_emg.bdf` is a BDF+ file with the raw counts of the board; its signal `gap` is 0 where a sample was
received, 1 where it was lost (the last true value is repeated), 2 where the last record is filled up, 3
where a sample came but cannot be true.
Each `*_journal.jsonl` holds what a replay needs: settings, events, checksums. Participants are codes.
"""
_EVENT_COLUMNS = {
    "onset": {"Description": "Time from the first sample", "Units": "s"},
    "duration": {"Description": "Not known for events of the session log", "Units": "s"},
    "trial_type": {"Description": "Kind of the event"},
    "sample": {"Description": "Index of the sample the event belongs to, from 0"},
    "value": {"Description": "Details of the event as JSON"},
}


def write_dataset(library: Path, version: str) -> None:
    """Create the files at the top of a library that are not there yet."""
    library.mkdir(parents=True, exist_ok=True)
    description = library / "dataset_description.json"
    if not description.exists():
        made_by = {"Name": "emgfeedback", "Version": version}
        facts = {"Name": "emgfeedback recordings", "BIDSVersion": BIDS_VERSION, "DatasetType": "raw"}
        _write_json(description, {**facts, "GeneratedBy": [made_by]})
    if not any(library.glob("README*")):
        replace_text(library / "README.md", _README)
    _add_line(library / ".bidsignore", f"*{JOURNAL_SUFFIX}")


def list_recording(signal: Path, started_at: datetime) -> None:
    """Name the participant in ``participants.tsv`` and the recording in ``scans.tsv``, once each."""
    subject = next((folder for folder in signal.parents if folder.name.startswith("sub-")), None)
    if subject is None:
        return
    _add_line(subject.parent / "participants.tsv", subject.name, "participant_id")
    visit = signal.parent.parent
    prefix = subject.name if visit == subject else f"{subject.name}_{visit.name}"
    acq_time = started_at.replace(tzinfo=None).isoformat(timespec="microseconds")
    row = f"{signal.parent.name}/{signal.name}\t{acq_time}"
    _add_line(visit / f"{prefix}_scans.tsv", row, "filename\tacq_time")


def write_sidecars(
    signal: Path, info: StreamInfo, meta: Mapping[str, Any], events: Sequence[Event], n_samples: int
) -> None:
    """Write ``_emg.json``, ``_channels.tsv``, ``_events.tsv`` and ``_events.json`` of a recording."""
    _write_json(sibling(signal, "_emg.json"), emg_facts(info, meta, n_samples))
    _write_table(sibling(signal, "_channels.tsv"), channel_rows(info, meta))
    _write_table(sibling(signal, "_events.tsv"), event_rows(info, events))
    _write_json(sibling(signal, "_events.json"), _EVENT_COLUMNS)


def emg_facts(info: StreamInfo, meta: Mapping[str, Any], n_samples: int) -> dict[str, Any]:
    """Content of ``_emg.json``; the key ``EmgFeedback`` repeats the settings in full precision."""
    placement = str(meta.get("placement") or "not described; the channel table names the muscles")
    facts: dict[str, Any] = {
        "TaskName": str(meta.get("task") or "n/a"),
        "EMGPlacementScheme": "Other",
        "EMGPlacementSchemeDescription": placement,
        "EMGReference": str(meta.get("reference") or "n/a"),
        "SamplingFrequency": info.fs_hz,
        "PowerLineFrequency": meta.get("mains_hz") or "n/a",
        "RecordingType": "continuous",
        "SoftwareFilters": "n/a",
        "EMGChannelCount": sum(channel.kind == EMG for channel in info.channels),
        "RecordingDuration": n_samples / info.fs_hz,
    }
    if meta.get("version"):
        facts["SoftwareVersions"] = f"emgfeedback {meta['version']}"
    if not meta.get("simulated"):
        facts["ManufacturersModelName"] = info.device
    if meta.get("manufacturer"):
        facts["Manufacturer"] = str(meta["manufacturer"])
    if meta.get("gain"):
        facts["Gain"] = meta["gain"]
    return {**facts, "EmgFeedback": plain(meta)}


def channel_rows(info: StreamInfo, meta: Mapping[str, Any]) -> list[list[str]]:
    """Rows of ``_channels.tsv``, named as the signals of the file are."""
    rows = [["name", "type", "units", "target_muscle", "reference", "sampling_frequency"]]
    reference, rate = str(meta.get("reference") or "n/a"), repr(info.fs_hz)
    for label, channel in zip(short_labels([c.name for c in info.channels]), info.channels, strict=True):
        muscle = f"{channel.side} {channel.muscle}".strip() if channel.muscle else "n/a"
        unit = channel_scale(channel, info.lsb_uv).unit
        rows.append([label, channel.kind, unit, muscle, reference if channel.kind == EMG else "n/a", rate])
    rows.append([GAP_LABEL, "MISC", "n/a", "n/a", "n/a", rate])
    return rows


def event_rows(info: StreamInfo, events: Sequence[Event]) -> list[list[str]]:
    """Rows of ``_events.tsv``, in the order of the log."""
    rows = [["onset", "duration", "trial_type", "sample", "value"]]
    for event in events:
        value = json.dumps(plain(event.data)) if event.data else "n/a"
        rows.append([repr(event.sample / info.fs_hz), "n/a", event.kind, str(event.sample), value])
    return rows


def _write_json(path: Path, facts: Mapping[str, Any]) -> None:
    replace_text(path, json.dumps(plain(facts), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _write_table(path: Path, rows: Sequence[Sequence[str]]) -> None:
    cells = (["".join(c if c.isprintable() else " " for c in cell) or "n/a" for cell in row] for row in rows)
    replace_text(path, "".join("\t".join(row) + "\n" for row in cells))


def _add_line(path: Path, line: str, heading: str = "") -> None:
    """Add a row unless its first cell is there; columns that others added get n/a."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else [heading] if heading else []
    if line.split("\t")[0] in (known.split("\t")[0] for known in lines):
        return
    columns = lines[0].count("\t") if heading else line.count("\t")
    missing = columns - line.count("\t")
    replace_text(path, "\n".join([*lines, line + "\tn/a" * missing]) + "\n")
