"""A calm page in the middle of the window: a title, what there is to say, and a few buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from emgfeedback.app import words
from emgfeedback.app.console.panel import NOT_A_DEVICE
from emgfeedback.app.console.parts import card, label, put
from emgfeedback.app.theme import Theme, stylesheet

WIDEST, UNBROKEN = 820, "/\N{WORD JOINER}"
"""Width of the words, and a slash at which no line ends."""
LETTING_GO = "Letting go of the board…"


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of a page."""

    text: str
    act: Callable[[], object]
    tip: str
    likely: bool = False


class Page(QWidget):
    """Title, parts below each other, and buttons; the likely one, if there is one, has the focus."""

    def __init__(self, title: str, theme: Theme, choices: Sequence[Choice] = ()) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(stylesheet(theme))
        inner = QWidget()
        inner.setMaximumWidth(WIDEST)
        QHBoxLayout(self).addWidget(inner)
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(20, 20, 20, 20)
        whole.setSpacing(14)
        self.title = label(title, "huge", wrap=True)
        self._parts = QVBoxLayout()
        self._parts.setSpacing(14)
        self.buttons: list[QPushButton] = []
        whole.addStretch(1)
        whole.addWidget(self.title)
        whole.addLayout(self._parts)
        whole.addLayout(self._row(choices))
        whole.addStretch(2)
        whole.addWidget(label(NOT_A_DEVICE, "dim"))

    def take_focus(self) -> None:
        """Let Enter press the likely button, and nothing where there is none."""
        likely = (button for button in self.buttons if button.property("look") == "main")
        next(likely, self).setFocus()

    def add(self, part: QWidget) -> None:
        """Put a part below those before."""
        self._parts.addWidget(part)

    def _row(self, choices: Sequence[Choice]) -> QHBoxLayout:
        buttons = QHBoxLayout()
        for choice in choices:
            button = QPushButton(choice.text)
            button.setProperty("look", "main" if choice.likely else "page")
            button.setAccessibleName(choice.text)
            button.setToolTip(choice.tip)
            button.setMinimumSize(160, 46)
            button.clicked.connect(choice.act)
            self.buttons.append(button)
            buttons.addWidget(button)
        buttons.addStretch(1)
        return buttons


class Connecting(Page):
    """While a board is asked to answer: what to look at meanwhile, and a way out."""

    def __init__(self, device: str, where: str, theme: Theme, cancel: Callable[[], object]) -> None:
        board = f"{device} on {where}" if where else device
        leave = Choice("Cancel", cancel, "Stop waiting for the board  (Esc)")
        super().__init__(f"Connecting to {board.replace('/', UNBROKEN)}…", theme, (leave,))
        self._waited = label("", "large", wrap=True)
        self.add(self._waited)
        checks = QVBoxLayout()
        checks.setSpacing(6)
        checks.addWidget(label("Meanwhile, have a look:", "dim"))
        for line in words.checks(device):
            checks.addWidget(label(f"•  {line}", "large", wrap=True))
        around = QHBoxLayout()
        around.addLayout(checks)
        self.add(card(around))
        self.show_waited(0.0)

    def leave(self) -> None:
        """Say that the wait was given up, at once; the board is let go in the background."""
        put(self.title, LETTING_GO)
        self._waited.hide()
        self.buttons[0].setEnabled(False)

    def show_waited(self, seconds: float) -> None:
        """Say how long it takes already, in whole seconds."""
        put(self._waited, f"Waiting for its answer: {seconds:.0f} s. Nothing is recorded yet.")


class Failure(Page):
    """The run did not begin: why, and what can be done."""

    def __init__(self, title: str, sentence: str, theme: Theme, choices: Sequence[Choice]) -> None:
        super().__init__(title, theme, choices)
        self.banner = label("", "notice", wrap=True)
        self.add(self.banner)
        self.say(sentence)

    def say(self, sentence: str) -> None:
        """Show another sentence."""
        put(self.banner, sentence[:1].upper() + sentence[1:])
        self.banner.setVisible(bool(sentence))
