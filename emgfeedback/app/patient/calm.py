"""The calm screen: one word, one line, one number, the same in every view; nothing of what muscles do."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator

from PySide6.QtGui import QPainter

from emgfeedback.app.patient import badges, beside
from emgfeedback.app.patient.layout import Layout, calm_layout, countdown_layout
from emgfeedback.app.patient.picture import PatientState
from emgfeedback.app.patient.text import Label
from emgfeedback.app.theme import Theme


def suits(state: PatientState) -> bool:
    """Where there is nothing to steer by."""
    return not state.columns


def layout_of(state: PatientState, width: float, height: float) -> Layout:
    """The boxes; a larger number where the board came back."""
    counts_down = not state.live and state.left_s is not None
    return countdown_layout(width, height) if counts_down else calm_layout(width, height)


def still_key(state: PatientState) -> Hashable:
    """What the still layer depends on, besides size and theme."""
    return state.live, state.left_s is None, math.isnan(state.ring)


def draw_still(painter: QPainter, state: PatientState, theme: Theme, width: float, height: float) -> None:
    """Paint the track of the ring."""
    if not math.isnan(state.ring):
        badges.ring_track(painter, layout_of(state, width, height).ring, theme)


def draw(
    painter: QPainter, state: PatientState, theme: Theme, width: float, height: float, glow: float = 0.0
) -> None:
    """Paint words, ring and results."""
    layout = layout_of(state, width, height)
    for label in live_labels(state, theme, layout):
        label.draw(painter)
    badges.ring(painter, layout.ring, state, theme)
    badges.results(painter, layout.dots, state, theme, centred=layout.centred)


def still_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """No words stay."""
    yield from ()


def live_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words."""
    yield from beside.words(state, theme, layout)
