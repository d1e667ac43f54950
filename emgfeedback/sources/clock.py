"""Package counter and arrival time to gap-true sample index, and from there to the time of a sample.

A board counts its packages in a byte or so; a radio loses some, and nothing protects the byte. The counter
alone is blind to the loss of whole cycles (300 lost packages read as 44) and believes a flipped bit; the
time of arrival alone is too coarse to count samples. Together, and with the next row, they are exact as long
as the clocks of board and computer agree to half a cycle over the gap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.sources.timeline import Timeline
from emgfeedback.values import Floats

Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_PLACE = -1
"""Index of a row that stands between two samples in a row: it was made of junk."""

EARLIEST_S = 0.25
"""A row cannot come before it is sampled; this much is allowed for an unsettled clock."""


@dataclass(frozen=True, slots=True)
class Counter:
    """How a board numbers what it sends.

    ``modulo`` is the cycle of the number, ``stride`` its step from one package to the next, and ``rows``
    how many samples share it. ``repeats`` is how many rows of one number are samples that the next number
    already accounts for: 1 in a package of two; on a Daisy any, since the number stands still for as
    long as the packages of its second half are lost. ``stale`` says that such rows carry old values.
    ``guarded`` says that the link has a checksum, so that a number is never false.
    """

    modulo: int = 256
    stride: int = 1
    rows: int = 1
    repeats: int = 0
    stale: bool = False
    guarded: bool = False

    @property
    def cycle_samples(self) -> int:
        """Samples after which the number comes round again."""
        return self.modulo // self.stride * self.rows


@dataclass(frozen=True, slots=True)
class Placed:
    """Sample index of rows, `NO_PLACE` for one between two samples, and which of them cannot be true."""

    index: Indices
    false: Flags


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
        self._last = -1
        self._base = -1
        self._number: int | None = None
        self._repeat = 0
        self._arrived_s = math.nan
        self._began_s = math.nan
        self.timeline = Timeline(fs_hz)

    @property
    def next_sample(self) -> int:
        """Index after the last one that was placed."""
        return self._last + 1

    @property
    def fs_measured_hz(self) -> float:
        """Rate of the board against the arrival clock; NaN in the first 2 s."""
        return self.timeline.rate_hz

    @property
    def drift_ppm(self) -> float:
        """How much faster than nominal the board is, in parts per million; NaN in the first 2 s."""
        return (self.fs_measured_hz / self._fs_hz - 1) * 1e6

    def sample_at(self, time_s: float) -> int:
        """Index of the sample taken nearest to a time of the arrival clock; NaN-free once rows came."""
        return round(self.timeline.sample_at(time_s))

    def restart(self) -> None:
        """Forget the number: the board was reset, and the next row is placed by its time of arrival."""
        self._number = None
        self.timeline.cut()

    def place(
        self, numbers: npt.ArrayLike, arrival_s: Floats, limit: int | None = None, final: bool = True
    ) -> Placed:
        """Indices of the first rows of a read, strictly increasing; the first row ever has 0.

        Rows that were held back and then come all at once are late, not lost, if this same read shows
        them catching up; so after a silence, wait a moment before reading. A row that skips numbers is
        believed only when the row after it agrees.

        Parameters
        ----------
        numbers : (n_rows,) package numbers
        arrival_s : (n_rows,) non-decreasing, in seconds, of any monotonic clock
        limit : place so many rows at most; the rest is only looked at
        final : whether to decide about a last row without its successor; else it is left out
        """
        rows = np.asarray(numbers, dtype=np.int64)
        index, false = [], []
        for row in range(len(rows) if limit is None else limit):
            found = self._place(rows, arrival_s, row, final)
            if found is None:
                break
            index.append(found[0])
            false.append(found[1])
        placed = Placed(np.array(index, np.int64), np.array(false, np.bool_))
        good = ~placed.false
        self.timeline.add(placed.index[good], arrival_s[: len(good)][good])
        return placed

    def _place(self, rows: Any, arrival_s: Floats, row: int, final: bool) -> tuple[int, bool] | None:
        """Index of one row and whether it is false, or None if only its successor can tell."""
        number, now_s = int(rows[row]), float(arrival_s[row])
        if self._last < 0:
            self._began_s = now_s
            return self._trust(0, number, now_s)
        if self._number is None:
            return self._trust(max(self._last + 1, self.sample_at(now_s)), number, now_s)
        if self._counter is None:
            return self._trust(self._last + 1, number, now_s)
        step = self._step(self._number, number)
        if step == 0 and self._repeat < self._counter.repeats:
            self._repeat, self._arrived_s = self._repeat + 1, now_s
            self._last = self._last + 1
            return self._last, self._counter.stale
        if step is not None:
            cycles = self._cycles(step, arrival_s, row)
            if cycles or step == self._counter.rows or self._counter.guarded:
                return self._trust(self._base + step + cycles * self._counter.cycle_samples, number, now_s)
        if row + 1 == len(rows) and not final:
            return None
        return self._judge(step, number, now_s, int(rows[row + 1]) if row + 1 < len(rows) else None)

    def _judge(self, step: int | None, number: int, now_s: float, successor: int | None) -> tuple[int, bool]:
        """Decide about a row that does not follow the one before: a loss, a false row, or junk between.

        A true row lies between its neighbours; with a flipped bit the next number goes back, which in a
        counter that wraps shows as a whole cycle more.
        """
        before = number if self._number is None else self._number
        after = None if successor is None else self._step(before, successor)
        onward = None if successor is None else self._step(number, successor)
        agrees = after is None or (step is not None and onward is not None and step + onward == after)
        if step and agrees:
            candidate = self._base + step
            if not self._too_early(candidate, now_s):
                return self._trust(candidate, number, now_s)
            if onward is not None:
                return self._trust(self._last + 1, number, now_s)
        if after is not None and self._base + after == self._last + 1:
            return NO_PLACE, True
        self._last += 1
        return self._last, True

    def _trust(self, index: int, number: int, now_s: float) -> tuple[int, bool]:
        self._last = self._base = max(index, self._last + 1)
        self._number, self._repeat, self._arrived_s = number, 0, now_s
        return self._last, False

    def _step(self, before: int, number: int) -> int | None:
        """Samples from one number to another; None where the board has no such number."""
        if self._counter is None:
            return 1
        turned, rest = divmod((number - before) % self._counter.modulo, self._counter.stride)
        return None if rest else turned * self._counter.rows

    def _cycles(self, step: int, arrival_s: Floats, row: int) -> int:
        """Whole cycles of the counter that went by unseen before a row, if no later row catches up."""
        if self._counter is None:
            return 0
        cycle = self._counter.cycle_samples
        fs_hz = self.timeline.rate_hz if self.timeline.known else self._fs_hz
        waited = (arrival_s[row:] - self._arrived_s) * fs_hz - step
        if waited[0] <= cycle / 2:
            return 0
        never_caught_up = float((waited - np.arange(len(waited))).min())
        return max(0, round(never_caught_up / cycle))

    def _too_early(self, candidate: int, now_s: float) -> bool:
        """Whether a sample would have come before it was taken."""
        slack = EARLIEST_S * self._fs_hz
        if self.timeline.known:
            return candidate > self.timeline.sample_at(now_s) + slack
        streamed_s = self._arrived_s - self._began_s
        fastest_hz = max(self._fs_hz, self._last / streamed_s if streamed_s > 0 else math.inf)
        return candidate > self._last + 1.5 * fastest_hz * (now_s - self._arrived_s) + slack
