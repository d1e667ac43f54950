"""When each sample was taken: a straight line under the times of arrival, offset and rate fitted.

A driver hands over packages in batches and late, never early. So the line lies along the early ones: the
20th percentile of half a second gives a point, and the points of the last minute a line. Nothing looks ahead.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from emgfeedback.values import Floats

BLOCK_S = 0.5
EARLY_PCT = 20.0
FORGET_S = 60.0
SHORTEST_S = 2.0
"""A rate from less than this is worth nothing."""
LATE_S, LATE_BLOCKS = 0.05, 10
"""Points this far off the line are those of a stall, unless so many come in a row."""


class Timeline:
    """Sample index to time and back.

    Parameters
    ----------
    fs_hz : float
        Nominal rate, used until 2 s have arrived.
    """

    def __init__(self, fs_hz: float) -> None:
        self._fs_hz = fs_hz
        self._block_samples = max(1, round(BLOCK_S * fs_hz))
        self._index: list[npt.NDArray[np.int64]] = []
        self._arrival: list[Floats] = []
        self._anchor_s = math.inf
        self._first_s = math.nan
        self._latest_s = math.nan
        self._outside = 0
        self._forget_all()

    def _forget_all(self) -> None:
        self._weight = self._mean_x = self._mean_y = self._last_x = self._xx = self._xy = 0.0

    @property
    def known(self) -> bool:
        """Whether offset and rate are fitted yet."""
        return self._xx > 0 and self._latest_s - self._first_s >= SHORTEST_S

    @property
    def rate_hz(self) -> float:
        """Measured rate, in Hz; NaN until known."""
        return self._xx / self._xy if self.known else math.nan

    def sample_at(self, time_s: float) -> float:
        """Sample being taken at a time of the arrival clock, not rounded; NaN before any row."""
        if self.known:
            return self._mean_x + (time_s - self._mean_y) * self._xx / self._xy
        return (time_s - self._anchor_s) * self._fs_hz if math.isfinite(self._anchor_s) else math.nan

    def time_of(self, sample: float) -> float:
        """Time of a sample on the arrival clock, a constant few milliseconds late; NaN before any row."""
        if self.known:
            return self._mean_y + (sample - self._mean_x) * self._xy / self._xx
        return self._anchor_s + sample / self._fs_hz if math.isfinite(self._anchor_s) else math.nan

    def add(self, index: npt.NDArray[np.int64], arrival_s: Floats) -> None:
        """Take rows that were placed; indices and times must not go back."""
        if not len(index):
            return
        if math.isnan(self._first_s):
            self._first_s = float(arrival_s[0])
        self._latest_s = float(arrival_s[-1])
        self._anchor_s = min(self._anchor_s, float((arrival_s - index / self._fs_hz).min()))
        self._index.append(index)
        self._arrival.append(arrival_s)
        if index[-1] - self._index[0][0] >= self._block_samples:
            self._close_blocks()

    def cut(self) -> None:
        """Forget the block that was begun: what follows does not belong to it."""
        self._index, self._arrival = [], []

    def _close_blocks(self) -> None:
        """Make one point of every whole block; a long read brings many."""
        index, arrival_s = np.concatenate(self._index), np.concatenate(self._arrival)
        number = index // self._block_samples
        ends = np.flatnonzero(np.diff(number)) + 1
        for part in np.split(np.arange(len(index)), ends)[:-1]:
            self._point(index[part], arrival_s[part])
        rest = ends[-1] if len(ends) else 0
        self._index, self._arrival = [index[rest:]], [arrival_s[rest:]]

    def _point(self, index: npt.NDArray[np.int64], arrival_s: Floats) -> None:
        slope = self._xy / self._xx if self.known else 1 / self._fs_hz
        middle = float(index.mean())
        early_s = float(np.percentile(arrival_s - (index - middle) * slope, EARLY_PCT))
        if self.known and abs(early_s - self.time_of(middle)) > LATE_S:
            self._outside += 1
            if self._outside < LATE_BLOCKS:
                return
            self._forget_all()
            self._first_s = self._latest_s
        self._outside = 0
        self._learn(middle, early_s)

    def _learn(self, x: float, y: float) -> None:
        """Add a point to the weighted least squares, older ones fading; kept about the mean."""
        fade = math.exp(-(x - self._last_x) / self._fs_hz / FORGET_S)
        self._last_x = x
        self._weight = fade * self._weight + 1
        from_x, from_y = x - self._mean_x, y - self._mean_y
        self._mean_x += from_x / self._weight
        self._mean_y += from_y / self._weight
        share = 1 - 1 / self._weight
        self._xx = fade * self._xx + share * from_x**2
        self._xy = fade * self._xy + share * from_x * from_y
