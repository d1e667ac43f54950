"""What sounds on and on: pentatonic steps that rise with the margin, and a rustle for a rival that works."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from emgfeedback.app import words
from emgfeedback.app.patient.picture import PAUSED, Column, PatientState
from emgfeedback.values import RIVAL, TARGET

STEPS_HZ = (220.0, 246.94, 277.18, 329.63, 369.99, 440.0)
"""A major pentatonic from A3; the octave on top is the decision itself."""
RAMP_S, CALM_FADE_S = 0.020, 0.2
"""Every change takes this long; the second is the slow fade when the board is gone."""
STEP_LN = 0.14


@dataclass(frozen=True, slots=True)
class Tone:
    """What sounds now; 0 Hz is silence, reached within ``fade_s``.

    ``left`` and ``right`` are the rustle in that ear: a rival at the back of the body (the waist), and one at
    its front (the front of the hip); one at the side is heard in both.
    """

    hz: float = 0.0
    fade_s: float = RAMP_S
    left: bool = False
    right: bool = False


def tone(state: PatientState) -> Tone:
    """The sound of a state: higher as the target leads more, the top note when it is good.

    Nothing is heard where nothing is asked, where a signal is missing, and where nobody works.
    """
    if not state.live:
        return Tone(fade_s=CALM_FADE_S)
    if not state.ring_good or state.cue == PAUSED or any(column.problem for column in state.columns):
        return Tone()
    if not state.columns:
        return Tone(STEPS_HZ[-1]) if state.found else Tone()
    rivals = [column for column in state.columns if column.role == RIVAL]
    places = [words.muscle(column.muscle).front for column in rivals if column.on and not state.found]
    rustle = {"left": any(place <= 0 for place in places), "right": any(place >= 0 for place in places)}
    target = next((column for column in state.columns if column.role == TARGET), None)
    if target is None or not target.on:
        return Tone(**rustle)
    return Tone(STEPS_HZ[-1] if state.found else _below_the_top(rivals), **rustle)


def _below_the_top(rivals: Sequence[Column]) -> float:
    """The step for how far the rival that matters most is from its line."""
    lines = [_ln_behind(rival.level, rival.line) for rival in rivals if not math.isnan(rival.line)]
    behind_ln = max(lines, default=0.0)
    highest = len(STEPS_HZ) - 2
    return STEPS_HZ[highest - int(min(max(behind_ln, 0.0) / STEP_LN, highest))]


def _ln_behind(level: float, line: float) -> float:
    return math.log(max(level, 1e-3) / max(line, 1e-3))
