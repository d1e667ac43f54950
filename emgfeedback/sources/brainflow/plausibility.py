"""Which rows cannot be true: the serial packet of a board has no checksum.

A flipped bit or junk that looks like a packet gives a value far off for one row. No muscle, movement or
electrode does that: the converter's own filter spreads any step or spike over three samples.
"""

from __future__ import annotations

import numpy as np

from emgfeedback.sources.clock import Flags
from emgfeedback.values import Floats

LOWEST_JUMP_UV = 150.0
"""A smaller spike changes a 250 ms RMS by less than a tenth of a usual reference; it is let pass."""

SURE_JUMP_UV = 1000.0
"""No EMG comes from rest to this within one sample and is gone in the next."""

TIMES_AFTER = 3.0
"""Below that, a spike is false only if the rows behind it are quieter by this: EMG that begins goes on."""

TIMES_USUAL = 2.0
"""A jump this much larger than the largest of the last second is out of line."""

BACK = 0.25
"""A row was false when a later one is back within this share of the jump."""

LONGEST_ROWS = 3
FORGET_S = 1.0


class Plausibility:
    """Find rows that leave their neighbours on any channel and come back within three rows.

    Parameters
    ----------
    fs_hz : float
        Rate, in Hz.
    full_scale_uv : float
        Largest value the converter has; a row beyond it is false at once.
    """

    def __init__(self, fs_hz: float, full_scale_uv: float) -> None:
        self._fade = 0.5 ** (1 / (FORGET_S * fs_hz))
        self._full_scale_uv = full_scale_uv
        self._before: Floats | None = None
        self._usual_uv = np.zeros(0)

    def judge(self, emg_uv: Floats, final: bool) -> Flags:
        """Say of the first rows which are false; as many as can be told without those still to come.

        Parameters
        ----------
        emg_uv : (n_rows, n_channels)
        final : whether to decide about all rows, even where a later one could tell
        """
        before, usual_uv = self._before, self._usual_uv
        false = np.zeros(len(emg_uv), np.bool_)
        for row, now in enumerate(emg_uv):
            beyond = bool(np.any(np.abs(now) > self._full_scale_uv * 1.0001))
            if before is None and not beyond:
                before, usual_uv = now, np.zeros(len(now))
            if before is None or beyond:
                false[row] = True
                continue
            jump_uv = np.abs(now - before)
            out = jump_uv > np.maximum(LOWEST_JUMP_UV, TIMES_USUAL * usual_uv)
            if np.any(out):
                later = emg_uv[row + 1 : row + 1 + LONGEST_ROWS][:, out]
                spike = _is_spike(before[out], jump_uv[out], later)
                if not spike and len(later) < LONGEST_ROWS and not final:
                    return false[:row]
                if spike:
                    false[row] = True
                    continue
            before, usual_uv = now, np.maximum(usual_uv * self._fade, jump_uv)
        return false

    def learn(self, emg_uv: Floats, false: Flags) -> None:
        """Take rows into account that were given out."""
        for now in emg_uv[~false]:
            if self._before is None:
                self._usual_uv = np.zeros(len(now))
            else:
                jump_uv = np.abs(now - self._before)
                self._usual_uv = np.maximum(self._usual_uv * self._fade, jump_uv)
            self._before = now

    def restart(self) -> None:
        """Forget the last row: the board was away."""
        self._before = None


def _is_spike(before: Floats, jump_uv: Floats, later: Floats) -> bool:
    """Whether the signal is back soon; where EMG could reach so far, also whether it is quiet behind."""
    away_uv = np.abs(later - before)
    sure = jump_uv > SURE_JUMP_UV
    if np.any(sure) and np.any(np.all(away_uv[:, sure] < BACK * jump_uv[sure], axis=1)):
        return True
    if len(later) < LONGEST_ROWS:
        return False
    after_uv = np.abs(np.diff(later, axis=0)).max(axis=0)
    return bool(np.any((away_uv[0] < BACK * jump_uv) & (jump_uv > TIMES_AFTER * after_uv)))
