"""The journal beside a recording: one JSON object a line, each with a checksum, only ever appended to.

A line is a fact: ``meta`` (everything a replay needs), ``record`` (checksum of one data record and the
true number of samples and of flagged ones so far), ``event``, ``gap``, ``close``. The last key of a line
is ``crc``, the CRC-32 of the bytes before it, so that a line torn by a crash is recognised and left out.
"""

from __future__ import annotations

import dataclasses
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emgfeedback.errors import InputError, RecordingError
from emgfeedback.storage.durable import cut_back, force_data, write_whole
from emgfeedback.values import EMG, OTHER, Channel, StreamInfo

MAX_BYTES = 2**28
"""A journal of a day is about 20 MB; anything far above that is not a journal."""

MEASURED = ("fs_measured_hz", "drift_ppm")
"""What is known of the board's clock only at the end; it stands in the summary."""

_SEAL_BYTES = len(', "crc": "00000000"}')


class Journal:
    """The journal of a running recording; every line is handed to the system at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115
        self._size = 0

    def write(self, fact: str, **values: Any) -> None:
        """Append one line.

        Raises
        ------
        RecordingError
            The line could not be written; the lines before it stay whole.
        """
        line = seal({"fact": fact, **values})
        try:
            write_whole(self._file, line)
        except OSError as failure:
            cut_back(self._file, self._size)
            raise RecordingError(
                f"{self._path}: the journal could not be written ({failure.strerror}); "
                "what was recorded so far is kept, free some space and record again"
            ) from failure
        self._size += len(line)

    def sync(self) -> None:
        """Force the lines to the disk."""
        force_data(self._file.fileno())

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class JournalLines:
    """What a journal holds: facts in order, bytes up to the last good line, number of damaged lines."""

    facts: tuple[Mapping[str, Any], ...] = ()
    good_bytes: int = 0
    n_damaged: int = 0

    def of(self, fact: str) -> list[Mapping[str, Any]]:
        """All facts of one kind, in order."""
        return [line for line in self.facts if line.get("fact") == fact]


def read_journal(path: Path) -> JournalLines:
    """Read all lines whose checksum is right; an absent journal has none.

    Raises
    ------
    InputError
        The file cannot be read or is too large for a journal.
    """
    try:
        if not path.exists():
            return JournalLines()
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: over {MAX_BYTES} bytes, too large for a journal; move it away")
        data = path.read_bytes()
    except OSError as failure:
        raise InputError(f"{path}: cannot be read ({failure.strerror}); check the file") from failure
    facts, good_bytes, position, n_damaged = [], 0, 0, 0
    for line in data.splitlines(keepends=True):
        position += len(line)
        fact = unseal(line)
        if fact is None:
            n_damaged += 1
        else:
            facts.append(fact)
            good_bytes = position
    return JournalLines(tuple(facts), good_bytes, n_damaged)


def seal(fact: Mapping[str, Any]) -> bytes:
    """One journal line: compact JSON whose last key is the checksum of all before it."""
    body = json.dumps(plain(fact), ensure_ascii=True, allow_nan=False)[:-1].encode("ascii")
    return body + _seal(body) + b"\n"


def unseal(line: bytes) -> Mapping[str, Any] | None:
    """Return the fact in a line, or None where the line is torn or altered."""
    body, seal_ = line[: -_SEAL_BYTES - 1], line[-_SEAL_BYTES - 1 :]
    if not body or seal_ != _seal(body) + b"\n":
        return None
    try:
        fact = json.loads(body + b"}")
    except (ValueError, RecursionError):
        return None
    return fact if isinstance(fact, dict) else None


def _seal(body: bytes) -> bytes:
    return b', "crc": "%08x"}' % zlib.crc32(body)


def plain(value: Any) -> Any:
    """Turn mappings, tuples and NumPy values into what JSON can say; NaN and infinity become null."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def stream_to_json(info: StreamInfo) -> dict[str, Any]:
    """Stream description as the journal keeps it; floats in full precision."""
    channels = [dataclasses.asdict(channel) for channel in info.channels]
    return {"fs_hz": info.fs_hz, "device": info.device, "lsb_uv": info.lsb_uv, "channels": channels}


def stream_from_json(data: Mapping[str, Any]) -> StreamInfo:
    """Stream description from the journal; a KeyError, TypeError or ValueError says it is not one.

    Channels of earlier journals have no ``kind``: they are EMG.
    """
    channels = tuple(
        Channel(
            str(c["name"]),
            str(c.get("muscle", "")),
            str(c.get("side", "")),
            str(c.get("role", OTHER)),
            str(c.get("kind", EMG)),
            str(c.get("unit", "uV")),
            float(c.get("lsb", 0.0)),
        )
        for c in data["channels"]
    )
    return StreamInfo(float(data["fs_hz"]), channels, str(data["device"]), float(data["lsb_uv"]))


def measured(summary: Any) -> dict[str, float]:
    """The board's clock as it was measured, from a summary; what is not known is left out."""
    found = {name: summary.get(name) for name in MEASURED} if isinstance(summary, Mapping) else {}
    return {
        name: float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }
