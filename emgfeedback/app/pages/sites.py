"""The hip of the trained side with the places of the electrodes, for the Placement page."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from emgfeedback.app.patient import figure
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.text import LEFT, RIGHT, Label
from emgfeedback.app.theme import LIGHT
from emgfeedback.app.words import muscle
from emgfeedback.values import RIVAL, TARGET

PAIRS = {
    "gmed": ((285.0, 288.0), (285.0, 336.0)),
    "tfl": ((391.0, 288.0), (380.0, 336.0)),
    "ql": ((240.0, 72.0), (236.0, 120.0)),
    "qlc": ((166.0, 72.0), (162.0, 120.0)),
}
"""Plus and minus of each pair, in the box of the figure; two centimetres apart, drawn larger than life."""
BIAS = (404.0, 216.0)
NAMES = (
    ("ql", (262.0, 90.0), 40.0),
    ("qlc", (168.0, 154.0), 154.0),
    ("crest of the pelvis", (340.0, 196.0), 200.0),
    ("bias, on bone", BIAS, 246.0),
    ("tfl", (400.0, 312.0), 312.0),
    ("gmed", (300.0, 372.0), 390.0),
    ("outer bone of hip", (286.0, 448.0), 466.0),
)
"""Muscle or words, where their line begins, and the height of the words."""
ROOM_PX, TALL, DOT = 135.0, 0.84 * figure.HEIGHT, 19.0
"""Room for the words, how much of the figure is shown, and the radius of an electrode."""
SEEN = "Seen from the {side}: {pairs}. One more electrode, bias, on bone at the front of the crest."


class Sites(QWidget):
    """Paints the trained side; a place that is left out is dashed and has no electrodes."""

    def __init__(self) -> None:
        super().__init__()
        self._side = "right"
        self._left_out: frozenset[str] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(300, 340)
        self.setAccessibleName("Places of the electrodes")
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, 520)

    def show_side(self, side: str, left_out: frozenset[str]) -> None:
        """Look at the hip of this side; it looks to the side on which it lies."""
        self._side, self._left_out = side, left_out
        self._describe()
        self.update()

    def _describe(self) -> None:
        worn = ", ".join(muscle(code).place for code in PAIRS if code not in self._left_out)
        self.setAccessibleDescription(SEEN.format(side=self._side, pairs=f"pairs at {worn}"))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw(painter)

    def transform(self) -> QTransform:
        """From the figure's box into the widget; mirrored for a left hip."""
        width = figure.WIDTH - figure.FAR_SIDE
        scale = min((self.width() - ROOM_PX) / width, self.height() / TALL)
        spare = max(0.0, (self.width() - ROOM_PX - width * scale) / 2)
        left, top = figure.LEFT_EDGE + figure.FAR_SIDE, max(0.0, (self.height() - TALL * scale) / 2)
        if self._side == "left":
            return QTransform(-scale, 0, 0, scale, self.width() - spare + left * scale, top)
        return QTransform(scale, 0, 0, scale, spare - left * scale, top)

    def _draw(self, painter: QPainter) -> None:
        placed = self.transform()
        painter.save()
        painter.setTransform(placed, True)
        lay(painter, QPointF(), figure.BODY_BOX, figure.paint_body, True, LIGHT)
        for code, shape in figure.shapes_of(tuple(PAIRS)):
            if code in self._left_out:
                lay(painter, QPointF(), shape.box(), figure.paint_lost, code, LIGHT)
            else:
                lay(painter, QPointF(), shape.box(), figure.paint_soft, code, _hue(code).name(), LIGHT)
        painter.restore()
        self._words(painter, placed)
        for code, pair in PAIRS.items():
            if code not in self._left_out:
                for sign, at in zip("+−", pair, strict=True):
                    self._electrode(painter, placed.map(QPointF(*at)), sign, _hue(code))
        self._electrode(painter, placed.map(QPointF(*BIAS)), "", QColor(LIGHT.ink))

    def _electrode(self, painter: QPainter, at: QPointF, sign: str, hue: QColor) -> None:
        radius = max(8.0, DOT * abs(self.transform().m22()))
        painter.setPen(QPen(hue, radius / 3.6))
        painter.setBrush(QColor("#FFFFFF") if sign else hue)
        painter.drawEllipse(at, radius, radius)
        if sign:
            box = (at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)
            Label(sign, box, round(radius * 1.4), hue.name(), True).draw(painter)

    def _words(self, painter: QPainter, placed: QTransform) -> None:
        for code, at, y in NAMES:
            words = muscle(code).place if code in PAIRS else code
            lost = code in self._left_out
            colour = LIGHT.dim if lost or code not in PAIRS else _hue(code).name()
            self._word(painter, placed, (f"not {words}" if lost else words, at, y), colour, code in PAIRS)

    def _word(
        self,
        painter: QPainter,
        placed: QTransform,
        said: tuple[str, tuple[float, float], float],
        colour: str,
        bold: bool,
    ) -> None:
        """A line from the place to its words, which stand in front of the body and are never mirrored."""
        words, at, y = said
        end = placed.map(QPointF(474.0, y))
        painter.setPen(QPen(QColor(LIGHT.line), 1.5))
        painter.drawLine(placed.map(QPointF(*at)), end)
        wide, mirrored = ROOM_PX, self._side == "left"
        box = QRectF(end.x() - wide - 6 if mirrored else end.x() + 6, end.y() - 11, wide, 22)
        side = RIGHT if mirrored else LEFT
        Label(words, (box.x(), box.y(), box.width(), box.height()), 13, colour, bold, side).draw(painter)


def _hue(code: str) -> QColor:
    return LIGHT.hue(code, TARGET if code == "gmed" else RIVAL)
