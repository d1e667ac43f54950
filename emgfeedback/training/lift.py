"""A repetition found on the target inside its work phase, and whether the target led in its middle."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

from emgfeedback.processing.bandwidth import Grid

BRIDGE_S = 0.3
SHORTEST_S = 0.5
MIDDLE = 0.6
CLEAR = 0.6
"""Share of the stretch in which nothing but the ratio may be wanting."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """The longest stretch of effort: hops ``first`` to ``end`` of its phase, and what its middle gave.

    ``margin_ln`` is the median over the middle 60 %, NaN where it cannot be measured; ``clear`` the share
    of hops, 0 to 1, in which the gate was open and no ceiling was passed.
    """

    first: int
    end: int
    margin_ln: float
    clear: float
    stretches: int

    def meets(self, ratio: float) -> bool:
        """Whether the repetition counts at this ratio; 0 asks for effort alone."""
        led = ratio == 0 or self.margin_ln >= math.log(ratio)
        return led and self.clear >= CLEAR


@dataclass(slots=True)
class Lift:
    """Collects the hops of one work phase."""

    grid: Grid
    efforts: list[bool] = field(default_factory=list)
    clears: list[bool] = field(default_factory=list)
    margins_ln: list[float] = field(default_factory=list)

    def add(self, effort: bool, clear: bool, margin_ln: float) -> None:
        """Take one hop; ``margin_ln`` is censored to an infinity, or NaN, where it cannot be measured."""
        self.efforts.append(effort)
        self.clears.append(clear)
        self.margins_ln.append(margin_ln)

    def lifted(self) -> Lifted | None:
        """Find the repetition; None without half a second of effort."""
        stretches = [
            (first, end) for first, end in self._stretches() if end - first >= self.grid.hops(SHORTEST_S)
        ]
        if not stretches:
            return None
        first, end = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
        cut = round((end - first) * (1 - MIDDLE) / 2)
        known = [value for value in self.margins_ln[first + cut : end - cut] if not math.isnan(value)]
        margin_ln = statistics.median(known) if known else math.nan
        clear = sum(self.clears[first:end]) / (end - first)
        return Lifted(first, end, margin_ln, clear, len(stretches))

    def _stretches(self) -> list[tuple[int, int]]:
        """Runs of effort, with breaks under 0.3 s bridged."""
        runs: list[tuple[int, int]] = []
        for hop, effort in enumerate(self.efforts):
            if not effort:
                continue
            if runs and hop - runs[-1][1] < self.grid.hops(BRIDGE_S):
                runs[-1] = runs[-1][0], hop + 1
            else:
                runs.append((hop, hop + 1))
        return runs
