"""The Placement page: where the electrodes go, felt by hand first, and which sites cannot be used."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.doors import Doors, Person
from emgfeedback.app.pages.limits_words import OTHER, limits_words, who_words
from emgfeedback.app.pages.look import Segments, button, clear, panel
from emgfeedback.app.pages.page import Page
from emgfeedback.app.pages.sites import Sites
from emgfeedback.app.theme import LIGHT
from emgfeedback.app.words import mode, muscle
from emgfeedback.values import RIVAL, TARGET

NOBODY, NOBODY_ABOUT = (
    "No person chosen",
    "Shown for a right hip; choose a person first (Person, at the left).",
)
HANDS_OFF = "Check by palpation, then hands off"
SKIN = (
    "Shave where needed, wipe with alcohol, let it dry. Not on wounds, rashes or young scars.",
    "A pair lies along the fibres, 20 mm from centre to centre; press it on for ten seconds.",
    "Tape the leads with a loop of slack. Bias: one electrode on bone of the same side.",
)
PLACES = (
    (
        "gmed",
        "Half way between the crest of the pelvis and the bone at the outside of the hip. Too far forward "
        "it listens to the front of the hip.",
        "Lying on the side: lift the top leg a little against a hand.",
    ),
    (
        "tfl",
        "A little below the front corner of the pelvis, on the line to the outside of the knee.",
        "Bring the thigh a little forward and turn it in.",
    ),
    (
        "ql",
        "Beside the thick back muscle, half way from the last rib to the crest, slightly slanted.",
        "Pull the pelvis up towards the ribs.",
    ),
)
"""Muscle, its place, and what lets it be felt."""
FEEL = "Feel it with a movement only where that is permitted; else by the bones alone. Then hands off."
WAISTS = (
    "Lying, open chain: waist of the trained leg ({own}). Standing, steps: waist of the other leg ({other}).",
    "Four channels are recommended: GMed 1, TFL 2, both waists 3 and 4; then nothing is moved between "
    "exercises. With three, move the waist pair, then measure rest and references anew.",
)
SITES = (("", "All can be used"), ("tfl", "Not front of hip (TFL)"), ("waist", "Not waist (QL site)"))
LEFT_OUT = {"tfl": frozenset({"tfl"}), "waist": frozenset({"ql", "qlc"})}
ALL_USED = "GMed against both rivals."
ONE_RIVAL = "The session is called {mode}: it is judged against that one alone."
SOURCES = "SENIAM for distance and side of hip; the waist site is a proposal. Not reviewed by a clinician."


class PlacementPage(Page):
    """Shows the places; ``changed`` is told when other sites are left out, ``done`` leads on."""

    def __init__(
        self,
        doors: Doors,
        changed: Callable[[], object],
        done: Callable[[], object],
        back: Callable[[], object],
    ) -> None:
        super().__init__(NOBODY, NOBODY_ABOUT)
        self._doors, self._changed = doors, changed
        self._side = "right"
        self.left_out: frozenset[str] = frozenset()
        self.map = Sites()
        self.unusable = Segments(SITES, "Sites", self.leave_out)
        self.unusable.choose("")
        self.mode = label(ALL_USED, "", wrap=True)
        self.waists = label("", "", wrap=True)
        self._on = button("Check the signals", "The electrodes are on; go on", done, "main")
        self.likely = self._on
        self._back = button("Back", "Back to the page before  (Esc)", back, "page")
        self._arrange()
        self.show_person(None)

    def _arrange(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(10)
        texts.addWidget(panel("Skin", *(label(f"•  {line}", "", wrap=True) for line in SKIN), margin=12))
        texts.addWidget(panel("Places", _places(), label(FEEL, "dim", wrap=True), margin=12))
        texts.addWidget(panel("Which waist, how many channels", self.waists, margin=12))
        texts.addWidget(panel("If a site cannot be used", self.unusable, self.mode, margin=12))
        texts.addWidget(label(SOURCES, "dim", wrap=True))
        texts.addStretch(1)
        reading = QScrollArea()
        reading.setWidgetResizable(True)
        reading.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        reading.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        reading.setAccessibleName("How the electrodes are placed")
        reading.setWidget(clear(texts))
        whole = QHBoxLayout()
        whole.setSpacing(12)
        whole.addWidget(panel(HANDS_OFF, self.map), 2)
        whole.addWidget(reading, 3)
        last = QHBoxLayout()
        self._back.setMinimumWidth(110)
        last.addWidget(self._back)
        last.addStretch(1)
        last.addWidget(self._on)
        self.body.addLayout(whole, 1)
        self.body.addLayout(last)

    def show_person(self, person: Person | None) -> None:
        """Show the trained side of this person."""
        self._side = person.side if person else "right"
        put(self.title, who_words(person) if person else NOBODY)
        put(self.about, limits_words(person, self._doors.today()) if person else NOBODY_ABOUT)
        first = WAISTS[0].format(own=self._side, other=OTHER[self._side])
        put(self.waists, f"{first}\n{WAISTS[1]}")
        self.map.show_side(self._side, self.left_out)

    def start_anew(self) -> None:
        """Another person: all sites can be used until somebody says otherwise."""
        self.unusable.choose("")
        self.leave_out("")

    def leave_out(self, site: str) -> None:
        """Listen to one rival only; GMed is always needed."""
        self.left_out = LEFT_OUT.get(site, frozenset())
        named = mode_of(self.left_out)
        put(self.mode, ONE_RIVAL.format(mode=named) if named else ALL_USED)
        self.map.show_side(self._side, self.left_out)
        self._changed()


def mode_of(left_out: frozenset[str]) -> str:
    """Name the mode with one rival; empty where both are listened to."""
    rivals = ("tfl", "ql")
    return mode("gmed", rivals, [code for code in rivals if code not in left_out])


def _places() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 3)
    grid.setColumnStretch(2, 2)
    for column, words in enumerate(("Pair", "Place", "To feel it")):
        grid.addWidget(label(words, "dim"), 0, column)
    for row, (code, place, feel) in enumerate(PLACES, start=1):
        name = label(muscle(code).place.capitalize(), "heading")
        name.setStyleSheet(f"color: {LIGHT.hue(code, TARGET if code == 'gmed' else RIVAL).name()};")
        for column, part in enumerate((name, label(place, "", wrap=True), label(feel, "", wrap=True))):
            part.setAlignment(Qt.AlignmentFlag.AlignTop)
            grid.addWidget(part, row, column)
    return grid
