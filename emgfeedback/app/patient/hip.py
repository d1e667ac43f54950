"""The hip map: the place on the screen is the place under the fingers.

What lights up is what works. Brightness is a poor scale, so the share bar stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from emgfeedback.app.patient import badges, beside, figure
from emgfeedback.app.patient.layout import Box, Layout, scene_layout
from emgfeedback.app.patient.picture import Column, PatientState
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.text import LEFT, RIGHT, Label
from emgfeedback.app.theme import Theme
from emgfeedback.values import TARGET

BRIGHTEST = {True: 0.8, False: 0.6}
"""Level in fractions of reference at which the target, and a rival, is fully lit."""
NARROWEST, WIDEST, GAP = 310.0, 420.0, 34.0
"""Room for the labels, and between them and the body."""
NAME_HEIGHT, WORD_HEIGHT, MARK_ROOM = 70.0, 54.0, 48.0
LARGEST = 1.12
ORIGIN = QPointF()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the figure stands: scale, the x of its back, its top, and the box of the labels."""

    scale: float
    back: float
    top: float
    labels: tuple[float, float]
    mirrored: bool

    def transform(self) -> QTransform:
        """From the figure's box onto the canvas."""
        k = -self.scale if self.mirrored else self.scale
        return QTransform(k, 0.0, 0.0, self.scale, self.back - figure.LEFT_EDGE * k, self.top)


def suits(state: PatientState) -> bool:
    """All muscles are on the map, and the target is the side of the hip."""
    target = state.target
    on_map = all(column.muscle in figure.SHAPES for column in state.columns)
    return target is not None and target.muscle == "gmed" and len(state.columns) > 1 and on_map


def layout_of(state: PatientState, width: float, height: float) -> Layout:
    """The scene with the ring in its free corner; on the left where the figure looks to the left."""
    layout = scene_layout(width, height, ring_inside=True)
    if state.side == "left" and width < height:
        x, y, size, _ = layout.ring
        layout = replace(layout, ring=(width - x - size, y, size, size))
    return layout


def place_of(state: PatientState, layout: Layout) -> Place:
    """Fit the figure and its labels into the scene; a left hip looks to the left."""
    x, y, width, height = layout.wells
    tall = layout.width < layout.height
    if state.target is None or math.isnan(state.target.top):
        x, width = x - (0.0 if tall else 62.0), width + (0.0 if tall else 62.0)
    else:
        gauge = 60.0 if not tall or state.side != "left" else 104.0
        x, width = x + gauge, width - gauge
    behind = -figure.FAR_SIDE if any(column.muscle == "qlc" for column in state.columns) else 0.0
    room = width - NARROWEST - GAP
    scale = min(LARGEST, height / figure.HEIGHT * 1.06, room / (figure.WIDTH + behind / 2))
    body, start = figure.WIDTH * scale, behind / 2 * scale
    labels = min(WIDEST, width - body - start - GAP)
    if not tall:
        spare = (width - body - start - GAP - labels) / 2
        x, width = x + spare, width - 2 * spare
    top = y + (height - figure.HEIGHT * scale) / 2 + (12.0 if not tall else 0.0)
    if state.side == "left":
        back = x + width - start
        return Place(scale, back, top, (back - body - GAP - labels, labels), True)
    return Place(scale, x + start, top, (x + start + body + GAP, labels), False)


def still_key(state: PatientState) -> Hashable:
    """What the still layer depends on, besides size and theme."""
    columns = tuple((c.muscle, c.role, c.place, c.top) for c in state.columns)
    return "hip", columns, state.side, state.live, math.isnan(state.ring)


def draw_still(painter: QPainter, state: PatientState, theme: Theme, width: float, height: float) -> None:
    """Paint body, soft muscles, leaders, places and tracks."""
    layout = layout_of(state, width, height)
    place = place_of(state, layout)
    muscles = {column.muscle: column for column in state.columns}
    painter.save()
    painter.setTransform(place.transform(), True)
    lay(painter, ORIGIN, figure.BODY_BOX, figure.paint_body, "qlc" in muscles, theme)
    for code, shape in figure.shapes_of(tuple(muscles)):
        hue = theme.hue(code, muscles[code].role).name()
        lay(painter, ORIGIN, shape.box(), figure.paint_soft, code, hue, theme)
    painter.restore()
    for column, box in _names(state, layout, place):
        _leader(painter, column, box, place, theme)
    for label in still_labels(state, theme, layout):
        label.draw(painter)
    beside.draw_still(painter, state, theme, layout)


def draw(
    painter: QPainter, state: PatientState, theme: Theme, width: float, height: float, glow: float = 0.0
) -> None:
    """Paint what works, what should let go, words, ring, share and results."""
    layout = layout_of(state, width, height)
    place = place_of(state, layout)
    columns = {column.muscle: column for column in state.columns}
    painter.save()
    painter.setTransform(place.transform(), True)
    for code, shape in figure.shapes_of(tuple(columns)):
        _muscle(painter, columns[code], shape.box(), state.live, theme, glow)
    painter.restore()
    _anchors(painter, state, place, theme)
    for label in live_labels(state, theme, layout):
        label.draw(painter)
    for column, box in _names(state, layout, place):
        if column.role == TARGET and column.word and state.found:
            x = box[0] + box[2] - 22.0 if place.mirrored else box[0] + 22.0
            badges.found_mark(painter, QPointF(x, box[1] + box[3] + WORD_HEIGHT / 2), theme, glow)
    beside.draw(painter, state, theme, layout)


def _muscle(painter: QPainter, column: Column, box: Box, live: bool, theme: Theme, glow: float) -> None:
    code, is_target = column.muscle, column.role == TARGET
    lit = 0.0 if column.problem else min(1.0, max(0.0, column.level / BRIGHTEST[is_target]))
    if column.problem or not live:
        lay(painter, ORIGIN, box, figure.paint_lost, code, theme)
        lay(painter, ORIGIN, box, figure.paint_past, code, theme, strength=lit)
        return
    if is_target:
        lay(painter, ORIGIN, box, figure.paint_glow, code, theme, strength=glow)
    hue = theme.hue(code, column.role).name()
    lay(painter, ORIGIN, box, figure.paint_lit, code, hue, theme, strength=lit)
    lay(painter, ORIGIN, box, figure.paint_strained, code, theme, strength=column.heat)


def _names(state: PatientState, layout: Layout, place: Place) -> list[tuple[Column, Box]]:
    """The box of each place, from the top of the body down, none upon another."""
    x, width = place.labels
    free, boxes = layout.wells[1] - 20.0, []
    for column in sorted(state.columns, key=lambda column: figure.SHAPES[column.muscle].label_y):
        wanted = place.top + figure.SHAPES[column.muscle].label_y * place.scale
        top = max(free, wanted)
        boxes.append((column, (x, top, width, NAME_HEIGHT)))
        free = top + NAME_HEIGHT + WORD_HEIGHT + 8.0
    return boxes


def _leader(painter: QPainter, column: Column, box: Box, place: Place, theme: Theme) -> None:
    end = QPointF(box[0] + box[2] + 10.0 if place.mirrored else box[0] - 10.0, box[1] + box[3] / 2)
    painter.setPen(QPen(QColor(theme.dim), 3))
    painter.drawLine(place.transform().map(QPointF(*figure.SHAPES[column.muscle].anchor)), end)


def _anchors(painter: QPainter, state: PatientState, place: Place, theme: Theme) -> None:
    """A dot where each leader begins, above what lights up."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.ink))
    for column in state.columns:
        painter.drawEllipse(place.transform().map(QPointF(*figure.SHAPES[column.muscle].anchor)), 7.0, 7.0)


def still_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """Place of each muscle, in its colour."""
    place = place_of(state, layout)
    for column, box in _names(state, layout, place):
        colour = theme.hue(column.muscle, column.role).name() if state.live else theme.dim
        yield Label(column.place.capitalize(), box, 54, colour, True, RIGHT if place.mirrored else LEFT)


def live_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words that change with the state."""
    yield from beside.labels(state, theme, layout)
    place = place_of(state, layout)
    for column, (x, top, width, height) in _names(state, layout, place):
        marked = column.role == TARGET and bool(column.word) and state.found
        room = MARK_ROOM if marked else 0.0
        box = (x if place.mirrored else x + room, top + height, width - room, WORD_HEIGHT)
        colour = theme.ink if column.word else theme.dim
        side = RIGHT if place.mirrored else LEFT
        yield Label(column.word or column.name, box, 40, colour, bool(column.word), side)
