"""Package counter and arrival time to gap-true sample index.

A board counts its packages in a byte or so; a radio loses some. The counter alone is blind to the loss of
whole cycles (300 lost packages read as 44), the time of arrival alone is too coarse to count samples.
Together they are exact, as long as the clocks of board and computer agree to half a cycle over the gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emgfeedback.values import Floats

Indices = npt.NDArray[np.int64]

SHORTEST_FIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Counter:
    """How a board numbers what it sends.

    ``modulo`` is the cycle of the number, ``stride`` its step from one package to the next, and ``rows``
    how many samples share it. ``repeats`` is how many rows of one number are samples that the next number
    already accounts for: 1 in a package of two; on a Daisy any, since the number stands still for as
    long as the packages of its second half are lost.
    """

    modulo: int = 256
    stride: int = 1
    rows: int = 1
    repeats: int = 0

    @property
    def cycle_samples(self) -> int:
        """Samples after which the number comes round again."""
        return self.modulo // self.stride * self.rows


class SampleClock:
    """Turn what arrived into sample indices that keep lost samples in the time base.

    Parameters
    ----------
    fs_hz : float
        Nominal rate, in Hz; an error of 2 % is harmless for gaps up to 20 s at 250 Hz.
    counter : Counter or None
        None for a board without a known counter: samples are then simply counted.
    """

    def __init__(self, fs_hz: float, counter: Counter | None) -> None:
        self._fs_hz = fs_hz
        self._counter = counter
        self._index = -1
        self._number = 0
        self._place = -1
        self._arrived_s = 0.0
        self._fit = _LineFit()

    @property
    def fs_measured_hz(self) -> float:
        """Rate of the board against the arrival clock, by least squares; NaN in the first 2 s."""
        return self._fit.rate_hz()

    def indices(self, numbers: npt.ArrayLike, arrival_s: Floats) -> Indices:
        """Sample indices of the rows of one read, strictly increasing; the first row ever has 0.

        Rows that were held back and then come all at once are late, not lost, if this same read shows
        them catching up; so after a silence, wait a moment before reading.

        Parameters
        ----------
        numbers : (n_rows,) package numbers
        arrival_s : (n_rows,) non-decreasing, in seconds, of any monotonic clock
        """
        packages = np.asarray(numbers, dtype=np.int64)
        if len(packages) == 0:
            return packages
        if self._index < 0:
            self._number, self._arrived_s = int(packages[0]), float(arrival_s[0])
        steps = self._steps(packages)
        lost = self._lost_cycles(steps, np.diff(arrival_s, prepend=self._arrived_s))
        found = self._index + np.cumsum(np.maximum(steps + lost, 1))
        self._index, self._number, self._arrived_s = int(found[-1]), int(packages[-1]), float(arrival_s[-1])
        self._fit.add(found, arrival_s)
        return found

    def _steps(self, packages: Indices) -> Indices:
        """Samples from row to row by the counter alone; below 1 where the number stands still."""
        if self._counter is None:
            return np.ones_like(packages)
        before = np.concatenate(([self._number], packages[:-1]))
        turned = (packages - before) % self._counter.modulo // self._counter.stride
        rows = np.arange(1, len(packages) + 1)
        run_starts = np.maximum.accumulate(np.where(turned > 0, rows, -self._place))
        places = np.minimum(rows - run_starts, self._counter.repeats)
        consumed = np.concatenate(([self._place], places[:-1]))
        self._place = int(places[-1])
        return turned * self._counter.rows - consumed

    def _lost_cycles(self, steps: Indices, waited_s: Floats) -> Indices:
        """Samples in whole cycles of the counter that went by unseen before each row."""
        lost = np.zeros_like(steps)
        if self._counter is None:
            return lost
        cycle = self._counter.cycle_samples
        missing = waited_s * self._fs_hz - np.maximum(steps, 1)
        for row in np.flatnonzero(missing > cycle / 2):
            never_caught_up = float(np.cumsum(missing[row:]).min())
            lost[row] = cycle * max(0, round(never_caught_up / cycle))
        return lost


class _LineFit:
    """Least squares of arrival time on sample index, kept as running sums about the first point."""

    def __init__(self) -> None:
        self._origin: tuple[int, float] | None = None
        self._span_s = 0.0
        self._sums = np.zeros(5)

    def add(self, index: Indices, arrival_s: Floats) -> None:
        first, start_s = self._origin = self._origin or (int(index[0]), float(arrival_s[0]))
        x, y = (index - first).astype(float), arrival_s - start_s
        self._sums += np.array([len(x), x.sum(), y.sum(), x @ x, x @ y])
        self._span_s = float(y[-1])

    def rate_hz(self) -> float:
        if self._span_s < SHORTEST_FIT_S:
            return float("nan")
        n, x, y, xx, xy = self._sums
        return float((n * xx - x * x) / (n * xy - x * y))
