"""A recording on disk, finished or not, read without changing it; and the repair of an unfinished one."""

from __future__ import annotations

import math
import os
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.errors import InputError, RecordingError
from emgfeedback.storage import bids
from emgfeedback.storage.bdf import FLAGGED, GAP_LABEL, LOST, PADDING, BdfCounts, BdfReader, keep_records
from emgfeedback.storage.bdf_header import (
    ANNOTATIONS,
    MAX_CHANNELS,
    MAX_RATE_HZ,
    Header,
    Signal,
    channel_scale,
)
from emgfeedback.storage.journal import JournalLines, measured, read_journal, seal, stream_from_json
from emgfeedback.storage.library import JOURNAL_SUFFIX, SIGNAL_SUFFIX, sibling
from emgfeedback.values import ACCEL, Channel, Command, Event, Gap, Recording, StreamInfo

_BLOCK_SAMPLES = 2**18
_MICROVOLTS = {"uv": 1.0, "µv": 1.0, "μv": 1.0, "nv": 1e-3, "mv": 1e3, "v": 1e6}


@dataclass(frozen=True, slots=True)
class Recovery:
    """What `recover` found and did; ``changed`` is False when there was nothing to repair."""

    path: Path
    n_samples: int
    seconds: float
    dropped_bytes: int
    changed: bool
    warnings: tuple[str, ...]


def open_recording(path: Path | str) -> Recording:
    """Open a recording, read-only, also one that was never closed or that others made.

    Parameters
    ----------
    path : the ``.bdf`` file, its journal, or a folder that holds exactly one recording

    Returns
    -------
    The samples that are surely whole. What was left out is said in ``warnings``.

    Raises
    ------
    InputError
        Missing, junk, or damaged beyond use: one sentence.
    """
    found = _survey(Path(path))
    return Recording(
        info=found.info,
        counts=found.counts,
        events=found.events,
        commands=tuple(_command(event) for event in found.events if event.kind == "command"),
        gaps=found.gaps,
        meta={**found.meta, **_outcome(found.lines)},
        path=str(found.path),
        warnings=found.warnings,
        flagged=found.flagged,
    )


def recover(path: Path | str) -> Recovery:
    """Make an unfinished recording whole: cut the torn tail, mend the count, complete the sidecars.

    A second call changes nothing. Never call it on a recording that is still being made.

    Raises
    ------
    InputError
        Nothing that can be read.
    RecordingError
        The file cannot be changed.
    """
    found = replace(_survey(Path(path)), counts=None)  # unmaps the file: Windows cuts no mapped one
    size = found.path.stat().st_size
    whole_size = found.header.n_bytes + found.n_records * found.header.record_bytes
    changed = size != whole_size or found.header.n_records != found.n_records
    try:
        if changed:
            keep_records(found.path, found.header, found.n_records)
        if found.lines.facts:
            changed |= _mend_journal(found)
            bids.write_sidecars(found.path, found.info, found.meta, found.events, found.n_samples)
            bids.list_recording(found.path, datetime.fromisoformat(str(found.meta["started_at"])))
    except OSError as failure:
        raise RecordingError(
            f"{found.path}: cannot be repaired ({failure.strerror}); copy it to a disk with free space "
            "and run emgfeedback recover there"
        ) from failure
    seconds = found.n_samples / found.info.fs_hz
    return Recovery(found.path, found.n_samples, seconds, size - whole_size, changed, found.warnings)


def _mend_journal(found: _Found) -> bool:
    """Cut torn lines from the end and add the line that closes; tell whether anything was to do."""
    path = sibling(found.path, JOURNAL_SUFFIX)
    torn = path.stat().st_size != found.lines.good_bytes
    closed = bool(found.lines.of("close"))
    if torn or not closed:
        with path.open("r+b") as file:
            file.truncate(found.lines.good_bytes)
            file.seek(0, os.SEEK_END)
            if not closed:
                sums = {"n_samples": found.n_samples, "n_flagged": len(found.flagged)}
                file.write(seal({"fact": "close", **sums, "recovered": True}))
            file.flush()
            os.fsync(file.fileno())
    return torn or not closed


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    header: Header
    lines: JournalLines
    n_records: int
    info: StreamInfo
    counts: BdfCounts | None
    n_samples: int
    events: tuple[Event, ...]
    gaps: tuple[Gap, ...]
    flagged: array[int]
    meta: Mapping[str, Any]
    warnings: tuple[str, ...]


def _survey(path: Path) -> _Found:
    """Find out what of a recording is whole and what it means; nothing is changed."""
    path = find_signal(path)
    reader, lines = BdfReader(path), read_journal(sibling(path, JOURNAL_SUFFIX))
    header = reader.header
    n_records, damaged = _whole_records(reader, lines)
    warnings = _damage(reader, lines, n_records, damaged)
    if lines.of("meta"):
        meta, info = _from_journal(path, header, lines)
        columns = list(range(len(info.channels)))
    else:
        meta, info, columns = _from_header(path, header, warnings)
    counts = reader.counts(columns, n_records)
    gaps: tuple[Gap, ...] = ()
    flagged = array("q")
    if _is_ours(header):
        counts, gaps, flagged = _received(reader, counts, damaged)
    events = tuple(event for event in _events(path, lines) if event.sample <= len(counts))
    said, n_samples = tuple(warnings), len(counts)
    return _Found(path, header, lines, n_records, info, counts, n_samples, events, gaps, flagged, meta, said)


def find_signal(path: Path) -> Path:
    """Find the ``.bdf`` file that a path means: itself, a journal's, or the only one in a folder."""
    if path.name.endswith(JOURNAL_SUFFIX):
        return path.with_name(path.name.removesuffix(JOURNAL_SUFFIX) + SIGNAL_SUFFIX)
    try:
        if not path.is_dir():
            return path
    except (OSError, ValueError) as failure:
        raise InputError(f"{str(path)[:80]!r}: is no path ({failure}); check the name") from failure
    found = sorted(path.rglob(f"*{SIGNAL_SUFFIX}"))
    if len(found) != 1:
        raise InputError(f"{path}: holds {len(found)} recordings; give one {SIGNAL_SUFFIX} file of them")
    return found[0]


def _whole_records(reader: BdfReader, lines: JournalLines) -> tuple[int, list[int]]:
    """Number of whole records, and which of them are damaged.

    A record is whole if the checksum of its journal line says so or, where that line is missing, if the
    header's count covers it (the count is raised only after the record is on disk). What follows the last
    whole record is a torn tail; a bad record before it is damage.
    """
    sums = {line.get("index"): line.get("crc32") for line in lines.of("record")}
    promised = reader.header.n_records if reader.header.n_records >= 0 else reader.n_whole
    whole = [
        zlib.crc32(reader.record(index).data) == sums[index] if index in sums else index < promised
        for index in range(reader.n_whole)
    ]
    n_records = max((index + 1 for index, good in enumerate(whole) if good), default=0)
    return n_records, [index for index in range(n_records) if not whole[index]]


def _damage(reader: BdfReader, lines: JournalLines, n_records: int, damaged: Sequence[int]) -> list[str]:
    """Say in sentences what is missing or bad."""
    warnings = []
    torn_bytes = reader.n_torn_bytes + (reader.n_whole - n_records) * reader.header.record_bytes
    if lines.facts and not lines.of("close"):
        warnings.append("the recording was not closed; up to half a second at its end may be missing")
    if torn_bytes:
        warnings.append(f"{torn_bytes} bytes after the last whole record are left out")
    if reader.header.n_records > n_records:
        warnings.append(f"the header promises {reader.header.n_records} records, {n_records} are there")
    if damaged:
        warnings.append(f"{len(damaged)} records fail their checksum and are treated as lost samples")
    if lines.n_damaged:
        warnings.append(f"{lines.n_damaged} lines of the journal are damaged and left out")
    if not lines.of("meta") and _is_ours(reader.header):
        warnings.append("the journal is missing; muscles, settings and events are unknown")
    warnings += [f"recording ended early: {line['error']}" for line in lines.of("close") if line.get("error")]
    return warnings


def _is_ours(header: Header) -> bool:
    labels = [signal.label for signal in header.signals]
    return "emgfeedback:" in header.recording and labels[-2:] == [GAP_LABEL, ANNOTATIONS]


def _from_journal(path: Path, header: Header, lines: JournalLines) -> tuple[dict[str, Any], StreamInfo]:
    try:
        meta = dict(lines.of("meta")[0]["meta"])
        info = stream_from_json(meta["info"])
        datetime.fromisoformat(meta["started_at"])
        for channel in info.channels:
            channel_scale(channel, info.lsb_uv)
    except (KeyError, TypeError, ValueError, RecordingError) as failure:
        raise InputError(
            f"{path}: its journal does not describe the stream ({failure}); move the journal away to "
            "open the signal alone"
        ) from failure
    fits = _is_ours(header) and len(info.channels) == len(header.signals) - 2
    if not fits or not math.isclose(info.fs_hz, _rate(header, 0), rel_tol=1e-3):
        raise InputError(f"{path}: its journal belongs to another recording; put the right files together")
    for closing in lines.of("close"):
        meta |= measured(closing.get("summary"))
    return meta, info


def _from_header(
    path: Path, header: Header, warnings: list[str]
) -> tuple[dict[str, Any], StreamInfo, list[int]]:
    """Stream of a file without a journal: signals in volts that share rate and scale, then those in g."""
    if header.reserved.startswith("BDF+D"):
        raise InputError(f"{path}: a BDF+D file has pauses in its time base; convert it to BDF+C first")
    names = [signal.label for signal in header.signals]
    scales = [_lsb_uv(signal.unit) * signal.lsb for signal in header.signals]
    usable = [i for i, scale in enumerate(scales) if scale > 0 and names[i] not in (ANNOTATIONS, GAP_LABEL)]
    if not usable:
        raise InputError(f"{path}: no signal in uV, mV or V among {', '.join(names[:20])}; it holds no EMG")
    n_samples, lsb_uv = header.signals[usable[0]].n_samples, scales[usable[0]]
    columns = [
        i for i in usable
        if header.signals[i].n_samples == n_samples and math.isclose(scales[i], lsb_uv, rel_tol=1e-9)
    ]  # fmt: skip
    columns += [i for i, s in enumerate(header.signals) if (s.unit, s.n_samples) == ("g", n_samples)]
    left_out = [n for i, n in enumerate(names) if i not in columns and n not in (ANNOTATIONS, GAP_LABEL)]
    if left_out:
        warnings.append(f"left out, other rate, scale or unit: {', '.join(left_out)}")
    fs_hz = _rate(header, columns[0])
    if not 1 <= fs_hz <= MAX_RATE_HZ or len(columns) > MAX_CHANNELS:
        raise InputError(f"{path}: {fs_hz:g} Hz is no rate of an EMG recording; the header is damaged")
    channels = tuple(_channel(header.signals[i]) for i in columns)
    return {}, StreamInfo(fs_hz, channels, header.recording, lsb_uv), columns


def _channel(signal: Signal) -> Channel:
    if signal.unit == "g":
        return Channel(signal.label, kind=ACCEL, unit="g", lsb=signal.lsb)
    return Channel(signal.label)


def _lsb_uv(unit: str) -> float:
    return _MICROVOLTS.get(unit.lower(), 0.0)


def _rate(header: Header, index: int) -> float:
    return round(header.signals[index].n_samples / float(header.record_s), 6)


def _received(
    reader: BdfReader, counts: BdfCounts, damaged: Sequence[int]
) -> tuple[BdfCounts, tuple[Gap, ...], array[int]]:
    """Counts without the padding of the last record, and the gaps and flagged rows of the gap signal."""
    per_record = reader.header.signals[0].n_samples
    marks = reader.counts([len(reader.header.signals) - 2], len(counts) // per_record)
    n_padding = int(np.count_nonzero(marks[max(0, len(marks) - per_record) :] == PADDING))
    lost = [np.arange(0), *(index * per_record + np.arange(per_record) for index in damaged)]
    flagged = array("q")
    for first in range(0, len(marks), _BLOCK_SAMPLES):
        block = marks[first : first + _BLOCK_SAMPLES, 0]
        lost.append(first + np.flatnonzero(block == LOST))
        rows = first + np.flatnonzero(block == FLAGGED)
        flagged.frombytes(rows[~np.isin(rows // per_record, damaged)].astype(np.int64).tobytes())
    gaps = _runs(np.unique(np.concatenate(lost)))
    return counts.head(len(counts) - n_padding), gaps, flagged


def _runs(samples: npt.NDArray[np.int64]) -> tuple[Gap, ...]:
    """Stretches of consecutive sample indices."""
    stretches = np.split(samples, np.flatnonzero(np.diff(samples) != 1) + 1) if len(samples) else []
    return tuple(Gap(int(stretch[0]), len(stretch)) for stretch in stretches)


def _events(path: Path, lines: JournalLines) -> list[Event]:
    try:
        return [
            Event(int(line["sample"]), str(line["kind"]), dict(line["data"])) for line in lines.of("event")
        ]
    except (KeyError, TypeError, ValueError) as failure:
        raise InputError(
            f"{path}: an event of its journal makes no sense ({failure}); check the file"
        ) from failure


def _outcome(lines: JournalLines) -> dict[str, Any]:
    """What the closing line adds to the settings: nothing without a journal."""
    closing = lines.of("close")
    return {"finished": bool(closing), "summary": closing[-1].get("summary") if closing else None}


def _command(event: Event) -> Command:
    return Command(event.sample, str(event.data.get("kind", "")), event.data.get("data") or {})
