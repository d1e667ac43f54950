"""The tick table: one row per hop, for people who want to look closer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TextIO

from emgfeedback.errors import UsageError
from emgfeedback.values import Chunk, Quality, StreamInfo, Tick


class TickTable:
    """A sink that writes ``--ticks FILE.csv``; what cannot be measured is empty."""

    def __init__(self, path: Path, info: StreamInfo) -> None:
        self._fs_hz = info.fs_hz
        self._muscles = muscles = [info.channels[i].muscle for i in info.used()]
        try:
            self._file: TextIO = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise UsageError(
                f"--ticks {path}: cannot be written ({error.strerror}); name a file in a folder that exists"
            ) from None
        names = [f"{muscle}_uv" for muscle in muscles] + [f"{muscle}_pct" for muscle in muscles]
        self._write(["time_s", "end_sample", *names, *_COLUMNS])

    def on_chunk(self, chunk: Chunk) -> None:
        """Raw samples are not in the table."""

    def on_tick(self, tick: Tick) -> None:
        """Write a row."""
        frame, who = tick.frame, tick.dominance
        self._write(
            [
                _number(frame.end_sample / self._fs_hz),
                str(frame.end_sample),
                *map(_number, frame.envelope_uv.tolist()),
                *map(_number, tick.level_pct.tolist()),
                *map(_number, (who.share, who.share_low, who.share_high)),
                *map(_number, (who.margin_ln, who.margin_low_ln, who.confidence)),
                who.leader,
                self._quality(tick),
                str(int(tick.reward.good)),
                tick.phase.kind,
                str(int(tick.reward.rewarded)),
            ]
        )

    def close(self) -> None:
        """Flush and close the file."""
        self._file.close()

    def _quality(self, tick: Tick) -> str:
        """Flags by muscle, as in ``tfl:railed+mains ql:off``; empty when all are clean."""
        return " ".join(
            f"{muscle}:{'+'.join(flag.name.lower() for flag in Quality if flag.name and flag & int(bits))}"
            for muscle, bits in zip(self._muscles, tick.frame.quality, strict=True)
            if bits
        )

    def _write(self, cells: list[str]) -> None:
        self._file.write(",".join(cells) + "\n")


_COLUMNS = (
    "share",
    "share_low",
    "share_high",
    "margin_ln",
    "margin_low_ln",
    "confidence",
    "leader",
    "quality",
    "good",
    "phase",
    "rewarded",
)


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else ""
