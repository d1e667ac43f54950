"""The balloon, a game for long holds: the target lifts it, and the rivals are the ropes that hold it down.

It flies in its band exactly when the moment counts: awake, not above the top, and no rope taut.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPainterPath, QPen

from emgfeedback.app.patient import badges, beside, ink
from emgfeedback.app.patient.layout import Box, Layout, scene_layout
from emgfeedback.app.patient.picture import Column, PatientState
from emgfeedback.app.patient.sprites import lay
from emgfeedback.app.patient.text import LEFT, Label
from emgfeedback.app.theme import Theme
from emgfeedback.values import TARGET

NAMED = ("gmed", "tfl", "ql", "qlc")
FLY_HERE = "fly here"
BAND = (0.55, 0.82)
"""Where the band begins and ends on the way from the ground to the sky."""
HELD = 0.12
"""How high a held balloon comes."""
RADIUS = 88.0
BALLOON_BOX: Box = (-150.0, -160.0, 300.0, 360.0)
BASKET = 158.0
PEG_HEIGHT, NAME_HEIGHT, WORD_HEIGHT = 138.0, 76.0, 54.0
PEG_CORNER = 26.0
MOST_STARS = 12
SKY = {
    "dark": ("#12213F", "#2E4A79", "#8A6470"),
    "light": ("#CFE6F7", "#EAF3F6", "#FBE9D2"),
    "contrast": ("#000000", "#000000", "#101010"),
}
HILLS = {
    "dark": ("#25406A", "#1B3154", "#12233F"),
    "light": ("#B7CFCB", "#94B8A8", "#6E9C85"),
    "contrast": ("#1C1C1C", "#141414", "#0C0C0C"),
}
BRIGHT = {"dark": "#FFE7A8", "light": "#7A5400", "contrast": "#FFFFFF"}


@dataclass(frozen=True, slots=True)
class Sky:
    """The scene: its box, the way of the balloon's middle, and the band."""

    box: Box
    ground: float
    ceiling: float

    def height(self, part: float) -> float:
        """The y of a part of the way up."""
        return self.ground + (self.ceiling - self.ground) * part

    @property
    def band(self) -> Box:
        """The band in which the moment counts."""
        x, _, width, _ = self.box
        top, bottom = self.height(BAND[1]) - 6.0, self.height(BAND[0]) + 6.0
        return x + width * 0.12, top, width * 0.76, bottom - top


def suits(state: PatientState) -> bool:
    """One rope or two, whose names are short enough for their pegs."""
    known = all(column.muscle in NAMED for column in state.columns)
    return state.target is not None and known and len(state.columns) in (2, 3)


def layout_of(state: PatientState, width: float, height: float) -> Layout:
    """The scene, and what stands beside it."""
    return scene_layout(width, height)


def sky_of(layout: Layout) -> Sky:
    """Fit the way of the balloon into the scene."""
    x, y, width, height = layout.wells
    if layout.width >= layout.height:
        x, width = x - 20.0, width + 20.0
    return Sky((x, y, width, height), y + height - PEG_HEIGHT - BASKET - 40.0, y + RADIUS + 34.0)


def climb(target: Column) -> float:
    """How far up the target alone would lift the balloon: into the band at its gate, out of it at its top."""
    gate, top = target.line, beside.FULL_SCALE if math.isnan(target.top) else target.top
    level = 0.0 if math.isnan(target.level) else max(0.0, target.level)
    if level <= gate:
        return BAND[0] * level / gate if gate > 0 else BAND[0]
    if level <= top:
        return BAND[0] + (BAND[1] - BAND[0]) * (level - gate) / (top - gate)
    return min(1.0, BAND[1] + 1.5 * (level - top))


def flight(state: PatientState, glow: float) -> float:
    """Part of the way up: free while found, held below the band while not, unless above its top."""
    target = state.target
    if target is None or target.problem or not state.live:
        return 0.0
    free = climb(target)
    held = min(free, HELD)
    return held + (free - held) * max(glow, target.heat)


def still_key(state: PatientState) -> Hashable:
    """What the still layer depends on, besides size and theme."""
    columns = tuple((c.muscle, c.role, c.place, c.top, c.problem != "") for c in state.columns)
    return "balloon", columns, state.live, state.ring_good, math.isnan(state.ring)


def draw_still(painter: QPainter, state: PatientState, theme: Theme, width: float, height: float) -> None:
    """Paint sky, hills, band and pegs."""
    layout = layout_of(state, width, height)
    sky = sky_of(layout)
    painter.save()
    painter.setClipPath(ink.rounded(sky.box))
    _scenery(painter, sky.box, theme)
    painter.restore()
    if state.ring_good and state.live:
        bright = BRIGHT.get(theme.name, theme.ink)
        painter.setPen(ink.round_pen(bright, 4, Qt.PenStyle.DashLine))
        painter.setBrush(ink.faint(bright, 0.12))
        painter.drawPath(ink.rounded(sky.band))
    for index, (column, box) in enumerate(_pegs(state, sky)):
        _peg(painter, column, box, index, state.live, theme)
    for label in still_labels(state, theme, layout):
        label.draw(painter)
    beside.draw_still(painter, state, theme, layout)


def _scenery(painter: QPainter, box: Box, theme: Theme) -> None:
    x, y, width, height = box
    down = QLinearGradient(0.0, y, 0.0, y + height)
    for stop, colour in zip((0.0, 0.68, 1.0), SKY.get(theme.name, SKY["contrast"]), strict=True):
        down.setColorAt(stop, QColor(colour))
    painter.fillRect(QRectF(*box), QBrush(down))
    hills = zip((0.70, 0.78, 0.86), (56.0, 40.0, 30.0), HILLS.get(theme.name, HILLS["contrast"]), strict=True)
    for layer, (level, swing, colour) in enumerate(hills):
        hill = QPainterPath(QPointF(x, y + height))
        for step in range(61):
            across = step / 60 * width
            wave = math.sin(across / (230 - 40 * layer) + layer * 1.7) + 0.45 * math.sin(across / 97 + layer)
            hill.lineTo(x + across, y + height * level - swing * wave)
        hill.lineTo(x + width, y + height)
        painter.fillPath(hill, QColor(colour))


def _pegs(state: PatientState, sky: Sky) -> list[tuple[Column, Box]]:
    """The rivals' pegs: left and right of the target as on the body."""
    x, y, width, height = sky.box
    at = next(n for n, column in enumerate(state.columns) if column.role == TARGET)
    rivals = [(n, column) for n, column in enumerate(state.columns) if column.role != TARGET]
    lefts = [n < at for n, _ in rivals]
    if len(rivals) == 2 and lefts[0] == lefts[1]:
        lefts = [True, False]
    peg = min(360.0, width / 2 - 36.0)
    top = y + height - PEG_HEIGHT - 12.0
    return [
        (column, (x + 24.0 if left else x + width - 24.0 - peg, top, peg, PEG_HEIGHT))
        for left, (_, column) in zip(lefts, rivals, strict=True)
    ]


def _peg(painter: QPainter, column: Column, box: Box, index: int, live: bool, theme: Theme) -> None:
    if column.problem or not live:
        painter.setPen(ink.round_pen(theme.dim, 5, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(theme.background))
    else:
        painter.setPen(ink.round_pen(theme.hue(column.muscle, column.role, index), 4))
        painter.setBrush(QColor(theme.well))
    painter.drawPath(ink.rounded(box, PEG_CORNER))


def draw(
    painter: QPainter, state: PatientState, theme: Theme, width: float, height: float, glow: float = 0.0
) -> None:
    """Paint balloon, ropes, stars, words, ring, share and results."""
    layout = layout_of(state, width, height)
    sky = sky_of(layout)
    _stars(painter, sky.box, min(state.units, MOST_STARS), theme)
    pegs = _pegs(state, sky)
    centre = _centre(state, sky, pegs, glow)
    for index, (column, box) in enumerate(pegs):
        _rope(painter, column, box, centre, index, state.live, theme)
        corner, size = QPointF(box[0], box[1]), box[2:]
        around = (-10.0, -10.0, size[0] + 20.0, size[1] + 20.0)
        lay(painter, corner, around, _paint_taut, size, theme, strength=column.heat * state.live)
    target = state.target
    if target is not None and (target.problem or not state.live):
        lay(painter, centre, BALLOON_BOX, _paint_lost, theme)
    elif target is not None:
        lay(painter, centre, BALLOON_BOX, _paint_glow, theme, strength=glow)
        lay(painter, centre, BALLOON_BOX, _paint_balloon, theme.target, theme)
        lay(painter, centre, BALLOON_BOX, _paint_stripes, theme, strength=target.heat)
        badges.found_mark(painter, centre, theme, glow)
    for label in live_labels(state, theme, layout):
        label.draw(painter)
    beside.draw(painter, state, theme, layout)


def _centre(state: PatientState, sky: Sky, pegs: list[tuple[Column, Box]], glow: float) -> QPointF:
    """Where the balloon is: pulled to the side of the tauter rope."""
    x, _, width, _ = sky.box
    middle = x + width / 2
    pull = sum(
        min(1.0, _tension(column)) * (1.0 if box[0] > middle else -1.0)
        for column, box in pegs
        if not column.problem and state.live
    )
    return QPointF(middle + 60.0 * pull, sky.height(flight(state, glow)))


def _tension(column: Column) -> float:
    """How taut a rope is: 1 and more where the rival is on its line."""
    line = 0.5 if math.isnan(column.line) or column.line <= 0.02 else column.line
    return max(0.0, column.level) / line if not math.isnan(column.level) else 0.0


def _rope(
    painter: QPainter, column: Column, box: Box, centre: QPointF, index: int, live: bool, theme: Theme
) -> None:
    """Slack and thin while the rival is soft; straight, thick and bright while it holds."""
    right = box[0] > centre.x() - box[2] / 2
    start = centre + QPointF(18.0 if right else -18.0, BASKET)
    end = QPointF(box[0] + box[2] / 2, box[1])
    lost = bool(column.problem) or not live
    slack = 1.0 if lost else 1.0 - min(1.0, _tension(column))
    taut = 0.0 if lost else column.heat
    sag = min((start.y() + end.y()) / 2 + 90.0 * slack, end.y() + 10.0)
    bend = QPointF((start.x() + end.x()) / 2, sag)
    rope = QPainterPath(start)
    rope.quadTo(bend, end)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    style = Qt.PenStyle.DashLine if lost else Qt.PenStyle.SolidLine
    hue = theme.hue(column.muscle, column.role, index)
    painter.setPen(ink.round_pen(ink.mixed(theme.dim, hue, taut), 4.0 + 6.0 * taut, style))
    painter.drawPath(rope)


def _paint_taut(painter: QPainter, size: tuple[float, float], theme: Theme) -> None:
    """A bright outline around the peg of a taut rope."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(ink.round_pen(theme.ink, 9))
    painter.drawPath(ink.rounded((0.0, 0.0, *size), PEG_CORNER))


def _envelope() -> QPainterPath:
    path = QPainterPath(QPointF(-26, 108))
    path.cubicTo(-60, 70, -RADIUS, 40, -RADIUS, -10)
    path.cubicTo(-RADIUS, -130, RADIUS, -130, RADIUS, -10)
    path.cubicTo(RADIUS, 40, 60, 70, 26, 108)
    path.closeSubpath()
    return path


def _basket(painter: QPainter, colour: QColor, theme: Theme) -> None:
    painter.setPen(ink.round_pen(theme.ink, 3))
    for side in (-1, 1):
        painter.drawLine(QPointF(side * 24, 108), QPointF(side * 18, 138))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(-24, 136, 48, 34), 8, 8)


def _paint_balloon(painter: QPainter, colour: str, theme: Theme) -> None:
    across = QLinearGradient(-RADIUS, 0, RADIUS, 0)
    shades = ((0.0, "#0B1730", 0.35), (0.4, "#FFFFFF", 0.25), (1.0, "#0B1730", 0.2))
    for stop, other, weight in shades:
        across.setColorAt(stop, ink.mixed(colour, other, weight))
    painter.fillPath(_envelope(), QBrush(across))
    painter.save()
    painter.setClipPath(_envelope())
    painter.setPen(QPen(ink.faint("#FFFFFF", 0.4), 4))
    for k in (-0.62, -0.22, 0.22, 0.62):
        seam = QPainterPath(QPointF(k * 30, 110))
        seam.cubicTo(k * RADIUS * 1.25, 40, k * RADIUS * 1.3, -70, 0, -100)
        painter.drawPath(seam)
    painter.restore()
    _basket(painter, QColor("#8A5A3C"), theme)


def _paint_stripes(painter: QPainter, theme: Theme) -> None:
    painter.fillPath(_envelope(), ink.hatch(theme))


def _paint_glow(painter: QPainter, theme: Theme) -> None:
    ink.glow(painter, _envelope(), BRIGHT.get(theme.name, theme.done))


def _paint_lost(painter: QPainter, theme: Theme) -> None:
    painter.setPen(ink.round_pen(theme.dim, 5, Qt.PenStyle.DashLine))
    painter.setBrush(QColor(theme.background))
    painter.drawPath(_envelope())
    _basket(painter, QColor(theme.dim), theme)


def _stars(painter: QPainter, box: Box, count: int, theme: Theme) -> None:
    """One star for each step of a long hold that was reached."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(BRIGHT.get(theme.name, theme.ink)))
    for number in range(count):
        x = box[0] + box[2] * (number + 1) / (MOST_STARS + 1)
        y = box[1] + 46.0 + 14.0 * math.sin(2.4 * number)
        star = QPainterPath(QPointF(x, y - 16))
        for turn in range(1, 8):
            reach, angle = (16.0, 5.0)[turn % 2], turn * math.pi / 4
            star.lineTo(x + reach * math.sin(angle), y - reach * math.cos(angle))
        painter.drawPath(star)


def still_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """The names on the pegs, and what the band is for."""
    sky = sky_of(layout)
    for index, (column, (x, top, width, _)) in enumerate(_pegs(state, sky)):
        known = state.live and not column.problem
        colour = theme.hue(column.muscle, column.role, index).name() if known else theme.dim
        yield Label(column.place.capitalize(), (x + 8, top + 6, width - 16, NAME_HEIGHT), 54, colour, True)
    if state.ring_good and state.live:
        x, y, width, _ = sky.band
        box = (x + 26.0, y + 10.0, width / 2 - 50.0, 52.0)
        yield Label(FLY_HERE, box, 38, BRIGHT.get(theme.name, theme.ink), True, LEFT)


def live_labels(state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
    """All words that change with the state."""
    yield from beside.labels(state, theme, layout)
    for column, (x, top, width, _) in _pegs(state, sky_of(layout)):
        colour = theme.ink if column.word else theme.dim
        box = (x + 8.0, top + 6.0 + NAME_HEIGHT, width - 16.0, WORD_HEIGHT - 2.0)
        yield Label(column.word or column.name, box, 40, colour, bool(column.word))
