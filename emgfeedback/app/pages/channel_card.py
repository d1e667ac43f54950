"""A channel in the signal check: its trace, a verdict, the rest level, and what to do."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.console.traces import STEPS_UV
from emgfeedback.app.feed import TRACE_S
from emgfeedback.app.pages.listening import Verdict
from emgfeedback.app.pages.look import set_look
from emgfeedback.app.patient.text import RIGHT, Label
from emgfeedback.app.theme import LIGHT
from emgfeedback.app.words import muscle
from emgfeedback.values import Channel, Floats

SCALE = 58.0


class Sweep(QWidget):
    """The envelope of one channel over the last seconds, in µV; its scale grows by steps."""

    def __init__(self, hue: QColor) -> None:
        super().__init__()
        self._hue = hue
        self._time_s: Floats = np.zeros(0)
        self._uv: Floats = np.zeros(0)
        self.top_uv = STEPS_UV[0]
        self.setMinimumHeight(40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(480, 90)

    def show_trace(self, time_s: Floats, envelope_uv: Floats) -> None:
        """Take the newest seconds; ``time_s`` goes up to 0."""
        self._time_s, self._uv = time_s, envelope_uv
        peak = float(np.nanmax(envelope_uv)) if np.isfinite(envelope_uv).any() else 0.0
        self.top_uv = max(self.top_uv, next((step for step in STEPS_UV if step >= peak), STEPS_UV[-1]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            plot = QRectF(SCALE, 8.0, self.width() - SCALE - 4.0, self.height() - 16.0)
            for mark in (0.0, self.top_uv / 2, self.top_uv):
                y = plot.bottom() - mark / self.top_uv * plot.height()
                painter.setPen(QPen(QColor(LIGHT.line), 1))
                painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
                unit = " µV" if mark == self.top_uv else ""
                Label(f"{mark:g}{unit}", (0, y - 8, SCALE - 6, 16), 11, LIGHT.dim, False, RIGHT).draw(painter)
            self._curve(painter, plot)

    def _curve(self, painter: QPainter, plot: QRectF) -> None:
        """One line per unbroken stretch; what is missing stays a gap."""
        painter.setPen(QPen(self._hue, 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        known = np.isfinite(self._uv)
        x = plot.right() + self._time_s / TRACE_S * plot.width()
        y = plot.bottom() - np.clip(self._uv / self.top_uv, 0.0, 1.0) * plot.height()
        breaks = np.flatnonzero(np.diff(known.astype(np.int8))) + 1
        for part in np.split(np.arange(len(y)), breaks):
            if len(part) > 1 and known[part[0]]:
                points = zip(x[part].tolist(), y[part].tolist(), strict=True)
                painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in points]))


class ChannelCard(QFrame):
    """What is heard of one pair of electrodes."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.setProperty("look", "card")
        words, hue = muscle(channel.muscle), LIGHT.hue(channel.muscle, channel.role)
        self._short = words.short
        name = label(words.short, "title")
        name.setStyleSheet(f"color: {hue.name()};")
        where = [words.place, "" if channel.name == channel.muscle else f"channel {channel.name}"]
        self.verdict = label("", "chip")
        self.sweep = Sweep(hue)
        self.rest, self.step = label("", ""), label("", "dim", wrap=True)
        head = QHBoxLayout()
        head.addWidget(name)
        head.addWidget(label(" · ".join(filter(None, where)), "dim"))
        head.addStretch(1)
        head.addWidget(self.verdict)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(self.sweep, 1)
        layout.addWidget(self.rest)
        layout.addWidget(self.step)

    def show_verdict(self, found: Verdict, rest_uv: float) -> None:
        """Word, symbol and what to do; the rest level once it was measured."""
        set_look(self.verdict, found.look)
        put(self.verdict, f"{found.symbol}  {found.word}")
        put(self.step, found.step)
        put(self.rest, "Rest: not measured yet" if math.isnan(rest_uv) else f"Rest {rest_uv:.1f} µV")
        self.setAccessibleName(f"{self._short}: {found.word}. {self.rest.text()}")
        self.setAccessibleDescription(found.step)
