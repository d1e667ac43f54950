"""Three traces of ten seconds, drawn by hand: pen width 1, fixed scales, nothing to click."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from emgfeedback.app import words
from emgfeedback.app.feed import TRACE_S, Snapshot, Trace
from emgfeedback.app.link import Link
from emgfeedback.app.patient.text import LEFT, RIGHT, Label
from emgfeedback.app.theme import Theme
from emgfeedback.values import RIVAL, TARGET, Channel, Floats, Protocol

NAME_WIDTH, SCALE_WIDTH = 112.0, 34.0
LOWEST_ROW, MOVEMENT_HEIGHT = 54, 40.0
COMPACT = 0.8
"""Size of the words beside a trace where its row is low."""
FULL_PCT, STEPS_UV = 120.0, (10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
STEPS_G = (0.2, 0.5, 1.0, 2.0, 4.0)


class Traces(QWidget):
    """Level of each muscle over the last seconds, with the line it is judged by; below them the movement."""

    def __init__(
        self, channels: tuple[Channel, ...], protocol: Protocol, theme: Theme, movement: bool = False
    ) -> None:
        super().__init__()
        self._channels, self._protocol, self._theme = channels, protocol, theme
        self._below = MOVEMENT_HEIGHT if movement else 0.0
        self._live = self._heard = True
        self._snapshot: Snapshot | None = None
        self._trace: Trace | None = None
        self._numbers = ["–"] * len(channels)
        self._scale_uv = [STEPS_UV[0]] * len(channels)
        self._scale_g = STEPS_G[0]
        self.setMinimumHeight(LOWEST_ROW * len(channels) + int(self._below))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Traces of the last ten seconds")

    def sizeHint(self) -> QSize:
        return QSize(460, 110 * len(self._channels) + int(self._below))

    def show_snapshot(self, snapshot: Snapshot, trace: Trace, link: Link) -> None:
        """Take the newest seconds and paint them soon: grey when they are past, or not acted on."""
        self._snapshot, self._trace, self._heard = snapshot, trace, link.live
        self._live = link.live and snapshot.tick.state != "waiting"
        self.update()

    def show_numbers(self, snapshot: Snapshot) -> None:
        """Refresh the numbers beside the traces: a few times a second, so that they can be read."""
        levels, envelope = snapshot.tick.shown_pct, snapshot.tick.frame.envelope_uv
        for i, (level, uv) in enumerate(zip(levels.tolist(), envelope.tolist(), strict=True)):
            in_uv = f"{uv:.0f} µV" if math.isfinite(uv) else "–"
            self._numbers[i] = f"{level:.0f} %" if math.isfinite(level) else in_uv

    def paintEvent(self, event: object) -> None:
        with QPainter(self) as painter:
            self._draw(painter)

    def _draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row_height = (self.height() - self._below) / max(1, len(self._channels))
        for index, channel in enumerate(self._channels):
            top = index * row_height
            left = NAME_WIDTH + SCALE_WIDTH
            plot = QRectF(left, top + 8.0, self.width() - left - 4.0, row_height - 18.0)
            colour = self._theme.hue(channel.muscle, channel.role, index)
            self._name(painter, index, channel, colour, top, row_height)
            self._row(painter, index, channel, colour if self._live else QColor(self._theme.dim), plot)
        if self._below:
            self._movement(painter, self.height() - self._below)

    def _name(
        self, painter: QPainter, index: int, channel: Channel, colour: QColor, top: float, height: float
    ) -> None:
        known, dim, ink = words.muscle(channel.muscle), self._theme.dim, self._theme.ink
        bits = int(self._snapshot.tick.frame.quality[index]) if self._snapshot else 0
        heard_uv = self._snapshot.tick.frame.envelope_uv if self._snapshot else None
        measured = channel.role == TARGET and heard_uv is not None and bool(np.isfinite(heard_uv[index]))
        problem = words.problem(bits, measured) if self._heard else "no samples"
        quality = f"▲ {problem}" if problem else "✓ signal good" if self._snapshot else ""
        look = self._theme.warning if problem else self._theme.done
        lines = [
            (known.short, 20.0, 14, colour.name(), True),
            (known.place, 16.0, 12, dim, False),
            (self._numbers[index] if self._live else "–", 28.0, 23, ink, True),
            (quality, 18.0, 12, look, bool(problem)),
        ]
        if not self._heard:
            del lines[2]
        if height < sum(line[1] for line in lines) + 6.0:
            del lines[1]
        needed = sum(line[1] for line in lines)
        scale = 1.0 if height >= needed else COMPACT
        y = top + (height - needed * scale) / 2
        for text, line_height, pixels, shade, bold in lines:
            box = (0.0, y, NAME_WIDTH - 4.0, line_height * scale)
            Label(text, box, round(pixels * scale), shade, bold, LEFT).draw(painter)
            y += line_height * scale

    def _row(self, painter: QPainter, index: int, channel: Channel, colour: QColor, plot: QRectF) -> None:
        trace = self._trace
        calibrated = trace is not None and bool(np.isfinite(trace.level_pct[-50:]).any())
        top_value = FULL_PCT if calibrated else self._top_uv(index)
        unit = "%" if calibrated else "µV"
        self._frame(painter, plot, top_value, unit)
        if trace is None or not len(trace.time_s):
            return
        if calibrated:
            self._judged(painter, channel, trace, plot)
        values = (trace.level_pct if calibrated else trace.envelope_uv)[:, index]
        self._curve(painter, trace.time_s, values / top_value, plot, QPen(colour, 1))

    def _movement(self, painter: QPainter, top: float) -> None:
        """How much the board moved: nothing is judged by it."""
        left, trace = NAME_WIDTH + SCALE_WIDTH, self._trace
        name = (0.0, top, NAME_WIDTH - 4.0, self._below)
        Label("movement", name, 12, self._theme.dim, False, LEFT).draw(painter)
        plot = QRectF(left, top + 8.0, self.width() - left - 4.0, self._below - 16.0)
        painter.fillRect(plot, QColor(self._theme.background))
        moved = trace.movement_g if trace is not None else np.zeros(0)
        if np.isfinite(moved).any():
            peak = float(np.nanmax(moved))
            self._scale_g = max(self._scale_g, next((g for g in STEPS_G if g >= peak), STEPS_G[-1]))
        scale = (NAME_WIDTH - 8.0, plot.top() - 8.0, SCALE_WIDTH + 4.0, 16.0)
        Label(f"{self._scale_g:g} g", scale, 11, self._theme.dim, False, RIGHT).draw(painter)
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        if trace is not None:
            pen = QPen(QColor(self._theme.ink if self._live else self._theme.dim), 1)
            self._curve(painter, trace.movement_s, moved / self._scale_g, plot, pen)

    def _top_uv(self, index: int) -> float:
        """Scale in microvolts: grows by steps, never shrinks, so that the picture stays comparable."""
        if self._trace is not None and len(self._trace.time_s):
            peak = float(np.nanmax(np.nan_to_num(self._trace.envelope_uv[:, index])))
            fitting = next((step for step in STEPS_UV if step >= peak), STEPS_UV[-1])
            self._scale_uv[index] = max(self._scale_uv[index], fitting)
        return self._scale_uv[index]

    def _frame(self, painter: QPainter, plot: QRectF, top_value: float, unit: str) -> None:
        painter.fillRect(plot, QColor(self._theme.background))
        painter.setPen(QPen(QColor(self._theme.line), 1))
        marks = (0.0, 50.0, 100.0) if unit == "%" else (0.0, top_value / 2, top_value)
        heights = [plot.bottom() - mark / top_value * plot.height() for mark in marks]
        for y in heights:
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        for mark, y in zip(marks, heights, strict=True):
            text = f"{mark:.0f}" + (f" {unit}" if mark == marks[-1] else "")
            box = (NAME_WIDTH - 8.0, y - 8.0, SCALE_WIDTH + 4.0, 16.0)
            Label(text, box, 11, self._theme.dim, False, RIGHT).draw(painter)

    def _judged(self, painter: QPainter, channel: Channel, trace: Trace, plot: QRectF) -> None:
        """The band of the target, or the line that moves with it."""
        pen = QPen(QColor(self._theme.dim), 1, Qt.PenStyle.DashLine)
        if channel.role == TARGET:
            ceiling_pct = self._snapshot.ceiling_pct if self._snapshot else self._protocol.ceiling_pct
            low, high = self._protocol.min_level_pct, ceiling_pct or FULL_PCT
            band = QColor(self._theme.target)
            band.setAlphaF(0.10)
            bottom, top = (plot.bottom() - level / FULL_PCT * plot.height() for level in (low, high))
            painter.fillRect(QRectF(plot.left(), top, plot.width(), bottom - top), band)
            painter.setPen(pen)
            for y in (bottom, top) if ceiling_pct else (bottom,):
                painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        elif channel.role == RIVAL and self._snapshot is not None:
            target = next((i for i, c in enumerate(self._channels) if c.role == TARGET), 0)
            line = trace.level_pct[:, target] / (self._snapshot.ratio or math.nan)
            own_pct = self._protocol.rival_ceiling_pct.get(channel.muscle, math.nan)
            self._curve(painter, trace.time_s, np.fmin(line, own_pct) / FULL_PCT, plot, pen)

    def _curve(self, painter: QPainter, time_s: Floats, heights: Floats, plot: QRectF, pen: QPen) -> None:
        """One polyline per unbroken stretch; a gap stays a gap."""
        x = plot.right() + time_s / TRACE_S * plot.width()
        y = plot.bottom() - np.clip(heights, 0.0, 1.0) * plot.height()
        painter.setPen(pen)
        known = np.isfinite(y)
        breaks = np.flatnonzero(np.diff(known.astype(np.int8))) + 1
        for part in np.split(np.arange(len(y)), breaks):
            if len(part) > 1 and known[part[0]]:
                points = zip(x[part].tolist(), y[part].tolist(), strict=True)
                painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in points]))
