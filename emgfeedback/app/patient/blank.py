"""The blank view: sound only. It asks, it counts the time, and it shows nothing of what the muscles do."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import replace

from PySide6.QtGui import QPainter

from emgfeedback.app.patient import calm
from emgfeedback.app.patient.layout import Layout
from emgfeedback.app.patient.picture import ONE_MOMENT, PAUSED, PatientState
from emgfeedback.app.patient.text import Label
from emgfeedback.app.theme import Theme

LISTEN = "Sound only: listen."
ALWAYS_SAID = (ONE_MOMENT, PAUSED)


def suits(state: PatientState) -> bool:
    """Where a picture would tell how it goes."""
    return bool(state.columns) or state.ring_good


def asked(state: PatientState) -> PatientState:
    """The same moment without what the muscles do; faults and pauses are still said."""
    shown = replace(state, columns=(), ring=math.nan, ring_good=False, found=False, trail=(), share=math.nan)
    if not state.ring_good or state.cue in ALWAYS_SAID:
        return shown
    return replace(shown, cue=state.asked, sub=state.asked_sub, left_s=state.clock_s, hint=LISTEN)


def layout_of(state: PatientState, width: float, height: float) -> Layout:
    """The boxes of the calm screen."""
    return calm.layout_of(asked(state), width, height)


def still_key(state: PatientState) -> Hashable:
    """What the still layer depends on, besides size and theme."""
    return calm.still_key(asked(state))


def draw_still(painter: QPainter, state: PatientState, theme: Theme, width: float, height: float) -> None:
    """Paint nothing but the background."""
    calm.draw_still(painter, asked(state), theme, width, height)


def draw(
    painter: QPainter, state: PatientState, theme: Theme, width: float, height: float, glow: float = 0.0
) -> None:
    """Paint what is asked and how long it lasts."""
    calm.draw(painter, asked(state), theme, width, height)


def still_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """No words stay."""
    yield from ()


def live_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words."""
    yield from calm.live_labels(asked(state), theme, layout)
