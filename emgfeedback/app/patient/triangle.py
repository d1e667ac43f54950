"""The triangle: where the work goes. The top corner is the target, the others are its two rivals.

The region to reach is bounded by target = line x rival, one border for each rival.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF, QRadialGradient

from emgfeedback.app.patient import badges, beside, ink
from emgfeedback.app.patient.layout import Box, Layout, scene_layout
from emgfeedback.app.patient.picture import Column, PatientState
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.steady import Steady
from emgfeedback.app.patient.text import Label
from emgfeedback.app.theme import Theme
from emgfeedback.values import TARGET

NAME_HEIGHT, WORD_HEIGHT = 68.0, 54.0
SMALLEST_DOT, GROWTH = 24.0, 22.0
TRAIL_BOX: Box = (-16.0, -16.0, 32.0, 32.0)
DOT_BOX: Box = (-130.0, -130.0, 260.0, 260.0)
ORIGIN = QPointF()


@dataclass(frozen=True, slots=True)
class Corners:
    """The corners: target on top, the rivals left and right as on the body."""

    top: QPointF
    left: QPointF
    right: QPointF

    def point(self, target: float, left: float, right: float) -> QPointF:
        """Where this mixture of work lies."""
        total = target + left + right
        return (self.top * target + self.left * left + self.right * right) / total


def suits(state: PatientState) -> bool:
    """Two rivals, and a line that the target has to keep against them."""
    rivals = [column for column in state.columns if column.role != TARGET]
    return state.target is not None and len(rivals) == 2 and not math.isnan(state.ratio)


def layout_of(state: PatientState, width: float, height: float) -> Layout:
    """The scene, and what stands beside it."""
    return scene_layout(width, height)


def ordered(state: PatientState) -> tuple[Column, Column, Column]:
    """Target, left rival, right rival."""
    target, left, right = sorted(state.columns, key=lambda column: column.role != TARGET)
    return target, left, right


def corners_of(layout: Layout) -> Corners:
    """The largest triangle with equal sides that leaves room for its names."""
    x, y, width, height = layout.wells
    above, below = NAME_HEIGHT + 14.0, NAME_HEIGHT + WORD_HEIGHT + 14.0
    tall = min(height - above - below, (width - 20.0) * math.sqrt(3) / 2)
    half, middle = tall / math.sqrt(3), x + width / 2
    top = y + above + (height - above - below - tall) / 2
    return Corners(
        QPointF(middle, top), QPointF(middle - half, top + tall), QPointF(middle + half, top + tall)
    )


def region(corners: Corners, ratio: float) -> QPolygonF:
    """Where the target keeps the line against both rivals."""
    mixtures = ((1.0, 0.0, 0.0), (ratio, 1.0, 0.0), (ratio, 1.0, 1.0), (ratio, 0.0, 1.0))
    return QPolygonF([corners.point(*mixture) for mixture in mixtures])


def still_key(state: PatientState) -> Hashable:
    """What the still layer depends on, besides size and theme."""
    columns = tuple((c.muscle, c.role, c.place, c.top, bool(c.problem)) for c in state.columns)
    return "triangle", columns, state.ratio, state.live, state.ring_good, math.isnan(state.ring)


def draw_still(painter: QPainter, state: PatientState, theme: Theme, width: float, height: float) -> None:
    """Paint the triangle, the region to reach, and the names of the corners."""
    layout = layout_of(state, width, height)
    corners = corners_of(layout)
    painter.setPen(ink.round_pen(theme.line, 5))
    painter.setBrush(QColor(theme.well))
    painter.drawPolygon(QPolygonF([corners.top, corners.right, corners.left]))
    painter.setPen(QPen(QColor(theme.line), 2))
    for share in (0.25, 0.5, 0.75):
        painter.drawLine(corners.point(share, 1 - share, 0), corners.point(share, 0, 1 - share))
    lost = [column for column in state.columns if column.problem]
    _dashes(painter, corners, [bool(column.problem) for column in ordered(state)], state.live, theme)
    if state.ring_good and state.live and not lost:
        painter.setPen(ink.round_pen(theme.done, 6))
        painter.setBrush(ink.faint(theme.target, 0.24))
        painter.drawPolygon(region(corners, state.ratio))
    for label in still_labels(state, theme, layout):
        label.draw(painter)
    beside.draw_still(painter, state, theme, layout)


def _dashes(painter: QPainter, corners: Corners, lost: list[bool], live: bool, theme: Theme) -> None:
    """The edges to a corner of which nothing is known are dashed."""
    points = (corners.top, corners.left, corners.right)
    for pen in (ink.round_pen(theme.well, 7), ink.round_pen(theme.dim, 5, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            if lost[a] or lost[b] or not live:
                painter.drawLine(points[a], points[b])


def draw(
    painter: QPainter, state: PatientState, theme: Theme, width: float, height: float, glow: float = 0.0
) -> None:
    """Paint the dot with its trail, words, ring, share and results."""
    layout = layout_of(state, width, height)
    corners = corners_of(layout)
    if state.parts:
        _trail(painter, corners, state, theme)
        _dot(painter, corners, state, theme, glow)
    for label in live_labels(state, theme, layout):
        label.draw(painter)
    beside.draw(painter, state, theme, layout)


def _mixture(parts: tuple[float, ...], state: PatientState) -> tuple[float, ...]:
    """Parts in the order target, left, right."""
    known = {column.muscle: part for column, part in zip(state.columns, parts, strict=True)}
    return tuple(known[column.muscle] for column in ordered(state))


def _trail(painter: QPainter, corners: Corners, state: PatientState, theme: Theme) -> None:
    for age, parts in enumerate(reversed(state.trail)):
        lay(painter, corners.point(*_mixture(parts, state)), TRAIL_BOX, _past_dot, age, theme)


def _past_dot(painter: QPainter, age: int, theme: Theme) -> None:
    fresh = 1.0 - age / Steady.TRAIL_POINTS
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.faint(theme.ink, 0.4 * fresh * fresh))
    painter.drawEllipse(ORIGIN, 5.0 + 9.0 * fresh, 5.0 + 9.0 * fresh)


def _dot(painter: QPainter, corners: Corners, state: PatientState, theme: Theme, glow: float) -> None:
    """The mixture of now: hollow while the target sleeps, striped above its top, with a tick if found."""
    target = ordered(state)[0]
    centre = corners.point(*_mixture(state.parts, state))
    radius = SMALLEST_DOT + GROWTH * min(1.0, max(0.0, target.level))
    awake = target.level >= target.line
    lay(painter, centre, DOT_BOX, _halo, theme, strength=glow)
    painter.setPen(QPen(QColor(theme.background if awake else theme.ink), 6))
    painter.setBrush(QColor(theme.ink if awake else theme.well))
    painter.drawEllipse(centre, radius, radius)
    lay(painter, centre, DOT_BOX, _stripes, round(radius), theme, strength=target.heat)
    if glow > 0.0:
        painter.save()
        painter.setOpacity(glow)
        badges.tick(painter, centre, radius * 0.5, QColor(theme.background), 7.0)
        painter.restore()


def _halo(painter: QPainter, theme: Theme) -> None:
    light = QRadialGradient(ORIGIN, 124.0)
    for stop, alpha in ((0.0, 1.0), (0.46, 1.0), (0.50, 0.4), (1.0, 0.0)):
        light.setColorAt(stop, ink.faint(theme.done, alpha))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(light))
    painter.drawEllipse(ORIGIN, 124.0, 124.0)


def _stripes(painter: QPainter, radius: float, theme: Theme) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.hatch(theme))
    painter.drawEllipse(ORIGIN, radius, radius)


def still_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """Place of each muscle at its corner, in its colour."""
    for rank, (column, box) in enumerate(_names(state, layout)):
        known = state.live and not column.problem
        colour = theme.hue(column.muscle, column.role, rank).name() if known else theme.dim
        yield Label(column.place.capitalize(), box, 54, colour, True)


def _names(state: PatientState, layout: Layout) -> list[tuple[Column, Box]]:
    """The boxes of the names: the target's above its corner, the rivals' below theirs."""
    x, _, width, _ = layout.wells
    corners = corners_of(layout)
    below = corners.left.y() + 14.0
    target, left, right = ordered(state)
    half = width / 2 - 10.0
    return [
        (target, (x + 80.0, corners.top.y() - NAME_HEIGHT - 14.0, width - 160.0, NAME_HEIGHT)),
        (left, (x, below, half, NAME_HEIGHT)),
        (right, (x + width / 2 + 10.0, below, half, NAME_HEIGHT)),
    ]


def live_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words that change with the state."""
    yield from beside.labels(state, theme, layout)
    for column, (x, top, width, height) in _names(state, layout)[1:]:
        colour = theme.ink if column.word else theme.dim
        box = (x, top + height, width, WORD_HEIGHT)
        yield Label(column.word or column.name, box, 40, colour, bool(column.word))
