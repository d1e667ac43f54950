"""Text that fits: labels with a box, shrunk by steps until the words are inside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.theme import REGULAR, SEMIBOLD, font

SHRINK, SMALLEST = 0.94, 10

CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
TOP_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
TOP_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop


@dataclass(frozen=True, slots=True)
class Label:
    """Words in a box (x, y, width, height) of the virtual canvas, at most ``pixels`` high."""

    text: str
    box: tuple[float, float, float, float]
    pixels: int
    colour: str
    bold: bool = False
    align: Qt.AlignmentFlag = CENTRE

    def fitted(self) -> int:
        """Pixel size at which the words fit into the box."""
        return fit(self.text, self.box[2], self.box[3], self.pixels, self.bold)

    def draw(self, painter: QPainter) -> None:
        """Lay the words on the canvas; the same words are painted once."""
        if not self.text:
            return
        x, y, width, height = self.box
        here = replace(self, box=(0.0, 0.0, width, height))
        lay(painter, QPointF(x, y), _extent(here), _paint, here)


@lru_cache(maxsize=256)
def _extent(label: Label) -> tuple[float, float, float, float]:
    """Where the words are inside their box, with a little room around."""
    metrics = QFontMetricsF(font(label.fitted(), SEMIBOLD if label.bold else REGULAR))
    flags = int(label.align | Qt.TextFlag.TextWordWrap)
    seen = metrics.boundingRect(QRectF(*label.box), flags, label.text)
    return seen.x() - 6.0, seen.y() - 6.0, seen.width() + 12.0, seen.height() + 12.0


def _paint(painter: QPainter, label: Label) -> None:
    painter.setFont(font(label.fitted(), SEMIBOLD if label.bold else REGULAR))
    painter.setPen(QColor(label.colour))
    painter.drawText(QRectF(*label.box), int(label.align | Qt.TextFlag.TextWordWrap), label.text)


@lru_cache(maxsize=1024)
def fit(text: str, width: float, height: float, pixels: int, bold: bool) -> int:
    """Largest pixel size up to ``pixels`` at which the wrapped text is inside width x height."""
    size = float(pixels)
    while size > SMALLEST and not _inside(text, width, height, int(size), bold):
        size *= SHRINK
    return int(size)


def _inside(text: str, width: float, height: float, pixels: int, bold: bool) -> bool:
    metrics = QFontMetricsF(font(pixels, SEMIBOLD if bold else REGULAR))
    flags = int(Qt.TextFlag.TextWordWrap)
    needed = metrics.boundingRect(QRectF(0.0, 0.0, width, 10 * height), flags, text)
    return needed.width() <= width and needed.height() <= height
