"""Streams with known content, and a child process that records one until it is killed or the disk is full."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from emgfeedback.values import ACCEL, COUNT_MAX, Channel, Chunk, Event, StreamInfo

GAINS = (1, 2, 4, 6, 8, 12, 24)
CYTON_LSB_G = 0.000125
META = {
    "schema": 1,
    "version": "0.1.0",
    "started_at": "2026-11-20T09:10:11.123456+01:00",
    "participant": "P01",
    "task": "E03",
    "mains_hz": 50,
    "gain": 24,
    "seed": 7,
    "simulated": True,
}


def cyton_lsb_uv(gain: int) -> float:
    """Microvolts of one count of an ADS1299 with its reference of 4.5 V."""
    return 4.5 / COUNT_MAX / gain * 1e6


def stream(
    fs_hz: float = 250.0,
    n_channels: int = 8,
    lsb_uv: float = cyton_lsb_uv(24),
    lsb_g: float | None = None,
) -> StreamInfo:
    """A board whose first three channels have muscles, and with ``lsb_g`` three axes behind its EMG."""
    muscles = ["gmed", "tfl", "ql"] + [""] * n_channels
    sides = ["left"] * 3 + [""] * n_channels
    channels = tuple(Channel(f"EMG{i + 1}", muscles[i], sides[i]) for i in range(n_channels))
    axes = tuple(Channel(f"Accel {axis}", kind=ACCEL, unit="g", lsb=lsb_g) for axis in "XYZ") if lsb_g else ()
    return StreamInfo(fs_hz, channels + axes, "cyton", lsb_uv)


def pattern(first: int, end: int, n_channels: int = 8) -> np.ndarray:
    """Counts over the whole 24 bits that follow from the sample index alone (a multiplicative hash)."""
    samples = np.arange(first, end, dtype=np.uint64)[:, None]
    channels = np.arange(n_channels, dtype=np.uint64)[None, :]
    mixed = (samples * np.uint64(0x9E3779B97F4A7C15)) ^ (channels * np.uint64(0xABCDEF9))
    mixed = (mixed * np.uint64(0xD6E8FEB86659FD93)) >> np.uint64(40)
    return (mixed.astype(np.int64) - 2**23).astype(np.int32)


def chunk(first: int, end: int, info: StreamInfo, false: Collection[int] = ()) -> Chunk:
    """A chunk of the pattern; the samples in ``false`` are flagged."""
    flags = np.array([sample in false for sample in range(first, end)], np.uint8) if false else None
    return Chunk.from_counts(first, pattern(first, end, len(info.channels)), info.lsb_uv, 0.0, flags)


def tick(*events: Event) -> Any:
    """What the recorder looks at in a tick."""
    return SimpleNamespace(events=events)


def expected(
    n_samples: int, gaps: list[tuple[int, int]], n_channels: int = 8, false: Collection[int] = ()
) -> np.ndarray:
    """The pattern with each (first, n) gap filled by the last value before it that is not ``false``."""
    counts = pattern(0, n_samples, n_channels)
    for first, n in gaps:
        last = next((at for at in range(first - 1, -1, -1) if at not in false), None)
        counts[first : first + n] = 0 if last is None else counts[last]
    return counts


def record(
    library: Path,
    n_samples: int,
    sizes: Sequence[int] = (50,),
    gaps: Sequence[tuple[int, int]] = (),
    info: StreamInfo | None = None,
    false: Collection[int] = (),
) -> Path:
    """Record the pattern in chunks that cycle through ``sizes``; leave out the gaps, flag what is false."""
    from emgfeedback.storage.recorder import Recorder

    info = info or stream()
    recorder = Recorder(library, info, META)
    first, turn, waiting = 0, 0, list(gaps)
    while first < n_samples:
        limit = waiting[0][0] if waiting else n_samples
        end = min(first + sizes[turn % len(sizes)], limit, n_samples)
        recorder.on_chunk(chunk(first, end, info, false))
        first, turn = end, turn + 1
        if waiting and end == waiting[0][0]:
            first += waiting.pop(0)[1]
    return recorder.close()


CHILD_STREAM = stream(lsb_g=CYTON_LSB_G)
CHILD_RECORD_BYTES = 125 * 3 * 12 + 192
CHILD_HEADER_BYTES = 256 * 14
CHILD_GAPS = [(701 + 2000 * i, 37) for i in range(500)]
CHILD_FALSE = frozenset(sample for i in range(2000) for sample in (500 * i + 200, 500 * i + 201))
"""Two samples in a row; one pair in four stands right before a gap, where its second one is lost."""


def start_child(library: Path, n_samples: int, file_limit: int = 0) -> subprocess.Popen[bytes]:
    """Start a process that records the pattern with gaps, flags and events, faster than real time.

    After each accepted chunk it writes the end sample as 8 bytes to its standard output.
    """
    command = [sys.executable, __file__, str(library), str(n_samples), str(file_limit)]
    # Unbuffered: `communicate` reads the descriptor itself and would lose reports waiting in a buffer.
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def _record(library: Path, n_samples: int, file_limit: int) -> None:
    from emgfeedback.errors import EmgFeedbackError
    from emgfeedback.storage.recorder import Recorder

    if file_limit:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    info = CHILD_STREAM
    gaps = iter(CHILD_GAPS)
    gap_first, gap_length = next(gaps)
    try:
        recorder = Recorder(library, info, META)
        first = 0
        while first < n_samples:
            end = min(first + 5 + first % 7, gap_first)
            recorder.on_chunk(chunk(first, end, info, CHILD_FALSE))
            recorder.on_tick(tick(Event(end, "phase", {"end": end})) if end % 11 == 0 else tick())
            sys.stdout.buffer.write(end.to_bytes(8, "little"))
            sys.stdout.buffer.flush()
            first = end
            if end == gap_first:
                first += gap_length
                gap_first, gap_length = next(gaps)
        recorder.close()
    except EmgFeedbackError as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(failure.exit_code)


if __name__ == "__main__":
    _record(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
