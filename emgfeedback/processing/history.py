"""What the windows look back on: a few numbers per hop, and the last second of signal for hum."""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.envelope import moving_sum, ordered_sum
from emgfeedback.values import Bits, Floats


class History:
    """Per-hop sums and extremes, oldest first; NaN before the stream began or came back.

    All arrays are (n_hops, n_channels) and hold ``length_hops`` hops before the newest block.
    """

    def __init__(self, grid: Grid, length_hops: int, n_channels: int) -> None:
        self._grid = grid
        self._whole_hops, self._tail_samples = divmod(grid.window_samples, grid.hop_samples)
        self._length = max(length_hops, self._whole_hops + 1)
        unknown = np.full((self._length, n_channels), math.nan)
        self._sum_uv2: Floats = unknown
        self._tail_uv2: Floats = unknown
        self.power_uv2: Floats = unknown
        self.low_uv: Floats = unknown
        self.high_uv: Floats = unknown
        self._flagged: Floats = np.zeros((self._length, 1))

    def extend(self, raw_uv: Floats, clean_uv: Floats, flags: Bits) -> None:
        """Add whole hops of raw and of filtered samples, (n_hops * hop, n_channels) each, and row flags."""
        shape = (-1, self._grid.hop_samples, raw_uv.shape[1])
        raw, squared = raw_uv.reshape(shape), np.square(clean_uv).reshape(shape)
        sums = ordered_sum(squared, axis=1)
        tail = squared[:, -self._tail_samples :] if self._tail_samples else np.zeros_like(squared[:, :1])
        self._sum_uv2 = self._grown(self._sum_uv2, sums)
        self._tail_uv2 = self._grown(self._tail_uv2, ordered_sum(tail, axis=1))
        self.power_uv2 = self._grown(self.power_uv2, sums / self._grid.hop_samples)
        self.low_uv = self._grown(self.low_uv, raw.min(axis=1))
        self.high_uv = self._grown(self.high_uv, raw.max(axis=1))
        self._flagged = self._grown(self._flagged, flags.reshape(shape[:2]).sum(axis=1, dtype=float)[:, None])

    def flagged_share(self, n_hops: int) -> Floats:
        """Share of rows that could not be true in the window of each newest hop, (n_hops, 1)."""
        hops = self._whole_hops + 1
        rows = moving_sum(self._flagged[-(n_hops + hops - 1) :], hops)
        return rows / (hops * self._grid.hop_samples)

    def envelopes_uv(self, n_hops: int) -> Floats:
        """RMS at the newest ``n_hops`` hop ends, over exactly the samples of the window.

        A window is whole hops and the tail of the hop before them.
        """
        total = moving_sum(self._sum_uv2[-(n_hops + self._whole_hops - 1) :], self._whole_hops)
        tail = self._tail_uv2[-(n_hops + self._whole_hops) : -self._whole_hops]
        return np.asarray(np.sqrt((total + tail) / self._grid.window_samples))

    def _grown(self, old: Floats, new: Floats) -> Floats:
        return np.concatenate([old[-self._length :], new])
