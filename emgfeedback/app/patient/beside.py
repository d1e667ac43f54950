"""What stands beside every scene: the word, the line, the ring, the share of the work, the repetitions."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from emgfeedback.app.patient import badges, ink
from emgfeedback.app.patient.layout import Box, Layout
from emgfeedback.app.patient.picture import Column, PatientState
from emgfeedback.app.patient.text import CENTRE, LEFT, TOP_CENTRE, TOP_LEFT, Label
from emgfeedback.app.theme import Theme
from emgfeedback.values import TARGET

NO_EFFORT, NOT_MEASURED, TOP = "No effort yet", "Not measured now", "top"
FULL_SCALE = 1.2
"""Top of a level's scale in fractions of reference; a higher ceiling of the protocol stretches it."""
RIVAL_INSET = 0.2
"""How much lower the rivals' part of the share bar is on either side: told by shape, not by colour alone."""


def full_scale(state: PatientState) -> float:
    """The level at the upper end of a scale."""
    tops = [column.top for column in state.columns if not math.isnan(column.top)]
    return max([FULL_SCALE, *(top * 1.15 for top in tops)])


def words(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """The word, the line below it, which repetition it is, and the number in the ring."""
    centred = layout.centred
    colour = theme.hue(state.muscle, state.role).name() if state.place else theme.ink
    yield Label(state.cue, layout.cue, 150 if centred else 108, colour, True, CENTRE if centred else LEFT)
    yield Label(
        state.sub,
        layout.sub,
        46 if centred else 40,
        theme.dim,
        False,
        TOP_CENTRE if centred else TOP_LEFT,
    )
    if state.hint and layout.hint is not None:
        yield Label(state.hint, layout.hint, 38, theme.dim)
    if state.place:
        yield Label(state.place.capitalize(), layout.count, 54, colour, True)
    elif state.repetition:
        count = f"Repetition {state.repetition} of {state.repetitions}"
        yield Label(count, layout.count, 40, theme.dim, False, LEFT if layout.count_left else CENTRE)
    yield from badges.ring_labels(layout.ring, state, theme)


def labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words beside a scene."""
    yield from words(state, theme, layout)
    yield Label(share_words(state), layout.said, 46, theme.ink, True, LEFT)
    target = state.target
    if target is not None and _shows_level(state, target):
        x, _, width, _ = layout.gauge
        y = _height(layout.gauge, target.top, full_scale(state))
        yield Label(TOP, (x + width + 10.0, y - 26.0, 74.0, 52.0), 38, theme.dim, False, LEFT)


def share_words(state: PatientState) -> str:
    """The target's part of the work in words."""
    target = state.target
    if target is None or not state.live:
        return ""
    if any(column.problem for column in state.columns):
        return NOT_MEASURED
    if math.isnan(state.share):
        return NO_EFFORT
    return f"{target.place.capitalize()} {100 * state.share:.0f} %"


def draw_still(painter: QPainter, state: PatientState, theme: Theme, layout: Layout) -> None:
    """The track of the ring, of the share bar and of the level."""
    if not math.isnan(state.ring):
        badges.ring_track(painter, layout.ring, theme)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.well))
    painter.drawPath(ink.rounded(layout.bar, layout.bar[3] / 2))
    target = state.target
    if target is not None and _shows_level(state, target):
        _still_gauge(painter, layout.gauge, target, theme, full_scale(state))


def draw(painter: QPainter, state: PatientState, theme: Theme, layout: Layout) -> None:
    """Ring, repetitions, share and level."""
    badges.ring(painter, layout.ring, state, theme)
    badges.results(painter, layout.dots, state, theme, centred=layout.centred)
    _bar(painter, layout.bar, state, theme)
    target = state.target
    if target is not None and _shows_level(state, target):
        _gauge(painter, layout.gauge, target, theme, full_scale(state))


def _bar(painter: QPainter, box: Box, state: PatientState, theme: Theme) -> None:
    """The parts of the work, the target's first and higher, and the tick that it has to reach."""
    parts = list(zip(state.columns, state.parts, strict=False))
    if not parts:
        return
    parts.sort(key=lambda part: part[0].role != TARGET)
    x, y, width, height = box
    painter.save()
    painter.setClipPath(ink.rounded(box, height / 2))
    for rank, (column, part) in enumerate(parts):
        inset = 0.0 if column.role == TARGET else RIVAL_INSET * height
        colour = theme.hue(column.muscle, column.role, rank)
        painter.fillRect(
            QRectF(x, y + inset, max(0.0, part * width - 4.0), height - 2 * inset), QColor(colour)
        )
        x += part * width
    painter.restore()
    if state.ring_good and not math.isnan(state.share_line):
        tick = box[0] + width * state.share_line
        painter.setPen(ink.round_pen(theme.ink, 6))
        painter.drawLine(QPointF(tick, y - 12.0), QPointF(tick, y + height + 12.0))


def _shows_level(state: PatientState, target: Column) -> bool:
    return state.live and not math.isnan(target.top)


def _height(box: Box, level: float, scale: float) -> float:
    return box[1] + box[3] * (1.0 - min(1.0, max(0.0, level / scale)))


def _still_gauge(painter: QPainter, box: Box, target: Column, theme: Theme, scale: float) -> None:
    """The scale of the level with the band to stay in."""
    top, gate = _height(box, target.top, scale), _height(box, target.line, scale)
    painter.setPen(QPen(QColor(theme.line), 2))
    painter.setBrush(QColor(theme.well))
    painter.drawPath(ink.rounded(box, 20.0))
    painter.fillRect(QRectF(box[0], top, box[2], gate - top), ink.faint(theme.target, 0.22))


def _gauge(painter: QPainter, box: Box, target: Column, theme: Theme, scale: float) -> None:
    x, y, width, height = box
    level = _height(box, 0.0 if target.problem else target.level, scale)
    top, gate = _height(box, target.top, scale), _height(box, target.line, scale)
    painter.save()
    painter.setClipPath(ink.rounded(box, 20.0))
    painter.fillRect(QRectF(x, level, width, y + height - level), QColor(theme.target))
    if level < top:
        painter.fillRect(QRectF(x, level, width, top - level), ink.hatch(theme))
    painter.restore()
    painter.setPen(ink.round_pen(theme.ink, 6))
    for mark in (top, gate):
        painter.drawLine(QPointF(x - 8.0, mark), QPointF(x + width + 8.0, mark))
