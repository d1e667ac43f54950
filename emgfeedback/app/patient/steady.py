"""Calms what is drawn for the eye; the score never passes here. No Qt, and the clock is handed in."""

from __future__ import annotations

import math
from dataclasses import replace

from emgfeedback.app.patient.picture import PAUSED, WELL_DONE, PatientState


class Steady:
    """Calms what is drawn: levels ease, dropouts of the found state are bridged, cues do not flicker."""

    EASE_S = 0.080
    BRIDGE_S = 0.300
    NUMBER_S = 0.250
    TRAIL_EVERY_S, TRAIL_POINTS = 0.08, 16

    def __init__(self) -> None:
        self._shown: PatientState | None = None
        self._levels: dict[str, tuple[float, float]] = {}
        self._glow = 0.0
        self._heat: dict[str, float] = {}
        self._trail: list[tuple[float, ...]] = []
        self._said = (math.nan, -math.inf)
        self._trailed_s = -math.inf
        self._changed_s = 0.0
        self._last_s = 0.0

    @property
    def glow(self) -> float:
        """Strength of the found look, 0 to 1: a fade, never a flash."""
        return self._glow

    def step(self, state: PatientState, now_s: float) -> PatientState:
        """The state to draw at monotonic ``now_s``."""
        elapsed_s = max(0.0, now_s - self._last_s)
        self._last_s = now_s
        shown = self._bridge(state, now_s)
        fade = 1.0 - math.exp(-elapsed_s / (2 * self.EASE_S))
        self._glow = _faded(self._glow, float(shown.found), fade)
        eased = self._eased(shown, 1.0 - math.exp(-elapsed_s / self.EASE_S), fade)
        self._shown = replace(eased, share=self._number(eased, now_s), trail=self._trailing(eased, now_s))
        return self._shown

    def _number(self, state: PatientState, now_s: float) -> float:
        """The share to read: a new number four times a second, and none where there is none."""
        share, said_s = self._said
        if math.isnan(state.share) or math.isnan(share) or now_s - said_s >= self.NUMBER_S:
            self._said = (state.share, now_s)
        return self._said[0]

    def _trailing(self, state: PatientState, now_s: float) -> tuple[tuple[float, ...], ...]:
        """The levels drawn lately; forgotten as soon as there are none."""
        if not state.parts:
            self._trail.clear()
        elif now_s - self._trailed_s >= self.TRAIL_EVERY_S:
            self._trailed_s = now_s
            self._trail = [*self._trail, state.parts][-self.TRAIL_POINTS :]
            self._trail = [parts for parts in self._trail if len(parts) == len(state.parts)]
        return tuple(self._trail)

    def _bridge(self, state: PatientState, now_s: float) -> PatientState:
        """Keep the last words for `BRIDGE_S` while both moments ask for work and the news is not better."""
        last = self._shown
        if last is None or not (last.ring_good and state.ring_good):
            self._changed_s = now_s
            return state
        if last.repetition != state.repetition or state.cue == last.cue or (state.found and not last.found):
            self._changed_s = now_s
            return state
        if now_s - self._changed_s >= self.BRIDGE_S or state.cue in (PAUSED, WELL_DONE):
            self._changed_s = now_s
            return state
        kept = {column.muscle: column.word for column in last.columns}
        columns = tuple(
            column if column.problem else replace(column, word=kept.get(column.muscle, ""))
            for column in state.columns
        )
        return replace(state, cue=last.cue, sub=last.sub, found=last.found, columns=columns)

    def _eased(self, state: PatientState, weight: float, fade: float) -> PatientState:
        columns = []
        for column in state.columns:
            level, line = self._levels.get(column.muscle, (column.level, column.line))
            level, line = _toward(level, column.level, weight), _toward(line, column.line, weight)
            self._levels[column.muscle] = level, line
            heat = _faded(self._heat.get(column.muscle, 0.0), float(column.over), fade)
            self._heat[column.muscle] = heat
            columns.append(replace(column, level=level, line=line, heat=heat))
        if not state.columns:
            self._heat.clear()
        return replace(state, columns=tuple(columns))


def _faded(shown: float, wanted: float, weight: float) -> float:
    shown += (wanted - shown) * weight
    return wanted if abs(shown - wanted) < 0.01 else shown


def _toward(shown: float, wanted: float, weight: float) -> float:
    if math.isnan(shown) or math.isnan(wanted) or abs(wanted - shown) < 0.0005:
        return wanted
    return shown + (wanted - shown) * weight
