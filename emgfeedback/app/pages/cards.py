"""The exercises as cards: what it is called, where one lies, how long it takes, and what is locked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.doors import Exercise
from emgfeedback.app.pages.look import set_look

COLUMNS, LONGEST = 2, 78
FIRST = "find-the-contraction"
NOTHING_FOUND = "No exercise has these words. Try fewer, or empty the field."


class Card(QPushButton):
    """One exercise."""

    def __init__(self, exercise: Exercise) -> None:
        super().__init__()
        self.exercise = exercise
        protocol = exercise.protocol
        self.setCheckable(True)
        self.setProperty("look", "exercise")
        self.meta = " · ".join(filter(None, (protocol.id, protocol.stage, f"{exercise.minutes} min")))
        self._name = label(protocol.name, "heading")
        self._about, self._more = label(self.meta, "dim"), label(protocol.position, "", wrap=True)
        self._more.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        for part in (self._name, self._about):
            layout.addWidget(part)
        layout.addWidget(self._more, 1)
        for part in (self._name, self._about, self._more):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.show_lock("")

    def show_lock(self, lacking: str) -> None:
        """Name what is missing; empty where the exercise may start."""
        self.is_locked = bool(lacking)
        put(self._about, f"▲ {self.meta} · locked" if lacking else self.meta)
        put(self._more, shortened(f"Locked: {lacking}" if lacking else self.exercise.protocol.position))
        set_look(self._more, "dim" if lacking else "")
        self.setAccessibleName(f"{self.exercise.protocol.name}, {self.meta}")
        self.setAccessibleDescription(f"Locked: {lacking}" if lacking else self.exercise.protocol.position)
        self.setToolTip(self.accessibleDescription() or self.exercise.protocol.name)

    def has(self, words: Sequence[str]) -> bool:
        """Whether all words are in its name, id, stage, position or file name."""
        protocol = self.exercise.protocol
        said = (protocol.name, protocol.id, protocol.stage, protocol.position, self.exercise.slug)
        text = " ".join(said).casefold()
        return all(word in text for word in words)


def shortened(text: str) -> str:
    """A text that fits into two lines of a card, cut between words."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 1].rpartition(' ')[0].rstrip(' ,')}…"


class Cards(QScrollArea):
    """All cards in two columns; `chosen` gets the exercise of the one that is pressed."""

    def __init__(self, chosen: Callable[[Exercise], object]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Exercises")
        self._chosen = chosen
        self._group = QButtonGroup(self)
        self.cards: list[Card] = []
        self._nothing = label(NOTHING_FOUND, "large", wrap=True)
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.addWidget(self._nothing)
        layout.addLayout(self._grid)
        layout.addStretch(1)
        self._nothing.hide()
        self.setWidget(inside)

    def fill(self, exercises: Sequence[Exercise]) -> None:
        """Lay a card down for each."""
        for exercise in exercises:
            card = Card(exercise)
            card.clicked.connect(lambda *_, exercise=exercise: self._chosen(exercise))
            self._group.addButton(card)
            self.cards.append(card)
        self.search("")

    def search(self, text: str) -> None:
        """Leave only the cards that have all the words."""
        words = text.casefold().split()
        found = [card for card in self.cards if card.has(words)]
        for card in self.cards:
            self._grid.removeWidget(card)
        for place, card in enumerate(found):
            self._grid.addWidget(card, place // COLUMNS, place % COLUMNS)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        for card in self.cards:
            card.setVisible(card in found)
        self._nothing.setVisible(bool(self.cards) and not found)

    @property
    def first(self) -> Card | None:
        """The first card that is shown."""
        return next((card for card in self.cards if not card.isHidden()), None)

    @property
    def first_open(self) -> Exercise | None:
        """The usual first exercise where it may start, else the first that may."""
        free = [card.exercise for card in self.cards if not card.is_locked]
        usual = (exercise for exercise in free if exercise.slug == FIRST)
        return next(usual, free[0] if free else None)

    def show_locks(self, lacking: Mapping[str, str]) -> None:
        """Say on each card what is missing, by its slug."""
        for card in self.cards:
            card.show_lock(lacking.get(card.exercise.slug, ""))

    def pick(self, slug: str) -> None:
        """Press the card of an exercise, and scroll to it."""
        for card in self.cards:
            if card.exercise.slug == slug:
                card.setChecked(True)
                self.ensureWidgetVisible(card)
                self._chosen(card.exercise)
