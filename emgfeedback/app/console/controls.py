"""The operator's keys: every button is a command, and every command has a key."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

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
    Control("start", "Start", ("Space",), "Start, pause or go on", (0, 0, 5), "main"),
    Control(
        "pain", "Pain", ("P",), "It hurts: stop at once, until a clinician has looked", (0, 5, 3), "pain"
    ),
    Control("stop", "Stop", ("Esc",), "Stop now and keep all data", (0, 8, 4), "stop"),
    Control("skip", "Skip", ("Right",), "Go to the next phase", (1, 0, 3)),
    Control("easier", "Easier", ("-",), "Lower the line by one step of 0.10 ln", (1, 3, 3)),
    Control("harder", "Harder", ("+", "="), "Raise the line by one step of 0.10 ln", (1, 6, 3)),
    Control("mark", "Mark", ("M",), "Put a marker into the recording", (1, 9, 3)),
    Control("veto", "Veto", ("X",), "A repetition does not count; again for the one before", (2, 0, 3)),
    Control("turn", "Turn", ("T",), "Turn the patient view for someone lying on the side", (2, 3, 3)),
    Control("sound", "Sound", ("S",), "A tone that rises with the target, on or off", (2, 6, 3)),
    Control("full", "Full", ("F11",), "Full screen: only the patient view, or this panel again", (2, 9, 3)),
    Control("stance", "Stance", ("B",), "The trained leg stands now, or swings", (3, 0, 6)),
    Control("unlock", "Unlock", ("U",), "A clinician permits what is locked, by name", (3, 6, 6)),
)
VIEW_CONTROLS = (
    Control("hip", "Hip", ("1",), "Patient view: the hip map, what lights up works", (4, 0, 0)),
    Control("columns", "Columns", ("2",), "Patient view: columns, how much each muscle works", (4, 1, 0)),
    Control("triangle", "Triangle", ("3",), "Patient view: the triangle, where the work goes", (4, 2, 0)),
    Control("balloon", "Balloon", ("4",), "Patient view: the balloon, a game for long holds", (4, 3, 0)),
    Control("blank", "Blank", ("0",), "Patient view: no picture, sound only", (4, 4, 0)),
)
"""What the patient sees; there where something is to be done for each of them."""
VIEW_LOOK = """
QPushButton { padding: 0; font-size: 12px; min-height: 26px; }
QPushButton:checked { font-weight: 600; border: 2px solid #16202E; }
"""
KEY_NAMES = {"Right": "→", "-": "−"}
ALL_CONTROLS = (*CONTROLS, *VIEW_CONTROLS)
COMMANDS = (
    *("start", "pain", "stop", "skip", "easier", "harder", "mark"),
    *("veto", "stance", "unlock"),
)
ON_DEMAND = ("stance", "unlock")
ALWAYS_THERE = ("start", "pain", "stop")


class Controls(QWidget):
    """A grid of buttons, one for each of ``actions``.

    ``digits`` are shortcuts that rest while something is asked above, whose answers have the same keys.
    """

    def __init__(self, actions: Mapping[str, Callable[..., object]]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self.buttons: dict[str, QPushButton] = {}
        self._offered: set[str] = {control.name for control in ALL_CONTROLS} - set(ON_DEMAND)
        self._folded = False
        self.digits: Sequence[QShortcut] = ()
        for control in CONTROLS:
            row, column, span = control.place
            grid.addWidget(self._made(control, actions[control.name]), row, column, 1, span)
        for column in range(12):
            grid.setColumnStretch(column, 1)
        views = QHBoxLayout()
        views.setSpacing(4)
        for control in VIEW_CONTROLS:
            if control.name in actions:
                button = self._made(control, actions[control.name])
                button.setCheckable(True)
                button.setStyleSheet(VIEW_LOOK)
                views.addWidget(button, 1)
        grid.addLayout(views, 4, 0, 1, 12)
        self._lay_out()

    def _made(self, control: Control, act: Callable[..., object]) -> QPushButton:
        button = QPushButton()
        button.setProperty("look", control.look)
        button.setAccessibleName(control.text)
        button.setToolTip(f"{control.tip}  ({' or '.join(control.keys)})")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda *_: act())
        self.buttons[control.name] = button
        self.rename(control.name, control.text)
        return button

    def choose(self, view: str) -> None:
        """Mark the view that the patient sees."""
        for control in VIEW_CONTROLS:
            if control.name in self.buttons:
                self.buttons[control.name].setChecked(control.name == view)

    def press(self, name: str) -> None:
        """Do what the button does, if it may be pressed now; for keys of another window."""
        if not self.buttons[name].isHidden():
            self.buttons[name].click()

    def offer(self, name: str, wanted: bool) -> None:
        """Show or hide a button that is there on demand only."""
        if wanted != (name in self._offered):
            self._offered ^= {name}
            self._lay_out()

    def fold(self, wanted: bool) -> None:
        """Leave only the first row, while something is asked above it."""
        if wanted != self._folded:
            self._folded = wanted
            for shortcut in self.digits:
                shortcut.setEnabled(not wanted)
            self._lay_out()

    def _lay_out(self) -> None:
        for name, button in self.buttons.items():
            there = name in (ALWAYS_THERE if self._folded else self._offered)
            if not there and button.hasFocus():
                self.setFocus()
            button.setVisible(there)

    def rename(self, name: str, text: str) -> None:
        """Put other words on a button; its key stays beside them."""
        control = next(control for control in ALL_CONTROLS if control.name == name)
        key = KEY_NAMES.get(control.keys[0], control.keys[0])
        shown = f"{key} {text}" if control in VIEW_CONTROLS else f"{text}  {key}"
        if self.buttons[name].text() != shown:
            self.buttons[name].setText(shown)
            self.buttons[name].setAccessibleName(text)

    def allow(self, *names: str) -> None:
        """Switch off all commands that would have no effect now."""
        for name in COMMANDS:
            if name not in names and self.buttons[name].hasFocus():
                self.setFocus()  # or Qt moves it on to Stop
            self.buttons[name].setEnabled(name in names)


def listen(window: QWidget, actions: Mapping[str, Callable[..., object]]) -> dict[str, list[QShortcut]]:
    """Give every control that does something its keys in the whole window; a key held down counts once."""
    shortcuts: dict[str, list[QShortcut]] = {}
    for control in (control for control in ALL_CONTROLS if control.name in actions):
        for key in control.keys:
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(lambda act=actions[control.name]: act())
            shortcuts.setdefault(control.name, []).append(shortcut)
    return shortcuts


def stepped(ratio: float, steps: int) -> float:
    """The line R after so many steps of 0.10 ln, kept in a sensible range."""
    return min(HIGHEST_RATIO, max(LOWEST_RATIO, ratio * math.exp(steps * RATIO_STEP_LN)))
