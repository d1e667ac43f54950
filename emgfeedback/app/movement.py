"""Movement of the board from its accelerometer: a trace to look at, no decision."""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.values import ACCEL, Chunk, Floats, StreamInfo

STEP_S, KEPT_S = 0.1, 10.5


class Movement:
    """Change of the acceleration vector from one tenth of a second to the next, in g.

    The means of neighbouring tenths are subtracted and the length of the difference is kept, so that a turn
    in gravity shows as well as a knock, and lying still is zero whatever the position.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._columns = [i for i, channel in enumerate(info.channels) if channel.kind == ACCEL]
        self._lsb_g = np.array([info.channels[i].lsb for i in self._columns])
        self._step = max(1, round(STEP_S * info.fs_hz))
        self._most = round(KEPT_S / STEP_S)
        self._last_g: Floats | None = None
        self._next = self._rows = self._good = 0
        self._sum = np.zeros(len(self._columns))
        self.points: tuple[tuple[int, float], ...] = ()

    @property
    def known(self) -> bool:
        """Whether the board has an accelerometer."""
        return bool(self._columns)

    def on_chunk(self, chunk: Chunk) -> None:
        """Take samples; a gap breaks the trace, and rows that cannot be true are left out."""
        if not self._columns:
            return
        if chunk.first_sample != self._next:
            self._last_g = None
            self._add(chunk.first_sample, math.nan)
            self._forget(chunk.first_sample)
        taken = 0
        while taken < len(chunk.counts):
            end = min(len(chunk.counts), taken + self._step - self._rows)
            self._take(chunk, taken, end)
            taken = end
        self._next = chunk.end_sample

    def _take(self, chunk: Chunk, begin: int, end: int) -> None:
        counts = chunk.counts[begin:end, self._columns]
        if chunk.flagged is not None:
            counts = counts[chunk.flagged[begin:end] == 0]
        counts = counts[counts.any(axis=1)]  # no acceleration at all stands for no value yet
        self._sum += counts.sum(axis=0)
        self._good += len(counts)
        self._rows += end - begin
        if self._rows < self._step:
            return
        if self._good:
            mean_g = self._sum / self._good * self._lsb_g
            if self._last_g is not None:
                self._add(chunk.first_sample + end, float(np.linalg.norm(mean_g - self._last_g)))
            self._last_g = mean_g
        self._forget(chunk.first_sample + end)

    def _add(self, sample: int, change_g: float) -> None:
        self.points = (*self.points, (sample, change_g))[-self._most :]

    def _forget(self, next_sample: int) -> None:
        self._next, self._rows, self._good = next_sample, 0, 0
        self._sum.fill(0.0)
