"""The widget that shows a patient view: canvas, turn, still layer, and the moment of painting."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QColor, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from emgfeedback.app.patient import columns
from emgfeedback.app.patient.layout import canvas_size
from emgfeedback.app.patient.picture import READY, PatientState
from emgfeedback.app.patient.steady import Steady
from emgfeedback.app.patient.text import LEFT, Label
from emgfeedback.app.theme import DARK, Theme

TURNS = (0, 90, -90)
DESCRIBE_EVERY_S = 1.0


class PatientView(QWidget):
    """Shows a `PatientState`; eased for the eye, turned for someone who lies on the side."""

    def __init__(self, theme: Theme = DARK, tag: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.tag = tag
        self.turn = 0
        self.painted: Callable[[float], None] | None = None
        self._steady = Steady()
        self._state = PatientState(READY)
        self._layer = QPixmap()
        self._layer_key: object = None
        self._described_s = 0.0
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Patient view")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        return QSize(1060, 860)

    def show_state(self, state: PatientState, now_s: float) -> None:
        """Take the newest state and paint it soon."""
        self._state = self._steady.step(state, now_s)
        if now_s - self._described_s >= DESCRIBE_EVERY_S:
            self._described_s = now_s
            self._describe(state.describe())
        self.update()

    def _describe(self, text: str) -> None:
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def next_turn(self) -> None:
        """Turn the picture by the next of 0, 90 and -90 degrees."""
        self.turn = TURNS[(TURNS.index(self.turn) + 1) % len(TURNS)]
        self.update()

    def paintEvent(self, event: object) -> None:
        layer = self._still_layer()
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, layer)
            width, height = self._place(painter)
            columns.draw(painter, self._state, self.theme, width, height, self._steady.glow)
        if self.painted is not None:
            self.painted(time.monotonic())

    def _place(self, painter: QPainter) -> tuple[float, float]:
        """Move the painter onto the virtual canvas: turned, scaled evenly, centred. Returns its size."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across, down = float(self.width()), float(self.height())
        painter.translate(across / 2, down / 2)
        if self.turn:
            painter.rotate(self.turn)
            across, down = down, across
        width, height = canvas_size(across, down)
        scale = min(across / width, down / height)
        painter.scale(scale, scale)
        painter.translate(-width / 2, -height / 2)
        return width, height

    def _still_layer(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        key = (self.width(), self.height(), ratio, self.turn, self.theme.name, columns.still_key(self._state))
        if key != self._layer_key:
            self._layer_key = key
            self._layer = QPixmap(self.size() * ratio)
            self._layer.setDevicePixelRatio(ratio)
            with QPainter(self._layer) as painter:
                self._draw_still(painter)
        return self._layer

    def _draw_still(self, painter: QPainter) -> None:
        self._background(painter)
        width, height = self._place(painter)
        columns.draw_still(painter, self._state, self.theme, width, height)
        if self.tag:
            box = columns.layout_of(self._state, width, height).tag
            Label(self.tag, box, 26, self.theme.warning, True, LEFT).draw(painter)

    def _background(self, painter: QPainter) -> None:
        gradient = QLinearGradient(0.0, 0.0, 0.0, float(self.height()))
        gradient.setColorAt(0.0, QColor(self.theme.background_end))
        gradient.setColorAt(1.0, QColor(self.theme.background))
        painter.fillRect(self.rect(), gradient)
