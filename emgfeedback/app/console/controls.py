"""The operator's keys: every button is a command, and every command has a key."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

RATIO_STEP_LN = 0.10
LOWEST_RATIO, HIGHEST_RATIO = 0.5, 4.0


@dataclass(frozen=True, slots=True)
class Control:
    """One button: its name in the code, words, keys, what it does in a sentence, and where it stands."""

    name: str
    text: str
    keys: tuple[str, ...]
    tip: str
    place: tuple[int, int, int]
    look: str = ""


CONTROLS = (
    Control("start", "Start", ("Space",), "Start, pause or go on", (0, 0, 8), "main"),
    Control("stop", "Stop", ("Esc",), "Stop now and keep all data", (0, 8, 4), "stop"),
    Control("skip", "Skip", ("Right",), "Go to the next phase", (1, 0, 3)),
    Control("easier", "Easier", ("-",), "Lower the line by one step of 0.10 ln", (1, 3, 3)),
    Control("harder", "Harder", ("+", "="), "Raise the line by one step of 0.10 ln", (1, 6, 3)),
    Control("mark", "Mark", ("M",), "Put a marker into the recording", (1, 9, 3)),
    Control("turn", "Turn", ("T",), "Turn the patient view for someone lying on the side", (2, 0, 3)),
    Control("sound", "Sound", ("S",), "A tone that rises as the target leads, on or off", (2, 3, 3)),
    Control("full", "Full screen", ("F11",), "Only the patient view, or this panel again", (2, 6, 6)),
)
KEY_NAMES = {"Right": "→", "-": "−"}
COMMANDS = ("start", "stop", "skip", "easier", "harder", "mark")


class Controls(QWidget):
    """A grid of buttons; `on` names what each of them does."""

    def __init__(self, actions: dict[str, Callable[[], None]]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(7)
        self.buttons: dict[str, QPushButton] = {}
        for control in CONTROLS:
            button = QPushButton()
            button.setProperty("look", control.look)
            button.setAccessibleName(control.text)
            button.setToolTip(f"{control.tip}  ({' or '.join(control.keys)})")
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(actions[control.name])
            row, column, span = control.place
            grid.addWidget(button, row, column, 1, span)
            self.buttons[control.name] = button
            self.rename(control.name, control.text)
        for column in range(12):
            grid.setColumnStretch(column, 1)

    def rename(self, name: str, text: str) -> None:
        """Put other words on a button; its key stays beside them."""
        control = next(control for control in CONTROLS if control.name == name)
        key = KEY_NAMES.get(control.keys[0], control.keys[0])
        shown = f"{text}  {key}"
        if self.buttons[name].text() != shown:
            self.buttons[name].setText(shown)
            self.buttons[name].setAccessibleName(text)

    def allow(self, *names: str) -> None:
        """Switch off all commands that would have no effect now."""
        for name in COMMANDS:
            if name not in names and self.buttons[name].hasFocus():
                self.setFocus()  # or Qt moves it on to Stop
            self.buttons[name].setEnabled(name in names)


def listen(window: QWidget, actions: dict[str, Callable[[], None]]) -> dict[str, list[QShortcut]]:
    """Give every control its keys in the whole window; a key held down counts once."""
    shortcuts: dict[str, list[QShortcut]] = {}
    for control in CONTROLS:
        for key in control.keys:
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(actions[control.name])
            shortcuts.setdefault(control.name, []).append(shortcut)
    return shortcuts


def stepped(ratio: float, steps: int) -> float:
    """The line R after so many steps of 0.10 ln, kept in a sensible range."""
    return min(HIGHEST_RATIO, max(LOWEST_RATIO, ratio * math.exp(steps * RATIO_STEP_LN)))
