"""Home: go on with the last person, begin with a new one, try it, or replay; and what is plugged in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.doors import Doors, Kept, Port
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.look import button, empty, panel, repolish
from emgfeedback.app.pages.page import Page

LOOK_EVERY_MS = 3000
WARM_UP_AFTER_MS = 800
"""Home is painted and quick first; then what a run needs is loaded behind it."""
SHOWN_SESSIONS = 4
TITLE = "emgfeedback"
HERO = "Which muscle is doing the work?"
ABOUT = "Training aid and research tool, not a medical device. It works without a network."
STEPS = (
    "Person, exercise, then one press per muscle for the scale, then lift: the screen and the sound tell who "
    "leads.\nEvery session is recorded on this computer."
)
NO_SESSIONS = "No sessions yet. Try it without a board: 1 minute and a half."
LOOKING = "Looking for a board…"
NO_PORT = "No board is plugged in."
NO_PORT_STEPS = (
    "Put the dongle into this computer; its switch is at GPIO 6.",
    "Switch the board to PC; its light is on.",
    "This page looks again by itself.",
)
NO_DONGLE_STEPS = ("None of them looks like an OpenBCI dongle; you can still choose one for the exercise.",)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where Home leads to; ``again`` takes the path of a recording."""

    new: Callable[[], object]
    resume: Callable[[], object]
    try_it: Callable[[], object]
    replay: Callable[[], object]
    again: Callable[[str], object]


class Home(Page):
    """The start page; Enter goes on with the last person, or begins a session where there is none."""

    def __init__(self, doors: Doors, errands: Errands, ways: Ways) -> None:
        super().__init__(TITLE, ABOUT)
        self._doors, self._errands, self._ways = doors, errands, ways
        self._looking = False
        self.board = self.chip(LOOKING, "care")
        self.resume = button("Resume", "Go on with the person seen last", ways.resume, "page")
        self.new = button("New session", "Begin with a person  (Ctrl+N)", ways.new, "page")
        self.try_it = button(
            "Try it", "A simulated person: no board, no electrodes, nobody lies there", ways.try_it, "page"
        )
        self.replay = button("Replay a file", "Show a recording again", ways.replay, "page")
        self._found = QVBoxLayout()
        self._sessions = QVBoxLayout()
        self._arrange()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look_for_boards)
        QTimer.singleShot(WARM_UP_AFTER_MS, self, self._warm_up)

    def _warm_up(self) -> None:
        self._errands.send(self._doors.warm_up, lambda _: None, self.say)

    def _arrange(self) -> None:
        hero, steps = label(HERO, "hero", wrap=True), label(STEPS, "dim", wrap=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        for made in (self.resume, self.new, self.try_it, self.replay):
            made.setMinimumWidth(150)
            buttons.addWidget(made)
        buttons.addStretch(1)
        begin = panel("", hero, steps, buttons, margin=26)
        for layout in (self._found, self._sessions):
            layout.setSpacing(6)
        boards = panel("Board", self._found, stretch=True)
        sessions = panel("Last sessions", self._sessions, stretch=True)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(sessions, 3)
        below.addWidget(boards, 2)
        self.body.addWidget(begin)
        self.body.addLayout(below, 1)
        self._found.addWidget(label(LOOKING, "dim"))
        self._sessions.addWidget(label("Looking into the library…", "dim"))

    def enter(self) -> None:
        """Offer the last person, and look for boards and sessions."""
        code = self._doors.last()
        self.resume.setVisible(bool(code))
        self.resume.setText(f"Resume {code}")
        self.resume.setAccessibleName(f"Resume {code}")
        self.likely = self.resume if code else self.new
        for made in (self.resume, self.new):
            made.setProperty("look", "main" if made is self.likely else "page")
            repolish(made)
        self._errands.send(self._doors.kept, self._show_sessions, self._no_sessions)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self._look_for_boards()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _look_for_boards(self) -> None:
        """Ask once at a time: a driver that hangs must not pile up threads."""
        if not self._looking:
            self._looking = True
            self._errands.send(self._doors.ports, self._show_ports, self._no_ports)

    def _show_ports(self, ports: Sequence[Port]) -> None:
        self._looking = False
        dongles = [port for port in ports if port.is_dongle]
        if dongles:
            self.show_chip(self.board, f"●  {dongles[0].name.partition(' (')[0]} plugged in", "good")
        else:
            self.show_chip(self.board, "No board plugged in" if not ports else "No dongle found", "care")
        lines = [f"{'●' if port.is_dongle else '○'}  {port.name}\n     {port.path}" for port in ports[:5]]
        steps = () if dongles else NO_DONGLE_STEPS if ports else NO_PORT_STEPS
        self._show_lines(lines or [NO_PORT], steps)

    def _no_ports(self, sentence: str) -> None:
        self._looking = False
        self.show_chip(self.board, "Ports not known", "care")
        self._show_lines([sentence], ("Plug the dongle in anew; this page looks again by itself.",))

    def _show_lines(self, lines: Sequence[str], steps: Sequence[str]) -> None:
        said = "\n".join((*lines, *steps))
        if self._found.property("said") == said:
            return
        self._found.setProperty("said", said)
        empty(self._found)
        for line in lines:
            self._found.addWidget(label(line, "", wrap=True))
        for step in steps:
            self._found.addWidget(label(f"•  {step}", "dim", wrap=True))

    def _show_sessions(self, kept: Sequence[Kept]) -> None:
        empty(self._sessions)
        if not kept:
            self._no_sessions("")
            return
        for one in kept[:SHOWN_SESSIONS]:
            self._sessions.addWidget(self._row(one))
        if len(kept) > SHOWN_SESSIONS:
            more = f"{len(kept) - SHOWN_SESSIONS} more on the Replay page."
            self._sessions.addWidget(label(more, "dim"))

    def _row(self, one: Kept) -> QPushButton:
        text = f"{one.day}    {one.code}    {one.exercise}"
        return button(text, f"Replay {one.path}", partial(self._ways.again, one.path), "row")

    def _no_sessions(self, sentence: str) -> None:
        empty(self._sessions)
        said = label(sentence or NO_SESSIONS, "large", wrap=True)
        self._sessions.addWidget(said, 0, Qt.AlignmentFlag.AlignTop)
        if sentence:
            put(said, f"{sentence[:1].upper()}{sentence[1:]}")
