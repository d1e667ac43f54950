"""The Exercise page: cards, what the chosen one asks, the source of the samples, and Start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QVBoxLayout

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.cards import Cards
from emgfeedback.app.pages.doors import Doors, Exercise, Order, Person
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.limits_words import limits_words, who_words
from emgfeedback.app.pages.look import button, check, clear, empty, field, panel
from emgfeedback.app.pages.page import Page
from emgfeedback.app.pages.placement import mode_of
from emgfeedback.app.pages.source import SourceBox
from emgfeedback.training.limits import limits_for
from emgfeedback.training.permissions import KEY_WORDS, NOBODY_ASKED, OTHER_LEG, WEIGHT, exercise_locks, words
from emgfeedback.values import Option, Protocol

if TYPE_CHECKING:
    from emgfeedback.app.pages.signals import SignalsPage

NOT_CHECKED = "Signals not checked"
NOBODY = "No person chosen"
NOBODY_ABOUT = "Simulated persons and files only; for a board, choose a person first (Person, at the left)."


class ExercisePage(Page):
    """Chooses what is done; `start` gets the order."""

    def __init__(
        self, doors: Doors, errands: Errands, start: Callable[[Order], object], back: Callable[[], object]
    ) -> None:
        super().__init__(NOBODY, NOBODY_ABOUT)
        self._doors, self._errands, self._start = doors, errands, start
        self.mode, self.signals = self.chip("", "care"), self.chip("", "care")
        for chip in (self.mode, self.signals):
            chip.hide()
        self.person: Person | None = None
        self.chosen: Exercise | None = None
        self.options: dict[str, QCheckBox] = {}
        self.search = field("Search: clam, lying, S1 …", "Words of the name, position or stage", 60)
        self.search.setAccessibleName("Search exercises")
        self.search.setClearButtonEnabled(True)
        self.cards = Cards(self.choose)
        self.search.textChanged.connect(self.cards.search)
        self.name, self.meta = label("", "heading", wrap=True), label("", "dim", wrap=True)
        self.lock = label("", "banner", wrap=True)
        self.text = label("", "", wrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self._ways = QVBoxLayout()
        self.source = SourceBox(doors, errands, self._look_at_locks)
        self.start_button = button("Start", "Open the session with this exercise", self.start, "main")
        self.likely = self.start_button
        self._back = button("Back", "Back to the page before  (Esc)", back, "page")
        self._back.setMinimumWidth(110)
        self.start_button.setEnabled(False)
        self.waiting = label("Reading the exercises…", "large")
        self._arrange()
        errands.send(doors.exercises, self._fill, self._fail)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.search)
        left.addWidget(self.waiting)
        left.addWidget(self.cards, 1)
        about = QVBoxLayout()
        about.setSpacing(4)
        for part in (self.name, self.meta, self.lock):
            about.addWidget(part)
        about.addWidget(self._reading(), 1)
        about.addLayout(self._ways)
        last = QHBoxLayout()
        last.addWidget(self._back)
        last.addWidget(self.start_button, 1)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(panel("", about), 1)
        right.addWidget(panel("Signals", self.source))
        right.addLayout(last)
        beside = clear(right)
        beside.setFixedWidth(420)
        whole = QHBoxLayout()
        whole.setSpacing(12)
        whole.addLayout(left, 1)
        whole.addWidget(beside)
        self.body.addLayout(whole, 1)

    def _reading(self) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Steps of the exercise")
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        area.setWidget(self.text)
        return area

    def show_person(self, person: Person | None) -> None:
        """Hold every exercise against the limits of another person."""
        self.person = person
        put(self.title, who_words(person) if person else NOBODY)
        put(self.about, limits_words(person, self._doors.today()) if person else NOBODY_ABOUT)
        self._look_at_locks()
        self._pick_first()

    def show_signals(self, checked: SignalsPage | None) -> None:
        """Warn where the signals were not checked, or were not good; it stops nobody."""
        words = checked.found if checked else NOT_CHECKED
        self.show_chip(
            self.signals, words if self.person else "", "good" if checked and checked.all_good else "care"
        )
        self.show_chip(self.mode, mode_of(self.source.left_out), "care")

    def choose(self, exercise: Exercise) -> None:
        """Show one exercise and what it asks."""
        if self.chosen is not exercise:
            self.chosen = exercise
            self._offer_ways(exercise.protocol.options)
        put(self.name, exercise.protocol.name)
        put(self.meta, _meta(exercise))
        put(self.text, exercise_text(exercise.protocol))
        self.text.setAccessibleName(self.text.text())
        self.source.show_exercise(exercise.protocol)
        self._look_at_locks()

    def start(self) -> None:
        """Hand the order on, or say what is missing."""
        if self.chosen is None:
            return
        gap = self.source.gap()
        self.say(gap)
        if not gap and not self._lacking(self.chosen.protocol, self._options()):
            names = tuple(option.name for option in self._options())
            source, montage = self.source.address, self.source.montage_text
            self._start(Order(self.chosen.slug, names, self.person, source, montage))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter after a search takes the first card that is left."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and self.search.hasFocus() and self.search.text().strip():
            if self.cards.first is not None:
                self.cards.pick(self.cards.first.exercise.slug)
                self.take_focus()
        else:
            super().keyPressEvent(event)

    def _fill(self, exercises: Sequence[Exercise]) -> None:
        self.waiting.hide()
        self.cards.fill(exercises)
        self._look_at_locks()
        self._pick_first()
        if self.isVisible():
            self.take_focus()

    def _pick_first(self) -> None:
        """Choose something that may start, where nothing or something locked is chosen."""
        if self.chosen is None or not self.start_button.isEnabled():
            first = self.cards.first_open or (self.cards.cards[0].exercise if self.cards.cards else None)
            if first is not None:
                self.cards.pick(first.slug)

    def _fail(self, sentence: str) -> None:
        self.waiting.hide()
        self.say(sentence)

    def _offer_ways(self, options: Sequence[Option]) -> None:
        empty(self._ways)
        self.options = {}
        for option in options:
            made = check(_short(option.text), option.text, lambda _: self._look_at_locks())
            self.options[option.name] = made
            self._ways.addWidget(made)

    def _options(self) -> tuple[Option, ...]:
        """The ways that are ticked."""
        if self.chosen is None:
            return ()
        return tuple(one for one in self.chosen.protocol.options if self.options[one.name].isChecked())

    def _lacking(self, protocol: Protocol, options: Sequence[Option]) -> tuple[str, ...]:
        """What is locked; where nobody lies, nothing is."""
        if self.person is None and self.source.kind.value != "board":
            return ()
        limits = limits_for(self.person.legs, self.person.side) if self.person else NOBODY_ASKED
        return exercise_locks(protocol, limits, self._doors.today(), options)

    def _look_at_locks(self) -> None:
        lacking = {
            card.exercise.slug: short_locks(self._lacking(card.exercise.protocol, ()))
            for card in self.cards.cards
        }
        self.cards.show_locks(lacking)
        locks = self._lacking(self.chosen.protocol, self._options()) if self.chosen else ()
        put(self.lock, words(locks))
        self.lock.setVisible(bool(locks))
        self.start_button.setEnabled(self.chosen is not None and not locks)
        self.start_button.setText("Locked" if locks else "Start")
        self.start_button.setAccessibleName(self.start_button.text())


def short_locks(locks: Sequence[str]) -> str:
    """What is missing, in words that fit on a card."""
    return ", ".join(map(_worded, locks))


def _worded(code: str) -> str:
    if code.startswith(OTHER_LEG):
        return f"other leg {_worded(code.removeprefix(OTHER_LEG))}"
    if code.startswith(WEIGHT):
        return f"{code.removeprefix(WEIGHT)} weight bearing"
    return KEY_WORDS.get(code, code).partition(" (")[0]


def exercise_text(protocol: Protocol) -> str:
    """Position, steps and notes, as they stand in the file."""
    steps = [f"{number}.  {step}" for number, step in enumerate(protocol.steps, start=1)]
    notes = [f"Note: {note}" for note in protocol.notes]
    return "\n\n".join(filter(None, (protocol.position, "\n".join(steps), "\n".join(notes))))


def _meta(exercise: Exercise) -> str:
    protocol = exercise.protocol
    times = f"{protocol.repetitions} repetition{'s' * (protocol.repetitions != 1)}"
    return " · ".join(filter(None, (protocol.id, protocol.stage, f"{exercise.minutes} min", times)))


def _short(text: str) -> str:
    return text if len(text) <= 58 else f"{text[:56].rstrip()}…"
