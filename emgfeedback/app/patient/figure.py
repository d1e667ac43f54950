"""A hip seen from its side, the front of the body to the right: schematic shapes in a box of 600 x 830.

The shapes are drawn by hand and checked by nobody yet; they show places for the fingers, not anatomy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPainterPath, QPen

from emgfeedback.app.patient import ink
from emgfeedback.app.patient.layout import Box
from emgfeedback.app.theme import Theme

Curve = tuple[float, ...]
"""Two numbers are a point to go straight to, six a cubic curve."""

LEFT_EDGE, WIDTH, HEIGHT = 92.0, 370.0, 830.0
"""Where the body begins, how wide it is, and how high the drawing."""
BODY_BOX: Box = (20.0, -34.0, 470.0, 868.0)
AROUND = 30.0
SKIN = {"dark": ("#22324C", "#4B607F"), "light": ("#E9E3DA", "#C6BDAF"), "contrast": ("#1C1C1C", "#8C8C8C")}
"""Body and bone of each theme."""

BACK: tuple[Curve, ...] = (
    (168, -30),
    (160, 60, 190, 110, 184, 168),
    (176, 232, 96, 262, 92, 352),
    (88, 430, 150, 470, 172, 512),
    (188, 580, 190, 680, 214, 830),
)
FRONT: tuple[Curve, ...] = (
    (402, 830),
    (430, 700, 462, 590, 452, 470),
    (446, 408, 428, 350, 424, 300),
    (420, 262, 446, 210, 446, 140),
    (446, 80, 424, 40, 420, -30),
)
CREST: tuple[Curve, ...] = ((184, 246), (206, 170, 330, 130, 392, 230))
RIB: tuple[Curve, ...] = ((196, 8), (250, -2, 330, 10, 384, 40))
BAND: tuple[Curve, ...] = ((344, 486), (336, 590, 330, 700, 326, 840))
FEMUR: tuple[Curve, ...] = ((286, 452), (296, 580, 308, 700, 312, 840))
HEAD = (286.0, 448.0, 21.0, 24.0)
FAR_SIDE = -74.0
"""How far behind the near waist the other one is drawn, as if seen a little from the back."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A muscle on the map: outline, fibres, where its leader begins, and the height of its label."""

    outline: tuple[Curve, ...]
    fibres: tuple[tuple[Curve, ...], ...]
    anchor: tuple[float, float]
    label_y: float
    shift: float = 0.0

    def path(self) -> QPainterPath:
        """The outline."""
        return path_of(self.outline).translated(self.shift, 0.0)

    def box(self) -> Box:
        """The box of the outline with room for its glow."""
        rect = self.path().boundingRect().adjusted(-AROUND, -AROUND, AROUND, AROUND)
        return rect.x(), rect.y(), rect.width(), rect.height()


def _quad(
    start: tuple[float, float], bend: tuple[float, float], end: tuple[float, float]
) -> tuple[Curve, ...]:
    """A line with one bend, as a cubic curve."""
    first = tuple(a + 2 / 3 * (b - a) for a, b in zip(start, bend, strict=True))
    second = tuple(a + 2 / 3 * (b - a) for a, b in zip(end, bend, strict=True))
    return start, (*first, *second, *end)


_GMED_TOP = ((206, 224), (222, 203), (243, 187), (266, 178), (290, 177), (314, 182), (336, 194), (352, 212))
_WAIST = (
    (208, 28),
    (228, 18, 252, 16, 270, 22),
    (264, 66, 264, 110, 272, 152),
    (246, 156, 222, 170, 206, 190),
    (214, 130, 212, 80, 208, 28),
)
_WAIST_FIBRES = tuple(
    _quad((210 + 58 * f, 27), (213 + 52 * f, 95), (208 + 62 * f, 184 - 30 * f))
    for f in (0.12, 0.36, 0.6, 0.85)
)
SHAPES = {
    "gmed": Shape(
        (
            (196, 236),
            (212, 190, 248, 170, 284, 172),
            (318, 174, 346, 190, 362, 216),
            (352, 290, 326, 360, 304, 424),
            (298, 446, 274, 448, 266, 428),
            (240, 372, 204, 316, 196, 236),
        ),
        tuple(
            _quad(top, (236 + 92 * n / 7, 330), (274 + 22 * n / 7, 424)) for n, top in enumerate(_GMED_TOP)
        ),
        (338, 208),
        150.0,
    ),
    "tfl": Shape(
        (
            (376, 226),
            (396, 236, 408, 254, 408, 272),
            (412, 340, 384, 420, 356, 480),
            (348, 494, 336, 490, 336, 476),
            (340, 400, 366, 310, 376, 226),
        ),
        tuple(
            _quad((376 + 28 * f, 232 + 30 * f), (356 + 50 * f, 370), (341 + 12 * f, 482))
            for f in (0.15, 0.4, 0.65, 0.88)
        ),
        (398, 350),
        340.0,
    ),
    "ql": Shape(_WAIST, _WAIST_FIBRES, (262, 90), 14.0),
    "qlc": Shape(_WAIST, _WAIST_FIBRES, (262 + FAR_SIDE, 60), 14.0, FAR_SIDE),
}


def path_of(curves: tuple[Curve, ...]) -> QPainterPath:
    """An open path through curves."""
    path = QPainterPath(QPointF(*curves[0]))
    _follow(path, curves[1:])
    return path


def _follow(path: QPainterPath, curves: tuple[Curve, ...]) -> None:
    for curve in curves:
        if len(curve) == 2:
            path.lineTo(*curve)
        else:
            path.cubicTo(*curve)


def _body() -> QPainterPath:
    path = path_of(BACK)
    _follow(path, FRONT)
    path.closeSubpath()
    return path


def skin(theme: Theme) -> tuple[QColor, QColor]:
    """Colours of body and bone."""
    body, bone = SKIN.get(theme.name, (theme.well, theme.line))
    return QColor(body), QColor(bone)


def paint_body(painter: QPainter, both_sides: bool, theme: Theme) -> None:
    """Body, contours and bones, fading out above and below; onto a picture of its own."""
    body, bone = skin(theme)
    across = QLinearGradient(LEFT_EDGE, 0, 450, 0)
    for stop, weight in ((0.0, 0.03), (0.45, 0.10), (1.0, 0.0)):
        across.setColorAt(stop, ink.mixed(body, theme.ink, weight))
    if both_sides:
        _far_side(painter, body, bone)
    painter.fillPath(_body(), QBrush(across))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(ink.round_pen(ink.faint(bone, 0.8), 4))
    for contour in (BACK, FRONT):
        painter.drawPath(path_of(contour))
    for line, width, alpha in ((CREST, 12, 0.42), (RIB, 5, 0.47), (BAND, 5, 0.47), (FEMUR, 30, 0.28)):
        painter.setPen(ink.round_pen(ink.faint(bone, alpha), width))
        painter.drawPath(path_of(line))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(bone)
    painter.drawEllipse(QPointF(*HEAD[:2]), *HEAD[2:])
    _fade(painter)


def _far_side(painter: QPainter, body: QColor, bone: QColor) -> None:
    """The back of the other side, behind."""
    far = path_of(BACK[:2])
    far.translate(FAR_SIDE, 0.0)
    far.lineTo(150.0, 252.0)
    far.lineTo(200.0, 180.0)
    far.lineTo(200.0, -30.0)
    painter.fillPath(far, ink.faint(body, 0.55))
    line = path_of(BACK[:2])
    line.translate(FAR_SIDE, 0.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink.faint(bone, 0.5), 3, Qt.PenStyle.DashLine))
    painter.drawPath(line)


def _fade(painter: QPainter) -> None:
    down = QLinearGradient(0.0, -30.0, 0.0, HEIGHT)
    for stop, alpha in ((0.0, 0.0), (0.11, 1.0), (0.76, 1.0), (0.985, 0.0)):
        down.setColorAt(stop, ink.faint("#000000", alpha))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.fillRect(QRectF(*BODY_BOX).adjusted(-50.0, -50.0, 50.0, 50.0), QBrush(down))


def paint_soft(painter: QPainter, muscle: str, colour: str, theme: Theme) -> None:
    """The muscle at rest: its colour is hardly there."""
    _paint_muscle(painter, muscle, ink.mixed(skin(theme)[0], colour, 0.2), QColor(colour), theme, 0.4)


def paint_lit(painter: QPainter, muscle: str, colour: str, theme: Theme) -> None:
    """The muscle at work."""
    _paint_muscle(painter, muscle, QColor(colour), QColor(colour), theme, 0.3)


def paint_past(painter: QPainter, muscle: str, theme: Theme) -> None:
    """How much the muscle worked when something was last known: grey."""
    _paint_muscle(painter, muscle, QColor(theme.line), QColor(theme.dim), theme, 0.3)


def _paint_muscle(
    painter: QPainter, muscle: str, fill: QColor, edge: QColor, theme: Theme, fibres: float
) -> None:
    shape = SHAPES[muscle]
    path = shape.path()
    rect = path.boundingRect()
    shade = QLinearGradient(rect.topLeft(), rect.bottomLeft())
    shade.setColorAt(0.0, ink.mixed(fill, theme.ink, 0.14))
    shade.setColorAt(1.0, fill)
    painter.fillPath(path, QBrush(shade))
    painter.save()
    painter.setClipPath(path)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink.faint(theme.background, fibres), 2.4))
    painter.translate(shape.shift, 0.0)
    for fibre in shape.fibres:
        painter.drawPath(path_of(fibre))
    painter.restore()
    painter.setPen(ink.round_pen(ink.mixed(edge, fill, 0.25), 4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def paint_strained(painter: QPainter, muscle: str, theme: Theme) -> None:
    """Over its line: stripes and a bright outline."""
    path = SHAPES[muscle].path()
    painter.fillPath(path, ink.hatch(theme))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(ink.round_pen(theme.ink, 6))
    painter.drawPath(path)


def paint_lost(painter: QPainter, muscle: str, theme: Theme) -> None:
    """No signal: dashed and empty."""
    path = SHAPES[muscle].path()
    painter.setPen(ink.round_pen(skin(theme)[0], 7))
    painter.setBrush(skin(theme)[0])
    painter.drawPath(path)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(ink.round_pen(theme.dim, 5, Qt.PenStyle.DashLine))
    painter.drawPath(path)


def paint_glow(painter: QPainter, muscle: str, theme: Theme) -> None:
    """Found: light around the muscle."""
    ink.glow(painter, SHAPES[muscle].path(), theme.done)


def shapes_of(muscles: tuple[str, ...]) -> Iterator[tuple[str, Shape]]:
    """The shapes of these muscles, the farthest first."""
    for code in sorted(muscles, key=("qlc", "ql", "tfl", "gmed").index):
        yield code, SHAPES[code]
