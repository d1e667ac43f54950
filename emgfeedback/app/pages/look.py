"""How the pages look: the operator's light theme with a dark rail, and the parts they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from emgfeedback.app.console.parts import label
from emgfeedback.app.theme import LIGHT, stylesheet

Widget = TypeVar("Widget", bound=QWidget)

GROUND, RAIL, RAIL_HERE, RAIL_INK, RAIL_DIM, RING = (
    *("#F2F0EB", "#0F1D2C", "#223D58"),
    *("#F4F7FB", "#A9B8CA", "#F2B134"),
)
CARD_HEIGHT = 84
GOOD, GOOD_INK, CARE, CARE_INK = "#E4F1EA", "#14503C", "#FBEFD3", "#5C3A00"
BAD, BAD_INK = "#F6E0DC", "#7A1712"


def sheet() -> str:
    """The stylesheet of all pages but the run."""
    return (
        stylesheet(LIGHT)
        + f"""
    QWidget#ground {{ background: {GROUND}; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: #B9BDC4; border-radius: 5px; min-height: 30px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QLabel[look="who"] {{ font-size: 20px; font-weight: 600; }}
    QLabel[look="heading"] {{ font-size: 15px; font-weight: 600; }}
    QLabel[look="hero"] {{ font-size: 30px; font-weight: 600; }}
    QLabel[look="good"] {{ background: {GOOD}; color: {GOOD_INK}; border-radius: 9px; padding: 6px 11px; }}
    QLabel[look="care"] {{ background: {CARE}; color: {CARE_INK}; border-radius: 9px; padding: 6px 11px; }}
    QLabel[look="bad"] {{ background: {BAD}; color: {BAD_INK}; border-radius: 9px; padding: 6px 11px; }}
    QFrame[look="card"] QLabel[look="good"] {{ background: {GOOD}; }}
    QFrame[look="card"] QLabel[look="care"] {{ background: {CARE}; }}
    QFrame[look="card"] QLabel[look="bad"] {{ background: {BAD}; }}
    QPushButton[look="plain"] {{ min-height: 34px; font-size: 14px; padding: 0 14px; }}
    QPushButton[look="main"] {{ padding: 0 18px; }}
    QPushButton[look="segment"] {{ min-height: 32px; padding: 0 12px; }}
    QPushButton[look="segment"]:checked {{ background: {LIGHT.accent}; color: #FFFFFF;
        border-color: {LIGHT.accent}; font-weight: 600; }}
    QPushButton[look="segment"]:focus, QPushButton[look="main"]:focus {{ border-color: {RING}; }}
    QPushButton[look="row"] {{ text-align: left; min-height: 40px; padding: 0 12px; font-size: 14px; }}
    QPushButton[look="exercise"] {{ text-align: left; border: 2px solid {LIGHT.line}; border-radius: 12px;
        min-height: {CARD_HEIGHT}px; max-height: {CARD_HEIGHT}px; }}
    QWidget[look="clear"] {{ background: transparent; }}
    QPushButton[look="exercise"]:checked {{ border-color: {LIGHT.accent}; background: #EDF4F7; }}
    QPushButton[look="exercise"]:focus {{ border-color: {LIGHT.ink}; }}
    QCheckBox {{ spacing: 8px; min-height: 24px; background: transparent; border: 2px solid transparent;
                 border-radius: 6px; }}
    QCheckBox:focus {{ border-color: {LIGHT.ink}; }}
    QCheckBox::indicator {{ width: 16px; height: 16px; border: 2px solid {LIGHT.dim}; border-radius: 5px;
                            background: #FFFFFF; }}
    QCheckBox::indicator:checked {{ background: {LIGHT.accent}; border-color: {LIGHT.accent}; }}
    QCheckBox::indicator:disabled {{ background: {LIGHT.background_end}; border-color: {LIGHT.line}; }}
    QWidget#rail {{ background: {RAIL}; }}
    QWidget#rail QLabel {{ color: {RAIL_INK}; }}
    QWidget#rail QLabel[look="dim"] {{ color: {RAIL_DIM}; }}
    QWidget#rail QPushButton {{ background: transparent; color: {RAIL_INK}; border: 2px solid transparent;
        border-radius: 8px; text-align: left; padding: 0 14px; min-height: 36px; font-size: 14px; }}
    QWidget#rail QPushButton:hover {{ background: #1A2E43; }}
    QWidget#rail QPushButton[here="true"] {{ background: {RAIL_HERE}; font-weight: 600; }}
    QWidget#rail QPushButton:focus {{ border-color: {RING}; }}
    QWidget#rail QPushButton:disabled {{ color: {RAIL_DIM}; background: transparent; }}
    QWidget#rail QPushButton[here="true"]:disabled {{ color: {RAIL_INK}; background: {RAIL_HERE}; }}
    """
    )


def strip_sheet() -> str:
    """The stylesheet of the thin line above a run."""
    return f"QLabel {{ background: {RAIL}; color: {RAIL_DIM}; padding: 3px 14px; font-size: 12px; }}"


def button(text: str, tip: str, act: Callable[[], object], look: str = "plain") -> QPushButton:
    """A button with its name for a screen reader, reached by Tab."""
    made = QPushButton(text)
    made.setProperty("look", look)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.clicked.connect(lambda *_: act())
    return named(made, text, tip)


def named(widget: Widget, name: str, tip: str) -> Widget:
    """Give a control its accessible name and a tip."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip)
    return widget


def field(name: str, tip: str, longest: int = 80) -> QLineEdit:
    """A line to write in; its name stands in it while it is empty."""
    made = QLineEdit()
    made.setPlaceholderText(name)
    made.setMaxLength(longest)
    return named(made, name, tip)


class Tick(QCheckBox):
    """A box with a tick in it, so that its state does not rest on colour."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        x, y, size = box.x(), box.y(), box.width()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("#FFFFFF"), 2.2))
        points = ((0.26, 0.52), (0.43, 0.68), (0.74, 0.34))
        painter.drawPolyline(QPolygonF([QPointF(x + a * size, y + b * size) for a, b in points]))
        painter.end()


def clear(layout: QLayout) -> QWidget:
    """A widget around a layout that shows the card behind it."""
    made = QWidget()
    made.setProperty("look", "clear")
    layout.setContentsMargins(0, 0, 0, 0)
    made.setLayout(layout)
    return made


def check(text: str, tip: str, act: Callable[[bool], object]) -> QCheckBox:
    """A box to tick."""
    made = Tick(text)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.clicked.connect(lambda on: act(on))
    return named(made, text, tip)


class Segments(QWidget):
    """A few buttons side by side of which one is chosen."""

    def __init__(
        self, choices: Sequence[tuple[str, str]], tips: str, chosen: Callable[[str], object]
    ) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for value, text in choices:
            made = button(text, f"{tips}: {text}", partial(chosen, value), "segment")
            made.setCheckable(True)
            self._group.addButton(made)
            layout.addWidget(made, 1)
            self.buttons[value] = made

    def choose(self, value: str) -> None:
        """Show which one is chosen, without telling anybody."""
        self.buttons[value].setChecked(True)

    @property
    def value(self) -> str:
        """The one that is chosen."""
        return next((value for value, made in self.buttons.items() if made.isChecked()), "")

    def rename(self, value: str, text: str) -> None:
        """Put other words on one of them."""
        self.buttons[value].setText(text)
        self.buttons[value].setAccessibleName(text)


def panel(heading: str, *parts: QWidget | QLayout, margin: int = 16, stretch: bool = False) -> QFrame:
    """A white card with a heading and parts below each other; with ``stretch`` they stay at the top."""
    frame = QFrame()
    frame.setProperty("look", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(margin, margin - 4, margin, margin - 2)
    layout.setSpacing(margin // 2)
    if heading:
        layout.addWidget(label(heading, "heading"))
    for part in parts:
        if isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
    if stretch:
        layout.addStretch(1)
    return frame


def repolish(widget: QWidget) -> None:
    """Let the stylesheet see a property that has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def set_look(shown: QLabel, look: str) -> None:
    """Give a label another look."""
    if shown.property("look") != look:
        shown.setProperty("look", look)
        repolish(shown)


def empty(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def press(pressed: QAbstractButton) -> None:
    """Press a button as a person would: only where it can be pressed."""
    if pressed.isEnabled() and pressed.isVisible():
        pressed.click()
