"""What the windows look back on: a few numbers per hop, oldest first."""

from __future__ import annotations

import itertools
import math

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.envelope import moving_sum, ordered_sum
from emgfeedback.values import Bits, Floats

LINES_HZ = (50.0, 60.0)
"""Both mains frequencies are listened to: a wrong setting must not hide hum."""


class Columns:
    """Where the numbers of a hop stand in its row; ``pairs`` are the channels whose products are kept."""

    def __init__(self, n_channels: int) -> None:
        self.n_channels = n_channels
        self.pairs = tuple(itertools.combinations(range(n_channels), 2))
        sizes = {"sum": n_channels, "tail": n_channels, "power": n_channels, "low": n_channels}
        sizes |= {"high": n_channels, "mean": n_channels, "peak": n_channels, "flagged": 1}
        sizes |= {"product": len(self.pairs), "line": 2 * len(LINES_HZ)}
        ends = list(itertools.accumulate(sizes.values()))
        self.n = ends[-1]
        spans = (slice(end - size, end) for end, size in zip(ends, sizes.values(), strict=True))
        self.sum, self.tail, self.power, self.low, self.high, self.mean, self.peak, *rest = spans
        self.flagged, self.product, self.line = rest


class History:
    """Per-hop sums and extremes of raw and filtered signal; NaN before the stream began or came back.

    ``rows`` is (n_hops, `Columns.n`): the ``length_hops`` hops before the newest block, and that block.
    Powers and peaks are µV² of the filtered signal, low, high and mean are µV of the raw one, products are
    the mean of ``clean_i * clean_j`` over the hop, lines the cosine and sine sums of the first channel at
    `LINES_HZ`.
    """

    def __init__(self, grid: Grid, length_hops: int, n_channels: int) -> None:
        self.columns = Columns(n_channels)
        self._grid = grid
        self._whole_hops, self._tail_samples = divmod(grid.window_samples, grid.hop_samples)
        self._length = max(length_hops, self._whole_hops + 1)
        self.rows: Floats = np.full((self._length, self.columns.n), math.nan)
        self.rows[:, self.columns.flagged] = 0.0
        first, second = zip(*self.columns.pairs, strict=True) if self.columns.pairs else ((), ())
        self._first, self._second = np.array(first, np.intp), np.array(second, np.intp)
        turns = np.outer(np.arange(grid.hop_samples), np.array(LINES_HZ) / grid.fs_hz)
        self._waves = np.column_stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])

    def extend(self, raw_uv: Floats, clean_uv: Floats, flags: Bits) -> None:
        """Add whole hops of raw and of filtered samples, (n_hops * hop, n_channels) each, and row flags."""
        hop = self._grid.hop_samples
        shape = (-1, hop, raw_uv.shape[1])
        raw, clean = raw_uv.reshape(shape), clean_uv.reshape(shape)
        products = clean.take(self._first, axis=2) * clean.take(self._second, axis=2)
        together = np.concatenate([clean * clean, products, clean[:, :, :1] * self._waves, raw], axis=2)
        sums = np.add.accumulate(together, axis=1)
        n, last = raw_uv.shape[1], sums[:, -1]
        squared, pairs = together[:, :, :n], len(self._first)
        tail = (
            ordered_sum(squared[:, -self._tail_samples :], axis=1) if self._tail_samples else last[:, :n] * 0
        )
        flagged = flags.reshape(shape[:2]).sum(axis=1, dtype=float)[:, None] if flags.any() else None
        new = [last[:, :n], tail, last[:, :n] / hop, raw.min(axis=1), raw.max(axis=1), last[:, -n:] / hop]
        new += [squared.max(axis=1), np.zeros((len(raw), 1)) if flagged is None else flagged]
        new += [last[:, n : n + pairs] / hop, last[:, n + pairs : -n]]
        self.rows = np.concatenate([self.rows[-self._length :], np.concatenate(new, axis=1)])

    def envelopes_uv(self, n_hops: int) -> Floats:
        """RMS at the newest ``n_hops`` hop ends, over exactly the samples of the window.

        A window is whole hops and the tail of the hop before them.
        """
        sums = self.rows[-(n_hops + self._whole_hops - 1) :, self.columns.sum]
        total = moving_sum(sums, self._whole_hops)
        tail = self.rows[-(n_hops + self._whole_hops) : -self._whole_hops, self.columns.tail]
        return np.asarray(np.sqrt((total + tail) / self._grid.window_samples))
