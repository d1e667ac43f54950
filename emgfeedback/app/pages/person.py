"""The Person page: a code without a name, the trained leg, and the limits of both legs, in a minute."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout

from emgfeedback.app.console.parts import label
from emgfeedback.app.pages.doors import Doors, Person
from emgfeedback.app.pages.legs import LegForm
from emgfeedback.app.pages.limits_words import OTHER, limits_words
from emgfeedback.app.pages.look import Segments, button, field
from emgfeedback.app.pages.page import Page
from emgfeedback.errors import EmgFeedbackError
from emgfeedback.training.permissions import LOCKED, Permissions

ABOUT = "No names: a code of letters and digits. What nobody has permitted is locked."
SIDES = (("right", "Right leg"), ("left", "Left leg"))


class PersonPage(Page):
    """Fills in a person; `done` gets the saved one."""

    def __init__(self, doors: Doors, done: Callable[[Person], object], back: Callable[[], object]) -> None:
        super().__init__("Person", ABOUT)
        self._doors, self._done = doors, done
        self._legs: dict[str, Permissions] = {}
        self._shown = ""
        self.code = field("Code", "1 to 32 letters and digits; it names the recordings", 32)
        self.code.editingFinished.connect(self._look_up)
        another = button("Another code", "Suggest another random code", self.start_new, "segment")
        self.side = Segments(SIDES, "The leg that is trained and recorded", self._train)
        self.which = Segments(SIDES, "Show the limits of this leg", self._show)
        self.form = LegForm(doors.today, self._tell)
        self.likely = button("Save and place the electrodes", "Keep the limits and go on", self.save, "main")
        back_button = button("Back", "Back to Home without saving  (Esc)", back, "page")
        free = button("No limits (healthy), both legs", "By the name and the day below", self._free_both)
        free_one = button("No limits, this leg", "By the name and the day below", self._free_one)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(label("Code", "heading"))
        self.code.setFixedWidth(150)
        first.addWidget(self.code)
        first.addWidget(another)
        first.addSpacing(22)
        first.addWidget(label("Trained", "heading"))
        first.addWidget(self.side)
        first.addStretch(1)
        second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(label("Limits of", "heading"))
        second.addWidget(self.which)
        second.addStretch(1)
        second.addWidget(free_one)
        second.addWidget(free)
        last = QHBoxLayout()
        back_button.setMinimumWidth(110)
        last.addWidget(back_button)
        last.addStretch(1)
        last.addWidget(self.likely)
        self.body.addLayout(first)
        self.body.addLayout(second)
        self.body.addWidget(self.form, 1)
        self.body.addLayout(last)

    def take_focus(self) -> None:
        """A known person only needs Enter; a new one begins at the name of the clinician."""
        if any(leg != LOCKED for leg in self._legs.values()):
            super().take_focus()
        else:
            self.form.who.setFocus()

    def start_new(self) -> None:
        """Suggest a code nobody has; all limits are unknown, so all is locked."""
        self.show_person(Person(self._doors.new_code(), "right"))

    def show_person(self, person: Person) -> None:
        """Fill the page."""
        self.say("")
        self.code.setText(person.code)
        self._legs = {side: person.legs.get(side, LOCKED) for side in OTHER}
        self.side.choose(person.side)
        self._shown = person.side
        self.which.choose(person.side)
        self._name_legs()
        self.form.forget_reason()
        self.form.show_leg(self._legs[person.side])
        self._tell()

    def save(self) -> None:
        """Keep the person and go on; what is wrong is said, and nothing is kept."""
        try:
            code = self._doors.check_code(self.code.text().strip())
            self._keep_shown()
            person = Person(code, self.side.value, dict(self._legs))
            self._doors.save(person)
        except EmgFeedbackError as error:
            self.say(str(error))
            return
        self.say("")
        self._done(person)

    def _look_up(self) -> None:
        """A code that is known brings its limits along."""
        code = self.code.text().strip()
        if not self.code.isModified():
            return
        self.code.setModified(False)
        try:
            known = self._doors.load(self._doors.check_code(code))
        except EmgFeedbackError as error:
            self.say(str(error))
            return
        self.say("")
        if known is not None:
            self.show_person(known)
            self.say(f"{code} is known; the limits kept for it are shown.")

    def _train(self, side: str) -> None:
        self._show(side)
        self.which.choose(self._shown)
        self._name_legs()

    def _name_legs(self) -> None:
        for side, text in SIDES:
            self.which.rename(side, f"{text} (trained)" if side == self.side.value else text)

    def _show(self, side: str) -> None:
        """Show one leg, and keep what was written for the one before."""
        try:
            self._keep_shown()
        except EmgFeedbackError as error:
            self.say(str(error))
            self.which.choose(self._shown)
            return
        self.say("")
        self._shown = side
        self.form.show_leg(self._legs[side])
        self._tell()

    def _keep_shown(self) -> None:
        self._legs[self._shown] = self.form.take()

    def _free_both(self) -> None:
        self._free(*OTHER)

    def _free_one(self) -> None:
        self._free(self._shown)

    def _free(self, *sides: str) -> None:
        try:
            free = self.form.free()
        except EmgFeedbackError as error:
            self.form.complain(str(error).removeprefix("permission ABD: "))
            (self.form.who if not self.form.who.text().strip() else self.form.until).setFocus()
            return
        self._legs.update(dict.fromkeys(sides, free))
        self.form.show_leg(self._legs[self._shown])
        self._tell()
        Page.take_focus(self)

    def _tell(self) -> None:
        """The line that later pages show, under the title."""
        legs = self._legs | {self._shown: self.form.leg}
        person = Person(self.code.text().strip() or "?", self.side.value or "right", legs)
        known = any(leg != LOCKED for leg in legs.values())
        self.about.setText(limits_words(person, self._doors.today()) if known else ABOUT)
