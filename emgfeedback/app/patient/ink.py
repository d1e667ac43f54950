"""Colours, textures and shapes that several patient views paint with."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen

from emgfeedback.app.patient.layout import Box
from emgfeedback.app.theme import Theme

CORNER = 40.0
GLOW = ((46.0, 0.05), (34.0, 0.07), (24.0, 0.09), (15.0, 0.14), (8.0, 0.9))
"""Width and strength of the strokes of a glow, the widest first."""


def faint(colour: QColor | str, alpha: float) -> QColor:
    """The colour, translucent."""
    shade = QColor(colour)
    shade.setAlphaF(max(0.0, min(1.0, alpha)))
    return shade


def mixed(colour: QColor | str, other: QColor | str, weight: float) -> QColor:
    """The colour with ``weight`` of another one in it."""
    a, b = QColor(colour), QColor(other)
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(max(0.0, min(1.0, x + (y - x) * weight)) for x, y in pairs))


def round_pen(colour: QColor | str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen with round ends and corners."""
    return QPen(QColor(colour), width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def rounded(box: Box, corner: float = CORNER) -> QPainterPath:
    """A box with round corners."""
    path = QPainterPath()
    corner = min(corner, box[2] / 3)
    path.addRoundedRect(QRectF(*box), corner, corner)
    return path


def glow(painter: QPainter, path: QPainterPath, colour: QColor | str) -> None:
    """Light around a shape: a few wide translucent strokes."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, alpha in GLOW:
        painter.setPen(round_pen(faint(colour, alpha), width))
        painter.drawPath(path)


@lru_cache(maxsize=8)
def hatch(theme: Theme) -> QBrush:
    """Diagonal stripes as a texture, so that they turn and scale with the canvas."""
    tile = QImage(28, 28, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    with QPainter(tile) as stripes:
        stripes.setRenderHint(QPainter.RenderHint.Antialiasing)
        stripes.setPen(QPen(mixed(theme.background, theme.ink, 0.12), 7.0))
        for shift in (-28, 0, 28):
            stripes.drawLine(QPointF(shift - 7, 35), QPointF(shift + 35, -7))
    return QBrush(tile)
