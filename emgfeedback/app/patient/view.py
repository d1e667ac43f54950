"""The widget that shows a patient view: canvas, turn, still layer, and the moment of painting."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QColor, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from emgfeedback.app.patient.layout import canvas_size
from emgfeedback.app.patient.picture import READY, PatientState
from emgfeedback.app.patient.steady import Steady
from emgfeedback.app.patient.text import LEFT, Label
from emgfeedback.app.patient.views import DEFAULT, VIEWS, View, view_of
from emgfeedback.app.theme import DARK, Theme

TURNS = (0, 90, -90)
DESCRIBE_EVERY_S = 1.0


class PatientView(QWidget):
    """Shows a `PatientState`; eased for the eye, turned for someone who lies on the side."""

    def __init__(
        self, theme: Theme = DARK, tag: str = "", parent: QWidget | None = None, view: str = DEFAULT
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        self.view = view
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

    def choose(self, view: str) -> None:
        """Show another of the `VIEWS`."""
        if view not in VIEWS:
            raise ValueError(f"{view!r} is no patient view; there are {', '.join(VIEWS)}")
        self.view = view
        self.update()

    @property
    def drawn_by(self) -> View:
        """Who draws the state of now."""
        return view_of(self.view, self._state)

    def next_turn(self) -> None:
        """Turn the picture by the next of 0, 90 and -90 degrees."""
        self.turn = TURNS[(TURNS.index(self.turn) + 1) % len(TURNS)]
        self.update()

    def paintEvent(self, event: object) -> None:
        with QPainter(self) as painter:
            self.paint(painter, self.devicePixelRatioF())
        if self.painted is not None:
            self.painted(time.monotonic())

    def paint(self, painter: QPainter, ratio: float) -> None:
        """Paint the state of now: the still layer, made anew where it no longer fits, and the rest."""
        painter.drawPixmap(0, 0, self._still_layer(ratio))
        width, height = self._place(painter)
        self.drawn_by.draw(painter, self._state, self.theme, width, height, self._steady.glow)

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

    def _still_layer(self, ratio: float) -> QPixmap:
        still = self.drawn_by.still_key(self._state)
        key = (self.width(), self.height(), ratio, self.turn, self.theme.name, self.tag, self.view, still)
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
        view = self.drawn_by
        view.draw_still(painter, self._state, self.theme, width, height)
        if self.tag:
            box = view.layout_of(self._state, width, height).tag
            Label(self.tag, box, 26, self.theme.warning, True, LEFT).draw(painter)

    def _background(self, painter: QPainter) -> None:
        gradient = QLinearGradient(0.0, 0.0, 0.0, float(self.height()))
        gradient.setColorAt(0.0, QColor(self.theme.background_end))
        gradient.setColorAt(1.0, QColor(self.theme.background))
        painter.fillRect(self.rect(), gradient)
