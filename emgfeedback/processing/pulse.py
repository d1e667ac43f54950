"""The heartbeat's place in the pipeline: heard while rest is measured, taken out once the session asks."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.ecg import BeatMeter, Heard, Heartbeat
from emgfeedback.values import Bits, Floats, Setup

REST, LAST, HOLD = "rest", "last", "hold"
"""Values of `Setup.listen`: rest is measured; this is the last hop of it; only the samples are asked for."""

Hop = tuple[Floats, Floats, Bits]
"""Raw and filtered samples of one hop, (hop, n_channels) each, and flags of its rows."""


class Pulse:
    """One hop in, one hop out: the same, or with removal on the one `delay_hops` before, cleaned.

    Parameters
    ----------
    trunk : positions of the trunk channels among the used ones; only there is a heart listened for
    """

    def __init__(self, grid: Grid, n_channels: int, trunk: Sequence[int], mains_hz: float) -> None:
        self._grid, self._n, self._trunk, self._mains_hz = grid, n_channels, list(trunk), mains_hz
        self._meter = BeatMeter(grid, trunk, mains_hz) if trunk else None
        self._heart: Heartbeat | None = None
        self._heard: Heard | None = None
        self._late: deque[Hop] = deque()
        self._listen = ""

    @property
    def delay_hops(self) -> int:
        """By how many hops what comes out is older than what goes in."""
        return self._heart.delay_hops if self._heart else 0

    @property
    def on_their_way(self) -> int:
        """Hops that went in and have not come out."""
        return len(self._late)

    def configure(self, setup: Setup) -> None:
        """Start to listen with a rest, and to take out from the first hop after the session asked."""
        if setup.listen == REST != self._listen and self._meter:
            self._meter.reset()
        self._listen = setup.listen
        if any(setup.heartbeat) and self._heart is None:
            columns = [i for i, wanted in enumerate(setup.heartbeat) if wanted]
            beat = self._heard.beat if self._heard and columns == self._trunk else None
            self._heart = Heartbeat(self._grid, self._n, columns, self._mains_hz, beat)

    def reset(self) -> None:
        """Start afresh after a gap; what was on its way is lost."""
        self._late.clear()
        for part in (self._meter, self._heart):
            if part:
                part.reset()

    def __call__(self, raw_uv: Floats, clean_uv: Floats, flags: Bits) -> Hop | None:
        """Pass a hop through; None while the first hops with removal on are on their way."""
        if self._heart is None:
            return raw_uv, clean_uv, flags
        self._late.append((raw_uv.copy(), clean_uv, flags.copy()))
        cleaned_uv = self._heart(raw_uv, clean_uv)
        if len(self._late) <= self._heart.delay_hops:
            return None
        then_raw_uv, _, then_flags = self._late.popleft()
        return then_raw_uv, cleaned_uv, then_flags

    def listened(self, raw_uv: Floats, clean_uv: Floats) -> tuple[Floats | None, float]:
        """Listen to a hop of rest.

        Returns
        -------
        At the end of the rest, beat-locked RMS of every used channel, (n_used,), NaN where none is known,
        and the rate per minute; None and NaN before.
        """
        if not self._meter or self._listen not in (REST, LAST):
            return None, math.nan
        self._meter(raw_uv, clean_uv)
        if self._listen != LAST:
            return None, math.nan
        heard = self._meter.heard()
        if self._heart is None:
            self._heard = heard
        residue_uv = np.full(self._n, math.nan)
        residue_uv[self._trunk] = heard.residue_uv
        return residue_uv, heard.rate_bpm
