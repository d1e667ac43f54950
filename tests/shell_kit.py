"""What the tests of the workstation share: made-up doors, a few exercises, and a shell on them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import app_kit as kit
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from emgfeedback.app.pages.doors import Doors, Exercise, Kept, Person, Port
from emgfeedback.storage.library import check_label
from emgfeedback.training.permissions import LOCKED, Permissions, no_limits
from emgfeedback.values import Option

TODAY, LATER, OVER = "2026-11-20", "2027-01-31", "2026-11-19"
FREE = no_limits("A. Smith", LATER)
HEALTHY = Person("P7K", "right", {"left": FREE, "right": FREE})
BAND = Option("band", "A light loop band round both upper thighs.", ("RES",))
CLAM = replace(
    kit.PROTOCOL, id="E18a", name="Clamshell", needs=("ABD", "ER"), stage="S1", options=(BAND,),
    position="Lie on your side, legs stacked.", steps=("Lift the top knee.",), notes=("Two rivals.",),
)  # fmt: skip
LIFT = replace(kit.PROTOCOL, needs=("ABD", "LONG"), stage="S1", position="Lie on your side, legs long.")
HITCH = replace(
    kit.PROTOCOL, id="E11", name="Hip hitch", needs=("SLS",), load="WB1", other_needs=("FLEX",),
    rivals=("tfl", "qlc"), stage="S4",
)  # fmt: skip
CHECK = replace(kit.PROTOCOL, id="P01", name="Placement check")
EXERCISES = (
    Exercise("placement-check", CHECK),
    Exercise("clamshell-band", CLAM),
    Exercise("find-the-contraction", LIFT),
    Exercise("hip-hitch", HITCH),
)
DONGLE = Port("/dev/ttyUSB0", "OpenBCI dongle (FT231X), no. 7", True)
KEPT = Kept("/library/sub-P7K_task-E03_run-01_emg.bdf", "P7K", "E03, run 1", "2026-11-20 10:00")
PATIENCE_MS = 30_000


class World:
    """Persons in a dictionary, jobs from a list of ready ones, and what was asked for."""

    def __init__(self, *people: Person, **about: Any) -> None:
        self.people = {person.code: person for person in people}
        self.last = people[-1].code if people else ""
        self.asked: list[Any] = []
        self.jobs: list[kit.FakeJob] = []
        self.ports: Callable[[], Any] = about.pop("ports", lambda: ())
        self.kept: Callable[[], Any] = about.pop("kept", lambda: ())
        self.job: Callable[[], kit.FakeJob] = about.pop("job", lambda: kit.FakeJob())

    def doors(self) -> Doors:
        return Doors(
            today=lambda: TODAY,
            new_code=lambda: f"PNEW{len(self.people)}",
            check_code=lambda code: check_label("code", code),
            last=lambda: self.last,
            load=self.people.get,
            save=self._save,
            warm_up=lambda: None,
            exercises=lambda: EXERCISES,
            ports=lambda: self.ports(),
            kept=lambda: self.kept(),
            try_it=lambda: self._made("try"),
            check=lambda order: self._made(("check", order)),
            live=self._made,
            replay=lambda path, montage: self._made((path, montage)),
        )

    def _save(self, person: Person) -> None:
        self.people[person.code], self.last = person, person.code

    def _made(self, asked: Any) -> kit.FakeJob:
        self.asked.append(asked)
        self.jobs.append(self.job())
        return self.jobs[-1]


def person(*grants: str, side: str = "right", **about: Any) -> Person:
    """A person whose trained leg has these keys, and whose other leg is unknown."""
    from emgfeedback.training.permissions import Grant

    leg = Permissions(tuple(Grant(key, "A. Smith", "week 8", LATER) for key in grants), **about)
    other = "left" if side == "right" else "right"
    return Person("P7K", side, {side: leg, other: LOCKED})


@contextlib.contextmanager
def open_shells(qtbot: Any) -> Iterator[Callable[..., Any]]:
    """A function that opens the workstation on a world; in the end all is closed and all threads are home."""
    from emgfeedback.app.theme import load_fonts
    from emgfeedback.app.workstation import Workstation

    load_fonts()
    opened = []

    def open_one(world: World | None = None) -> Workstation:
        shell = Workstation((world or World()).doors(), "test")
        qtbot.addWidget(shell)
        opened.append(shell)
        shell.resize(1280, 720)
        shell.show()
        shell.activateWindow()
        qtbot.waitUntil(shell.isActiveWindow, timeout=PATIENCE_MS)
        return shell

    yield open_one
    for shell in opened:
        shell.shutdown()
        if shell.run is not None:
            shell.run.close()
        shell.close()


def choosing(qtbot: Any, shell: Any, who: Person | None = HEALTHY) -> Any:
    """The Exercise page of a person, its cards laid out."""
    shell.person = who
    shell.go("exercise")
    page = shell.desk.exercise
    qtbot.waitUntil(lambda: page.chosen is not None, timeout=PATIENCE_MS)
    return page


def pick(page: Any, slug: str) -> Any:
    """Press the card of an exercise."""
    page.cards.pick(slug)
    return next(card for card in page.cards.cards if card.exercise.slug == slug)


def running(qtbot: Any, shell: Any) -> Any:
    """The Run page, once it is there and shows something."""
    qtbot.waitUntil(lambda: shell.run is not None, timeout=PATIENCE_MS)
    return shell.run


def controls(page: QWidget) -> list[QWidget]:
    """Everything of a page that can be worked; what Qt puts inside its own controls belongs to those."""
    found: list[QWidget] = []
    for kind in (QAbstractButton, QLineEdit, QComboBox):
        found += page.findChildren(kind)
    inner = (QComboBox, QLineEdit, QScrollArea)
    return [one for one in found if not isinstance(one.parent(), inner) or one.accessibleName()]


def said(page: QWidget) -> str:
    """All words that labels show now."""
    return "\n".join(one.text() for one in page.findChildren(QLabel) if one.isVisible())


def focused() -> str:
    """Accessible name of what has the focus."""
    widget = QApplication.focusWidget()
    return widget.accessibleName() if widget is not None else ""
