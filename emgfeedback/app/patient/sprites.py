"""Shapes that are painted once for a size and turn, and then laid on the canvas with a strength."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from emgfeedback.app.patient.layout import Box

KEPT = 128
Linear = tuple[float, float, float, float]


def lay(
    painter: QPainter,
    at: QPointF,
    box: Box,
    paint: Callable[..., None],
    *about: Hashable,
    strength: float = 1.0,
) -> None:
    """Lay what ``paint(painter, *about)`` paints around its origin, inside ``box``, at a point.

    It is painted once for every scale and turn; the picture then stands on whole pixels.
    """
    if strength <= 0.01:
        return
    world, ratio = painter.transform(), painter.device().devicePixelRatioF()
    linear = (world.m11(), world.m12(), world.m21(), world.m22())
    image, left, top = _painted(paint, about, box, linear, ratio)
    point = world.map(at)
    x, y = (math.floor(v * ratio + 0.5) / ratio for v in (point.x() + left, point.y() + top))
    painter.save()
    painter.resetTransform()
    painter.setOpacity(min(1.0, strength))
    painter.drawImage(QPointF(x, y), image)
    painter.restore()


@lru_cache(maxsize=KEPT)
def _painted(
    paint: Callable[..., None], about: tuple[Hashable, ...], box: Box, linear: Linear, ratio: float
) -> tuple[QImage, float, float]:
    """The picture, and where its corner lies seen from the origin."""
    turned = QTransform(*linear, 0.0, 0.0)
    seen = turned.mapRect(QRectF(*box))
    left, top = math.floor(seen.left()), math.floor(seen.top())
    width, height = seen.right() - left + 1.0, seen.bottom() - top + 1.0
    image = QImage(
        max(1, math.ceil(width * ratio)),
        max(1, math.ceil(height * ratio)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(turned * QTransform.fromTranslate(-left, -top))
        paint(painter, *about)
    return image, left, top
