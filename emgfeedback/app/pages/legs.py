"""What one leg may do: the operation, weight bearing, stage, and a switch for every permission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.look import button, check, field, named, panel
from emgfeedback.errors import InputError
from emgfeedback.training.permissions import (
    KEY_WORDS,
    LOCKED,
    STAGES,
    WEIGHT_BEARING,
    Grant,
    Permissions,
    missing,
    no_limits,
    unlock,
)

NOT_KNOWN = "not known"
SWITCH_WORDS = {"FLEX": "hip flexion beyond 90°, or resisted", "ROLL": "rolling over the muscle"}
SIGNED_WIDTH = 270
HEALING = "The bone is cut and not healed yet"
SIGN = "A clinician permits, by name and until a day. What is not switched on is locked."
UNSIGNED = "who permits this, why, and until when? Fill in the three lines, then switch it on"
STAGE_WORDS = {
    "S0": "S0, protected",
    "S1": "S1, activation",
    "S2": "S2, range",
    "S3": "S3, strength on two legs",
    "S4": "S4, on one leg",
    "S5": "S5, back to sport",
}


class LegForm(QWidget):
    """Edits the permissions of one leg; `take` gives what stands there now.

    A switch takes who, why and until when from the three lines above it, and says what is missing there.
    """

    def __init__(self, today: Callable[[], str], changed: Callable[[], object]) -> None:
        super().__init__()
        self._today, self._changed = today, changed
        self.leg = LOCKED
        self.procedure = field(
            "Operation", "Such as periacetabular osteotomy; empty where there was none", 120
        )
        self.approach = field("Approach", "Such as anterior", 120)
        self.surgery_on = field("Day, such as 2026-09-01", "Day of the operation: year, month, day", 10)
        self.healing = check(HEALING, "While it heals, rolling over the muscle is locked", lambda _: None)
        self.weight_bearing = _choice("Weight bearing", {value: value for value in WEIGHT_BEARING})
        self.stage = _choice("Stage of the programme", {stage: STAGE_WORDS[stage] for stage in STAGES})
        self.who = field("Who (clinician)", "Name of the clinician who permits", 80)
        self.why = field("Why", "The reason, such as week 8, healed on X-ray", 80)
        self.until = field("Until, such as 2027-01-31", "The last day on which it holds", 10)
        self.problem = label("", "banner", wrap=True)
        self.problem.hide()
        self.switches: dict[str, QCheckBox] = {}
        self._signed: dict[str, QLabel] = {}
        self.procedure.textEdited.connect(self._ask_for_healing)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._facts(), 2)
        layout.addWidget(self._permissions(), 5)

    def _facts(self) -> QWidget:
        rows = QVBoxLayout()
        rows.setSpacing(5)
        named_rows: tuple[tuple[str, QWidget], ...] = (
            ("Operation", self.procedure),
            ("Approach", self.approach),
            ("Day of the operation", self.surgery_on),
            ("Weight bearing", self.weight_bearing),
            ("Stage of the programme", self.stage),
        )
        for text, widget in named_rows:
            rows.addWidget(label(text, "dim"))
            rows.addWidget(widget)
        rows.addSpacing(4)
        rows.addWidget(self.healing)
        return panel("What is known", rows, stretch=True)

    def _permissions(self) -> QWidget:
        signs = QHBoxLayout()
        signs.setSpacing(6)
        for line, width in ((self.who, 3), (self.why, 4), (self.until, 3)):
            signs.addWidget(line, width)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        for place, (key, text) in enumerate(KEY_WORDS.items()):
            shown = SWITCH_WORDS.get(key, text)
            made = check(shown[:1].upper() + shown[1:], f"{key}: {text}", partial(self._switch, key))
            self.switches[key] = made
            self._signed[key] = label("", "dim")
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.addWidget(made)
            cell.addWidget(self._signed[key])
            self._signed[key].setIndent(28)
            grid.addLayout(cell, place % 6, place // 6)
        lock = button("Lock all", "Take every permission of this leg back", self._lock_all, "segment")
        asked = QHBoxLayout()
        asked.addWidget(label(SIGN, "dim", wrap=True), 1)
        asked.addWidget(lock)
        return panel("What is permitted", asked, signs, self.problem, grid, stretch=True)

    def show_leg(self, leg: Permissions) -> None:
        """Show another leg."""
        self.leg = leg
        self.procedure.setText(leg.procedure)
        self.approach.setText(leg.approach)
        self.surgery_on.setText(leg.surgery_on)
        self.healing.setChecked(leg.healing)
        for box, value in ((self.weight_bearing, leg.weight_bearing), (self.stage, leg.stage)):
            box.setCurrentIndex(max(0, box.findData(value)))
        self.complain("")
        self._show_switches()

    def forget_reason(self) -> None:
        """Another person: the reason and the day of the one before are not theirs."""
        self.why.clear()
        self.until.clear()

    def take(self) -> Permissions:
        """Return what stands in the form.

        Raises
        ------
        InputError
            A day that is none, or a text that is too long.
        """
        known: dict[str, Any] = {
            "procedure": self.procedure.text().strip(),
            "approach": self.approach.text().strip(),
            "surgery_on": self.surgery_on.text().strip(),
            "weight_bearing": self.weight_bearing.currentData(),
            "stage": self.stage.currentData(),
            "healing": self.healing.isChecked(),
        }
        return replace(self.leg, **known)

    def free(self) -> Permissions:
        """Return a leg without limits, signed by who and until.

        Raises
        ------
        InputError
            Without a name, or with a day that is none or over.
        """
        who, until = self.who.text().strip(), self.until.text().strip()
        if not who:
            raise InputError("who says that there are no limits? Write the clinician's name, and until when")
        free = no_limits(who, until)
        unlock(free, free.grants[0], self._today())
        return free

    def complain(self, sentence: str) -> None:
        """Say what is missing above the switches; empty takes it away."""
        put(self.problem, sentence[:1].upper() + sentence[1:])
        self.problem.setVisible(bool(sentence))

    def _switch(self, key: str, on: bool) -> None:
        try:
            self._grant(key) if on else self._take_back(key)
        except InputError as error:
            self.complain(str(error))
            self._first_gap().setFocus()
        else:
            self.complain("")
        self._show_switches()
        self._changed()

    def _grant(self, key: str) -> None:
        if not (self.who.text().strip() and self.why.text().strip() and self.until.text().strip()):
            raise InputError(UNSIGNED)
        grant = Grant(key, self.who.text().strip(), self.why.text().strip(), self.until.text().strip())
        self.leg = unlock(self.leg, grant, self._today())

    def _take_back(self, key: str) -> None:
        self.leg = replace(self.leg, grants=tuple(grant for grant in self.leg.grants if grant.key != key))

    def _lock_all(self) -> None:
        self.leg = replace(self.leg, grants=())
        self.complain("")
        self._show_switches()
        self._changed()

    def _first_gap(self) -> QWidget:
        """The first of who, why and until that is empty; else the day, which is what can be wrong."""
        return next((line for line in (self.who, self.why) if not line.text().strip()), self.until)

    def _show_switches(self) -> None:
        last = {grant.key: grant for grant in sorted(self.leg.grants, key=lambda grant: grant.until)}
        locked = missing(tuple(KEY_WORDS), replace(self.leg, stage="", healing=False), self._today())
        for key, made in self.switches.items():
            made.setChecked(key not in locked)
            grant = last.get(key)
            over = "over since" if key in locked else "until"
            said = f"{grant.who}, {over} {grant.until}" if grant else "locked"
            put(
                self._signed[key],
                self._signed[key].fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, 270),
            )
            self._signed[key].setToolTip(
                f"{grant.who}: {grant.why}" if grant else "Nobody has permitted this"
            )
            made.setAccessibleDescription(said)

    def _ask_for_healing(self, text: str) -> None:
        """After an operation the bone counts as not healed until somebody says so."""
        if bool(text.strip()) != bool(self.leg.procedure):
            self.healing.setChecked(bool(text.strip()))
            self.leg = replace(self.leg, procedure=text.strip())


def _choice(name: str, known: dict[str, str]) -> QComboBox:
    made = QComboBox()
    made.addItem(NOT_KNOWN, "")
    for value, text in known.items():
        made.addItem(text, value)
    return named(made, name, name)
