"""A rival that should stay quiet, measured against the person's own first tries."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from emgfeedback.values import Floats, Quiet

Log = Callable[[str, Mapping[str, Any]], None]


class QuietRival:
    """Draws a line through the first tries, once, and says how much of later efforts was under it.

    ``line_pct`` is the percentile of the rival's level over all effort hops of the tries, in %ref, None
    until as many tries as asked for are closed; from then on it never changes. A rival that nobody listens
    to has none.

    Parameters
    ----------
    muscles : codes of the used channels, in order
    log : told ``quiet`` with muscle and line, when the line is drawn
    """

    def __init__(self, quiet: Quiet, muscles: Sequence[str], log: Log) -> None:
        self.line_pct: float | None = None
        self._quiet, self._log = quiet, log
        self._column = muscles.index(quiet.muscle) if quiet.muscle in muscles else None
        self._running = 0
        self._levels_pct: list[float] = []
        self._tries: dict[int, list[float]] = {}

    def add(self, repetition: int, level_pct: Floats, effort: bool) -> None:
        """Take one hop of a repetition; a level that is not known says nothing.

        Parameters
        ----------
        level_pct : (n_used,), in %ref
        effort : whether the target's gate is open
        """
        if repetition != self._running:
            self._running, self._levels_pct = repetition, []
        value = self._level_pct(level_pct)
        if effort and math.isfinite(value):
            self._levels_pct.append(value)

    def forbids(self, level_pct: Floats) -> bool:
        """Whether the line is a ceiling and the rival is above it; never while there is no line."""
        over = self.line_pct is not None and self._level_pct(level_pct) > self.line_pct
        return over and self._quiet.ceiling

    def close(self, repetition: int, void: bool) -> float | None:
        """End a repetition: % of its effort time at or under the line, None where there is no line or effort.

        A try that is not void and had any effort counts towards the line; the tries have no share
        themselves.
        """
        levels_pct = self._levels_pct if repetition == self._running else []
        self._running, self._levels_pct = 0, []
        if self.line_pct is None:
            if levels_pct and not void:
                self._try(repetition, levels_pct)
            return None
        if not levels_pct:
            return None
        return 100 * sum(level <= self.line_pct for level in levels_pct) / len(levels_pct)

    def drop(self, repetition: int) -> None:
        """Take back a try that was made void afterwards; too late once the line is drawn."""
        self._tries.pop(repetition, None)

    def _level_pct(self, level_pct: Floats) -> float:
        return math.nan if self._column is None else float(level_pct[self._column])

    def _try(self, repetition: int, levels_pct: list[float]) -> None:
        self._tries[repetition] = levels_pct
        if len(self._tries) >= self._quiet.tries:
            pooled_pct = np.concatenate(list(self._tries.values()))
            self.line_pct = float(np.percentile(pooled_pct, self._quiet.percentile))
            self._tries.clear()
            self._log("quiet", {"muscle": self._quiet.muscle, "line_pct": self.line_pct})
