"""Labels, rows and cards that every page of the operator is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QWidget


def label(text: str, look: str, wrap: bool = False) -> QLabel:
    """A label in one of the looks of the stylesheet."""
    made = QLabel(text)
    made.setProperty("look", look)
    made.setWordWrap(wrap)
    return made


def put(made: QLabel, text: str) -> None:
    """Set a text only when it is another one: a label lays itself out anew each time."""
    if made.text() != text:
        made.setText(text)


def row(*parts: QWidget | QLayout) -> QHBoxLayout:
    """Parts side by side; the first takes the room."""
    layout = QHBoxLayout()
    for place, part in enumerate(parts):
        if isinstance(part, QWidget):
            layout.addWidget(part, 0 if place else 1)
        else:
            layout.addLayout(part, 0 if place else 1)
    return layout


def card(layout: QHBoxLayout) -> QFrame:
    """A white card around something."""
    frame = QFrame()
    frame.setProperty("look", "card")
    layout.setContentsMargins(10, 6, 10, 6)
    frame.setLayout(layout)
    return frame
