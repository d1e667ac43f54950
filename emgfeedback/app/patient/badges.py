"""Small marks of the patient views: the ring of good seconds and one badge per repetition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from emgfeedback.app.patient.layout import Box
from emgfeedback.app.patient.picture import PatientState
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.text import Label
from emgfeedback.app.result import Result
from emgfeedback.app.theme import Theme

RING_WIDTH = 26.0
WIDEST_STEP, NARROWEST_STEP = 58.0, 26.0


def ring_track(painter: QPainter, box: Box, theme: Theme) -> None:
    """The empty ring."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.line), RING_WIDTH))
    painter.drawEllipse(_inner(box))


def ring(painter: QPainter, box: Box, state: PatientState, theme: Theme) -> None:
    """The filled part: green for good seconds, grey for a plain countdown; a tick when it is full."""
    if math.isnan(state.ring):
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = QColor(theme.done if state.ring_good else theme.dim)
    painter.setPen(QPen(colour, RING_WIDTH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    if state.ring >= 1.0:
        painter.drawEllipse(_inner(box))
    elif state.ring > 0.003:
        painter.drawArc(_inner(box), 90 * 16, round(-state.ring * 360 * 16))
    if state.ring_good and state.ring >= 1.0:
        tick(painter, QPointF(box[0] + box[2] / 2, box[1] + box[3] / 2), box[2] * 0.26, colour, 22.0)


def ring_labels(box: Box, state: PatientState, theme: Theme) -> Iterator[Label]:
    """The number in the ring and its unit."""
    x, y, width, height = box
    if state.left_s is None or (state.ring_good and state.ring >= 1.0):
        return
    unit = "second" if state.left_s == 1 else "seconds"
    number = (x + 60, y + height * 0.14, width - 120, height * 0.48)
    yield Label(str(state.left_s), number, round(width * 0.427), theme.ink, True)
    yield Label(unit, (x + 50, y + height * 0.62, width - 100, height * 0.16), 38, theme.dim)


def _inner(box: Box) -> QRectF:
    half = RING_WIDTH / 2
    return QRectF(*box).adjusted(half, half, -half, -half)


def results(painter: QPainter, box: Box, state: PatientState, theme: Theme, centred: bool) -> None:
    """One badge per repetition: tick, share of the hold, the one in work, or still to come."""
    if not state.repetition or state.repetitions < 2 or state.repetitions * NARROWEST_STEP > box[2]:
        return
    so_far = SoFar(state.repetition, state.repetitions, state.results, state.hold_s)
    size = (0.0, 0.0, box[2], box[3])
    lay(painter, QPointF(box[0], box[1]), size, _paint_results, so_far, size, theme, centred)


@dataclass(frozen=True, slots=True)
class SoFar:
    """What the row of badges depends on."""

    repetition: int
    repetitions: int
    results: tuple[Result, ...]
    hold_s: float


def _paint_results(painter: QPainter, so_far: SoFar, box: Box, theme: Theme, centred: bool) -> None:
    step = min(WIDEST_STEP, box[2] / so_far.repetitions)
    first = (box[2] - step * (so_far.repetitions - 1)) / 2
    if not centred and box[2] <= step:
        first = 0.0
    done = {result.repetition: result for result in so_far.results if not result.void}
    for number in range(1, so_far.repetitions + 1):
        centre = QPointF(first + (number - 1) * step, box[3] / 2)
        result, is_current = done.get(number), number == so_far.repetition
        if result is None:
            _open(painter, centre, step * 0.34, is_current, theme)
        else:
            _closed(painter, centre, step * 0.34, result, so_far.hold_s, theme)


def _closed(
    painter: QPainter, centre: QPointF, radius: float, result: Result, hold_s: float, theme: Theme
) -> None:
    """A repetition that is over: a tick, a slice, or no more than that."""
    if not (result.seen and result.counts):
        _done(painter, centre, radius, theme)
    elif result.rewarded:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.done))
        painter.drawEllipse(centre, radius, radius)
        tick(painter, centre, radius * 0.55, QColor(theme.background), radius * 0.24)
    else:
        full_s = hold_s if result.hold_s is None else result.hold_s
        fraction = min(1.0, result.good_s / full_s) if full_s and result.rule == "hold" else 0.0
        _partial(painter, centre, radius, fraction, theme)


def _partial(painter: QPainter, centre: QPointF, radius: float, fraction: float, theme: Theme) -> None:
    """A hold that was not full keeps its good seconds as a slice."""
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.line))
    painter.drawEllipse(box)
    painter.setBrush(QColor(theme.done))
    painter.drawPie(box, 90 * 16, round(-fraction * 360 * 16))


def found_mark(painter: QPainter, centre: QPointF, theme: Theme, strength: float) -> None:
    """A filled circle with a tick, faded in."""
    painter.save()
    painter.setOpacity(strength)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.done))
    painter.drawEllipse(centre, 19.0, 19.0)
    tick(painter, centre, 10.0, QColor(theme.background), 5.0)
    painter.restore()


def _done(painter: QPainter, centre: QPointF, radius: float, theme: Theme) -> None:
    """A repetition that is over, and of which no more is said."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.line))
    painter.drawEllipse(centre, radius, radius)


def _open(painter: QPainter, centre: QPointF, radius: float, current: bool, theme: Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.ink if current else theme.line), radius * 0.22))
    painter.drawEllipse(centre, radius, radius)
    if current:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.ink))
        painter.drawEllipse(centre, radius * 0.3, radius * 0.3)


def tick(painter: QPainter, centre: QPointF, size: float, colour: QColor, width: float) -> None:
    """The mark of what is achieved."""
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline(
        [
            centre + QPointF(-size, 0.05 * size),
            centre + QPointF(-0.25 * size, 0.7 * size),
            centre + QPointF(size, -0.7 * size),
        ]
    )
