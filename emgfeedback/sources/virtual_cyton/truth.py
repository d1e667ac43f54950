"""What really happened: the fate of every packet, in memory and as lines of JSON."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.errors import UsageError
from emgfeedback.sources.virtual_cyton.faults import Fate
from emgfeedback.sources.virtual_cyton.line import Parcel

FIRST_ROOM = 4096


class Truth:
    """Keeps one code of `Fate` per packet, and writes each line as soon as its fate is settled.

    Raises
    ------
    UsageError
        A file that cannot be written.
    """

    def __init__(self, file: Path | None) -> None:
        self._codes = np.zeros(FIRST_ROOM, np.uint8)
        self._n_packets = 0
        try:
            self._file = file.open("w", encoding="utf-8") if file else None
        except OSError as error:
            raise UsageError(
                f"truth file {file}: cannot be written ({error.strerror}); name a file in an existing folder"
            ) from None

    @property
    def fates(self) -> npt.NDArray[np.uint8]:
        """A copy of the codes of all packets sampled so far."""
        n_packets = self._n_packets
        return self._codes[:n_packets].copy()

    def expect(self, n_packets: int) -> None:
        """Make room for so many packets in all, their fates pending."""
        if n_packets > len(self._codes):
            room = np.zeros(2 * n_packets, np.uint8)
            room[: len(self._codes)] = self._codes
            self._codes = room
        self._n_packets = n_packets

    def settle(self, parcel: Parcel, fate: Fate, due_s: float, written_s: float | None) -> None:
        """Record what became of a packet; times are those of the monotonic clock."""
        self._codes[parcel.packet] = fate
        word = "corrupted" if fate.corrupted else fate.name.lower()
        kind = fate.name.lower() if fate.corrupted else ""
        self._write(
            packet=parcel.packet, number=parcel.number, fate=word, kind=kind, due_s=due_s, written_s=written_s
        )

    def event(self, kind: str, packet: int, **data: Any) -> None:
        """Record what happened to the board or its line just before this packet."""
        self._write(event=kind, packet=packet, monotonic_s=time.monotonic(), **data)

    def _write(self, **line: Any) -> None:
        if self._file:
            self._file.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """Hand what was written to the system."""
        if self._file:
            self._file.flush()

    def close(self) -> None:
        """Write nothing any more."""
        if self._file:
            self._file.close()
            self._file = None
