"""The dark rail at the left: the session in order, with a tick at what is done."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.look import button, repolish

WIDTH = 172
NOT_A_DEVICE = "Training and research\ntool, not a medical\ndevice."
STEPS = (
    ("home", "Home", "Go to the start page"),
    ("person", "Person", "Who trains, and what each leg may do"),
    ("placement", "Placement", "Where the electrodes go"),
    ("signals", "Signal check", "Choose the board, and listen to each channel"),
    ("exercise", "Exercise", "Choose the exercise, the board and the electrodes"),
    ("run", "Run", "The session itself; it begins on the Exercise page"),
)
BELOW = (("replay", "Replay", "Show a recording again"),)
HERE, DONE, TO_COME = "▶", "✓", "○"


class Rail(QWidget):
    """One button for each page; `go` opens it."""

    def __init__(self, go: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAccessibleName("Pages")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 16, 10, 12)
        layout.setSpacing(4)
        layout.addWidget(label("  Session", "title"))
        layout.addSpacing(8)
        self.buttons: dict[str, QPushButton] = {}
        for steps in (STEPS, BELOW):
            for name, text, tip in steps:
                made = button(text, tip, partial(go, name), "rail")
                self.buttons[name] = made
                layout.addWidget(made)
            if steps is STEPS:
                layout.addStretch(1)
        self._who = label("", "dim", wrap=True)
        layout.addSpacing(6)
        layout.addWidget(self._who)
        layout.addWidget(label(NOT_A_DEVICE, "dim"))
        self.show_steps("home", (), ("home",))

    def show_steps(self, here: str, done: Collection[str], open_to: Collection[str], who: str = "") -> None:
        """Mark where one is and what is done, and offer the pages of ``open_to``."""
        for name, text, _ in (*STEPS, *BELOW):
            mark = HERE if name == here else DONE if name in done else TO_COME
            made = self.buttons[name]
            made.setText(f"{mark}   {text}")
            said = {HERE: ", you are here", DONE: ", done"}.get(mark, "")
            made.setAccessibleName(f"{text}{said}")
            made.setEnabled(name in open_to)
            if made.property("here") != (name == here):
                made.setProperty("here", name == here)
                repolish(made)
        put(self._who, who)
