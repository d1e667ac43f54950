"""The columns: one well per muscle, the target beside its rivals, with the line each must keep.

`draw_still` paints what does not move (the widget keeps it as a pixmap), `draw` the rest. Both paint on a
virtual canvas and know nothing of screens, turns or time.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPen

from emgfeedback.app.patient import badges, beside
from emgfeedback.app.patient.ink import faint, hatch, mixed, rounded
from emgfeedback.app.patient.ink import glow as draw_glow
from emgfeedback.app.patient.layout import Box, Layout, columns_layout
from emgfeedback.app.patient.picture import Column, PatientState
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.text import LEFT, RIGHT, Label
from emgfeedback.app.theme import Theme
from emgfeedback.values import TARGET

CAPTION_PIXELS, NARROWEST_CAPTION = 36, 70.0


def suits(state: PatientState) -> bool:
    """Wherever there are levels."""
    return bool(state.columns)


def layout_of(state: PatientState, width: float, height: float) -> Layout:
    """The boxes: columns beside words."""
    return columns_layout(width, height)


def still_key(state: PatientState) -> Hashable:
    """What the still layer depends on, besides size and theme."""
    columns = tuple((c.muscle, c.role, c.name, c.place, c.top) for c in state.columns)
    return columns, state.live, math.isnan(state.ring)


def draw_still(painter: QPainter, state: PatientState, theme: Theme, width: float, height: float) -> None:
    """Paint wells, names and the track of the ring."""
    layout = layout_of(state, width, height)
    for index, column in enumerate(state.columns):
        well = layout.well(index, len(state.columns), column.role == TARGET)
        painter.setPen(QPen(QColor(theme.line), 2))
        painter.setBrush(QColor(theme.well))
        painter.drawPath(rounded(well))
    for label in still_labels(state, theme, layout):
        label.draw(painter)
    if not math.isnan(state.ring):
        badges.ring_track(painter, layout.ring, theme)


def draw(
    painter: QPainter, state: PatientState, theme: Theme, width: float, height: float, glow: float = 0.0
) -> None:
    """Paint levels, lines, words, ring and results; ``glow`` fades the found look in and out."""
    layout = layout_of(state, width, height)
    scale = beside.full_scale(state)
    for index, column in enumerate(state.columns):
        well = layout.well(index, len(state.columns), column.role == TARGET)
        if not state.live:
            _past(painter, well, column, theme, scale)
        elif column.problem:
            _no_signal(painter, well, theme)
        elif column.role == TARGET:
            _target(painter, well, column, theme, scale, state.ring_good)
        else:
            colour = theme.hue(column.muscle, column.role, index)
            _rival(painter, well, column, theme, scale, colour, state.ring_good)
        if column.role == TARGET and glow > 0.0:
            around = (-30.0, -30.0, well[2] + 60.0, well[3] + 60.0)
            lay(painter, QPointF(well[0], well[1]), around, _found, well[2], well[3], theme, strength=glow)
    for label in live_labels(state, theme, layout):
        label.draw(painter)
    badges.ring(painter, layout.ring, state, theme)
    badges.results(painter, layout.dots, state, theme, centred=layout.centred)


def still_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """Place of each muscle, in its colour."""
    bottom = layout.wells[1] + layout.wells[3]
    for index, column in enumerate(state.columns):
        left, width = layout.slot(index, len(state.columns))
        colour = theme.hue(column.muscle, column.role, index).name() if state.live else theme.dim
        box = (left + 6.0, bottom + 14.0, width - 12.0, layout.label_height)
        yield Label(column.place.capitalize(), box, 54, colour, bold=True)


def live_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words that change with the state."""
    yield from beside.words(state, theme, layout)
    scale = beside.full_scale(state)
    for index, column in enumerate(state.columns):
        yield from _column_labels(index, column, state, theme, layout, scale)


def _column_labels(
    index: int, column: Column, state: PatientState, theme: Theme, layout: Layout, scale: float
) -> Iterator[Label]:
    n_columns = len(state.columns)
    left, width = layout.slot(index, n_columns)
    bottom = layout.wells[1] + layout.wells[3] + 14.0 + layout.label_height
    box = (left + 6.0, bottom, width - 12.0, 54.0)
    colour = theme.ink if column.word else theme.dim
    yield Label(column.word or column.name, box, 40, colour, bool(column.word))
    if column.problem or math.isnan(column.line) or not state.ring_good:
        return
    at_left = 2 * index < n_columns - 1
    is_target = column.role == TARGET
    well = layout.well(index, n_columns, is_target)
    space = layout.beside(index, n_columns, is_target, at_left)
    lines = [("at least" if is_target else "keep below", column.line)]
    if not math.isnan(column.top):
        lines.append(("top", column.top))
    for text, level in lines:
        y = min(max(_height(well, level, scale), well[1] + 44.0), well[1] + well[3] - 44.0)
        if space[1] >= NARROWEST_CAPTION:
            box = (space[0], y - 44.0, space[1], 88.0)
            yield Label(text, box, CAPTION_PIXELS, theme.dim, False, RIGHT if at_left else LEFT)


def _height(well: Box, level: float, scale: float) -> float:
    """The y of a level, kept inside the well."""
    return well[1] + well[3] * (1.0 - min(1.0, max(0.0, level / scale)))


def _fill(painter: QPainter, well: Box, top: float, bottom: float, brush: QBrush | QColor) -> None:
    """Fill the part of a well between two heights."""
    painter.save()
    painter.setClipRect(QRectF(well[0], top, well[2], max(0.0, bottom - top)))
    painter.fillPath(rounded(well), brush)
    painter.restore()


def _target(painter: QPainter, well: Box, column: Column, theme: Theme, scale: float, asked: bool) -> None:
    """Level of the target; while something is ``asked`` also the band from its gate to its top."""
    bottom, level = well[1] + well[3], _height(well, column.level, scale)
    top = well[1] if math.isnan(column.top) else _height(well, column.top, scale)
    gate = _height(well, column.line, scale)
    colour, ink = QColor(theme.target), QColor(theme.ink)
    if asked:
        _fill(painter, well, top, gate, faint(colour, 0.20))
    gradient = QLinearGradient(0.0, level, 0.0, bottom)
    gradient.setColorAt(0.0, colour)
    gradient.setColorAt(1.0, mixed(colour, QColor(theme.background), 0.45))
    _fill(painter, well, level, bottom, QBrush(gradient))
    if column.over:
        _fill(painter, well, level, top, hatch(theme))
    if level < bottom - 12.0:
        _fill(painter, well, level, level + 10.0, ink)
    if asked:
        _ticks(painter, well, gate, ink)
        if not math.isnan(column.top):
            _ticks(painter, well, top, ink)


def _ticks(painter: QPainter, well: Box, y: float, colour: QColor) -> None:
    """Short marks that cross both edges of the well."""
    painter.setPen(QPen(colour, 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for x in (well[0], well[0] + well[2]):
        painter.drawLine(QPointF(x - 22.0, y), QPointF(x + 22.0, y))


def _rival(
    painter: QPainter, well: Box, column: Column, theme: Theme, scale: float, colour: QColor, asked: bool
) -> None:
    """Level of a rival; while something is ``asked`` also the line to keep below, hatched beyond it."""
    bottom, level = well[1] + well[3], _height(well, column.level, scale)
    _fill(painter, well, level, bottom, mixed(colour, QColor(theme.well), 0.12))
    if not asked or math.isnan(column.line):
        return
    line = _height(well, column.line, scale)
    _fill(painter, well, line, level, faint(colour, 0.16))
    if column.over:
        _fill(painter, well, level, line, hatch(theme))
    painter.setPen(QPen(QColor(theme.ink), 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(well[0] - 18.0, line), QPointF(well[0] + well[2] + 18.0, line))


def _no_signal(painter: QPainter, well: Box, theme: Theme) -> None:
    """Dashed and empty: this is no quiet muscle, it is an unknown one."""
    painter.setBrush(QColor(theme.background))
    painter.setPen(QPen(QColor(theme.dim), 5, Qt.PenStyle.DashLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(rounded(well))
    middle = QPointF(well[0] + well[2] / 2, well[1] + well[3] / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.dim), 7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawEllipse(middle, 34.0, 34.0)
    painter.drawLine(middle + QPointF(-24.0, 24.0), middle + QPointF(24.0, -24.0))


def _past(painter: QPainter, well: Box, column: Column, theme: Theme, scale: float) -> None:
    """Grey and dashed, without a line to keep: the last level that was known, and not one of now."""
    painter.setBrush(QColor(theme.background))
    painter.setPen(QPen(QColor(theme.dim), 5, Qt.PenStyle.DashLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(rounded(well))
    if not column.problem:
        _fill(painter, well, _height(well, column.level, scale), well[1] + well[3], QColor(theme.line))


def _found(painter: QPainter, width: float, height: float, theme: Theme) -> None:
    draw_glow(painter, rounded((0.0, 0.0, width, height)), theme.done)
