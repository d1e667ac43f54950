"""One picture for the patient: the values that every patient view draws; no Qt, no clock."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

from emgfeedback.app import words
from emgfeedback.app.result import Result
from emgfeedback.values import TARGET

SUB_LINE_CHARACTERS = 60
HOLD, LIFT, EASE_OFF, SOFTER, REST, PRESS = "Hold", "Lift", "Ease off", "Softer", "Rest", "Press"
WELL_DONE, ONE_MOMENT, PAUSED, READY = "Well done", "One moment", "Paused", "Ready"
REST_PLEASE, GO_ON, STAND = "Rest, please", "We go on in", "Stand"
STOPPED, NOT_TODAY = "Stopped. Rest.", "Not today: rest."


@dataclass(frozen=True, slots=True)
class Column:
    """One muscle. ``level``, ``line`` and ``top`` are fractions of reference; NaN is unknown or not set.

    ``line`` is the gate of the target and the moving ceiling of a rival; ``over`` is past that line for a
    rival, past the top for the target. ``problem`` names why there is no trustworthy signal. ``heat``,
    0 to 1, is ``over`` faded in and out for the eye.
    """

    muscle: str
    role: str
    name: str
    place: str
    level: float
    line: float
    top: float = math.nan
    over: bool = False
    problem: str = ""
    word: str = ""
    heat: float = 0.0

    @property
    def on(self) -> bool:
        """The target works above its gate, or the rival past its line."""
        return not self.problem and (self.level >= self.line if self.role == TARGET else self.over)


@dataclass(frozen=True, slots=True)
class PatientState:
    """One picture for the patient.

    ``columns`` are in the order of the body and empty where no feedback is given; ``ring`` is the filled
    fraction, ``ring_good`` says that it counts good seconds; ``left_s`` is the whole number inside it.
    ``live`` is False while nothing current is known: columns then show the last levels as past.
    ``hint`` is shown only where there are no columns. ``muscle``, ``role`` and ``place`` name the one muscle
    that a reference contraction is about. ``told`` is how a repetition went that was done without a picture;
    ``units`` counts the steps of long holds that were reached in sight. ``side`` is the trained side of the
    body. ``ratio`` is the line in use, NaN where none is asked; ``share`` the target's part of the work as a
    number to read, ``trail`` its parts drawn lately, oldest first, in the order of ``columns``. ``asked``,
    ``asked_sub`` and ``clock_s`` are what the phase asks and how long it still lasts, whatever muscles do.
    """

    cue: str
    sub: str = ""
    columns: tuple[Column, ...] = ()
    ring: float = math.nan
    ring_good: bool = False
    left_s: int | None = None
    found: bool = False
    live: bool = True
    hint: str = ""
    place: str = ""
    muscle: str = ""
    role: str = ""
    repetition: int = 0
    repetitions: int = 0
    results: tuple[Result, ...] = ()
    hold_s: float = 0.0
    told: str = ""
    units: int = 0
    side: str = "right"
    ratio: float = math.nan
    share: float = math.nan
    trail: tuple[tuple[float, ...], ...] = ()
    asked: str = ""
    asked_sub: str = ""
    clock_s: int | None = None

    @property
    def target(self) -> Column | None:
        """The column of the target."""
        return next((column for column in self.columns if column.role == TARGET), None)

    @property
    def parts(self) -> tuple[float, ...]:
        """Each column's part of the work, a fraction; empty at rest and where a muscle is not known."""
        target, levels = self.target, [max(0.0, column.level) for column in self.columns]
        if target is None or not self.live or any(column.problem for column in self.columns):
            return ()
        if max(levels) < target.line or not sum(levels) > 0.0:
            return ()
        return tuple(level / sum(levels) for level in levels)

    @property
    def share_line(self) -> float:
        """The target's part at which its margin is on the line, the rivals being as they are now."""
        rivals = [max(0.0, column.level) for column in self.columns if column.role != TARGET]
        if not self.parts or not rivals or not max(rivals) > 0.0:
            return math.nan
        needed = self.ratio * max(rivals)
        return needed / (needed + sum(rivals))

    def describe(self) -> str:
        """The picture in one line, for tests and for screen readers."""
        parts = [self.cue, *(_spoken(column) for column in self.columns if self.live)]
        if self.told:
            parts.append(self.told)
        if self.left_s is not None:
            parts.append(f"{self.left_s} s")
        return ", ".join(parts)


def _spoken(column: Column) -> str:
    short = words.muscle(column.muscle).short
    return f"{short} no signal" if column.problem else f"{short} {'on' if column.on else 'off'}"


def short(text: str) -> str:
    """At most a sub-line of words."""
    return textwrap.shorten(text, SUB_LINE_CHARACTERS, placeholder=" …") if text else ""


def share_of(state: PatientState) -> float:
    """The target's part of the work, a fraction; NaN where there is none to say."""
    parts = zip(state.columns, state.parts, strict=False)
    return next((part for column, part in parts if column.role == TARGET), math.nan)


def whole_s(left_s: float) -> int:
    """Whole seconds left, rounded up so that 0 means over."""
    return max(0, math.ceil(left_s - 1e-9))
