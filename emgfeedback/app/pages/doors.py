"""What the pages ask of the world outside the room: files, ports, and runs that are ready to go.

The command line hands the real ones in (`emgfeedback.cli.workstation`), the tests made-up ones; so no page
opens a file or a board.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emgfeedback.training.permissions import Permissions
    from emgfeedback.values import Protocol

SIMULATED = "patient:seed=1"


@dataclass(frozen=True, slots=True)
class Person:
    """A code without a name, the leg that is trained, and what each leg (left, right) may do."""

    code: str
    side: str
    legs: Mapping[str, Permissions] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise file by its name, as it was checked."""

    slug: str
    protocol: Protocol

    @property
    def minutes(self) -> int:
        """Whole minutes, at least one."""
        return max(1, round(sum(phase.seconds for phase in self.protocol.phases) / 60))


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port as it stands in a source address, and what seems to be plugged in there."""

    path: str
    name: str
    is_dongle: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording in the library: where, whose, which exercise (its id), and the day."""

    path: str
    code: str
    exercise: str
    day: str


@dataclass(frozen=True, slots=True)
class Order:
    """All that a run is put together from; without a person nobody lies there."""

    exercise: str
    options: tuple[str, ...]
    person: Person | None
    source: str
    montage: str


@dataclass(frozen=True, slots=True)
class Doors:
    """Each may fail with a sentence (`EmgFeedbackError`); those in the second group may take their time.

    ``last`` is the code of the person seen last, or empty; ``load`` gives None for a code that is new.
    ``today`` is an ISO date; ``check`` gives a run of a few quiet seconds that is not recorded.
    """

    today: Callable[[], str]
    new_code: Callable[[], str]
    check_code: Callable[[str], str]
    last: Callable[[], str]
    load: Callable[[str], Person | None]
    save: Callable[[Person], None]

    warm_up: Callable[[], None]
    exercises: Callable[[], Sequence[Exercise]]
    ports: Callable[[], Sequence[Port]]
    kept: Callable[[], Sequence[Kept]]
    try_it: Callable[[], Any]
    check: Callable[[Order], Any]
    live: Callable[[Order], Any]
    replay: Callable[[str, str], Any]
