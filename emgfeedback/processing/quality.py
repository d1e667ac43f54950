"""When a channel cannot be believed: railed, flat, fallen off, or full of rows that cannot be true.

Limits follow section 7 of the project's science notes. Hum and movement are heard in `listening`, what comes
and goes within a few hops in `artefacts`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from emgfeedback.processing.bandwidth import Grid, statistical_bandwidth_hz
from emgfeedback.processing.history import Columns
from emgfeedback.values import COUNT_MAX, Quality

RAIL_FRACTION = 0.99
FLAT_RMS_UV = 0.3
FLAT_STILL_S = 0.05
SLOW_OFF_S, SLOW_OFF_FRACTION = 1.0, 0.5
FAST_OFF_S, FAST_OFF_FRACTION = 0.3, 0.3
RAIL_MEMORY_S = 0.25
MOST_FLAGGED = 0.10
FAST_OFF_BANDWIDTH_HZ = 67.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one stream, in hops and microvolts."""

    rail_uv: float
    slow_off_hops: int
    fast_off_hops: int
    still_hops: int
    rail_hops: int
    row_hops: int

    @classmethod
    def of(cls, grid: Grid, lsb_uv: float) -> Limits:
        """Turn seconds into whole hops.

        Memory of a rail covers the RMS window and the filter's ring; a narrow band needs longer to tell
        a fallen electrode from a quiet muscle.
        """
        window_s = grid.window_samples / grid.fs_hz
        bandwidth_hz = statistical_bandwidth_hz(grid)
        return cls(
            rail_uv=RAIL_FRACTION * COUNT_MAX * lsb_uv,
            slow_off_hops=grid.hops(SLOW_OFF_S),
            fast_off_hops=grid.hops(FAST_OFF_S * max(1.0, FAST_OFF_BANDWIDTH_HZ / bandwidth_hz)),
            still_hops=math.ceil(FLAT_STILL_S / grid.hop_s),
            rail_hops=grid.hops(window_s + RAIL_MEMORY_S),
            row_hops=grid.window_samples // grid.hop_samples + 1,
        )


class Rater:
    """Flags RAILED, FLAT, OFF and GAP of every hop, over windows of hops that end with it.

    One sample at the rail is enough for RAILED: in an RMS window of at most 400 samples it is over 0.1 %.
    """

    def __init__(self, limits: Limits, columns: Columns, hop_samples: int) -> None:
        self._limits, self._columns = limits, columns
        self._most_flagged = MOST_FLAGGED * limits.row_hops * hop_samples
        n = columns.n_channels
        self._powers_uv2: list[list[float]] = [[] for _ in range(n)]
        self._extremes_uv: list[list[tuple[float, float]]] = [[] for _ in range(n)]
        self._flagged = [0.0] * limits.row_hops
        self.since_rail_hops = [math.inf] * n

    def hop(self, row: Sequence[float], rest_uv2: Sequence[float]) -> list[int]:
        """Take the row of one hop; give the bits of each channel."""
        columns = self._columns
        self._flagged = [*self._flagged[1:], row[columns.flagged.start]]
        gap = int(Quality.GAP) if sum(self._flagged) > self._most_flagged else 0
        powers_uv2, low_uv, high_uv = row[columns.power], row[columns.low], row[columns.high]
        return [
            gap
            | self._at_rail(c, low_uv[c], high_uv[c])
            | self._still(c, low_uv[c], high_uv[c])
            | self._quiet(c, powers_uv2[c], rest_uv2[c] if rest_uv2 else math.nan)
            for c in range(columns.n_channels)
        ]

    def _at_rail(self, c: int, low_uv: float, high_uv: float) -> int:
        rail_uv = self._limits.rail_uv
        railed = high_uv >= rail_uv or low_uv <= -rail_uv
        self.since_rail_hops[c] = 0 if railed else self.since_rail_hops[c] + 1
        return RAILED if self.since_rail_hops[c] < self._limits.rail_hops else 0

    def _still(self, c: int, low_uv: float, high_uv: float) -> int:
        """Say FLAT where all samples of the last hops are the same."""
        recent = self._extremes_uv[c]
        recent.append((low_uv, high_uv))
        del recent[: -self._limits.still_hops]
        still = low_uv == high_uv and recent.count(recent[-1]) == self._limits.still_hops
        return FLAT if still else 0

    def _quiet(self, c: int, power_uv2: float, rest_uv2: float) -> int:
        """Say FLAT under 0.3 µV, OFF under half of rest power; OFF sooner under 0.3 of it."""
        slow_hops, fast_hops = self._limits.slow_off_hops, self._limits.fast_off_hops
        powers_uv2 = self._powers_uv2[c]
        powers_uv2.append(power_uv2)
        del powers_uv2[:-slow_hops]
        flags = 0
        if len(powers_uv2) == slow_hops:
            slow_uv2 = sum(powers_uv2) / slow_hops
            flags = FLAT if slow_uv2 < FLAT_RMS_UV**2 else 0
            flags |= OFF if slow_uv2 < SLOW_OFF_FRACTION * rest_uv2 else 0
        if len(powers_uv2) >= fast_hops:
            fast_uv2 = sum(powers_uv2[-fast_hops:]) / fast_hops
            flags |= OFF if fast_uv2 < FAST_OFF_FRACTION * rest_uv2 else 0
        return flags


RAILED, FLAT, OFF = int(Quality.RAILED), int(Quality.FLAT), int(Quality.OFF)
