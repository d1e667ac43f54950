"""Time stamps to gap-true sample index.

LSL loses no sample on its way and numbers none, so only the sender's time stamps tell what was lost before or
between. Some come from the clock of the amplifier and are exact; most say when the sender got round to it.
A late sender catches up, a loss stays: so a jump is judged by the rows of the next moment. And steps that go
back prove that stamps are jittery, since no loss makes one; jumps no larger are then taken for jitter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emgfeedback.values import Floats

Indices = npt.NDArray[np.int64]

CONFIRM_S = 0.1
"""How long a jump waits for rows that show the sender catching up."""

SMALLEST_JUMP = 0.5
"""A step of more than 1.5 samples is a jump."""

BEFORE_S = 0.25
JITTER_FORGET_S, MOST_JITTER_S = 10.0, 0.1
BACK_S, AHEAD_S = 5.0, 1.0
"""Stamps that go back or ahead of the time that passed by more belong to a clock that was set."""


class StampClock:
    """Give rows their place by their stamps.

    Parameters
    ----------
    fs_hz : float
        Nominal rate, in Hz.
    """

    def __init__(self, fs_hz: float) -> None:
        self._fs_hz = fs_hz
        self._next = 0
        self._stamp_s = self._came_s = 0.0
        self._began = False
        self._missing = np.empty(0)
        self._since_s = np.empty(0)
        self._lags = np.zeros(1)
        self._jitter = 0.0

    @property
    def next_sample(self) -> int:
        """Index after the last row that was placed."""
        return self._next

    def place(self, stamps_s: Floats, now_s: float, fs_measured_hz: float) -> Indices:
        """Indices of the oldest waiting rows, as many as can be told; those of this call wait last.

        Parameters
        ----------
        stamps_s : (n_rows,) of the sender's clock, in seconds; none to look again at the rows that wait
        now_s : monotonic time of this call
        fs_measured_hz : rate, for what the nominal one is off; ignored where NaN or more than 2 % off
        """
        off = abs(fs_measured_hz / self._fs_hz - 1)
        rate_hz = fs_measured_hz if off < 0.02 else self._fs_hz
        self._missing = np.concatenate((self._missing, self._steps(stamps_s, now_s, rate_hz)))
        self._since_s = np.concatenate((self._since_s, np.full(len(stamps_s), now_s)))
        found: list[Indices] = []
        while len(self._missing):
            jumps = np.flatnonzero(self._missing > SMALLEST_JUMP + self._jitter)
            calm = int(jumps[0]) if len(jumps) else len(self._missing)
            found.append(self._take(calm, 0))
            if not len(jumps) or now_s - self._since_s[0] < CONFIRM_S:
                break
            found.append(self._take(1, self._lost()))
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _steps(self, stamps_s: Floats, now_s: float, rate_hz: float) -> Floats:
        """Samples that each new row is later than the next place."""
        if not len(stamps_s):
            return np.empty(0)
        if not self._began:
            self._stamp_s, self._came_s, self._began = stamps_s[0] - 1 / rate_hz, now_s, True
        passed_s = now_s - self._came_s
        steps_s = np.diff(stamps_s, prepend=self._stamp_s)
        set_anew = (steps_s < -BACK_S) | (steps_s > passed_s + AHEAD_S) | ~np.isfinite(steps_s)
        after_s = np.arange(len(steps_s))[::-1] / rate_hz
        steps_s[set_anew] = np.maximum(passed_s - after_s, 1 / rate_hz)[set_anew]
        self._stamp_s, self._came_s = float(stamps_s[-1]), now_s
        return steps_s * rate_hz - 1

    def _lost(self) -> int:
        """How many samples were lost before the first waiting row, as the rows after it show."""
        lags = self._lags[-1] + np.cumsum(self._missing)
        stayed = float(lags.min() - self._lags.min())
        return round(stayed) if stayed > SMALLEST_JUMP + self._jitter else 0

    def _take(self, n_rows: int, lost: int) -> Indices:
        """Place the first waiting rows one after the other, the first ``lost`` samples further on."""
        if not n_rows:
            return np.empty(0, np.int64)
        taken, self._missing = self._missing[:n_rows].copy(), self._missing[n_rows:]
        self._since_s = self._since_s[n_rows:]
        taken[0] -= lost
        kept = max(1, round(BEFORE_S * self._fs_hz))
        self._lags = np.concatenate((self._lags, self._lags[-1] + np.cumsum(taken)))[-kept:]
        fade = 0.5 ** (n_rows / (JITTER_FORGET_S * self._fs_hz))
        back = min(float(-taken.min()), MOST_JITTER_S * self._fs_hz)
        self._jitter = max(self._jitter * fade, back if back > SMALLEST_JUMP else 0.0)
        indices = self._next + lost + np.arange(n_rows)
        self._next = int(indices[-1]) + 1
        return indices
