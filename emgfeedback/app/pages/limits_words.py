"""A person's limits in one line, for the head of every page that comes after."""

from __future__ import annotations

from collections.abc import Mapping

from emgfeedback.app.pages.doors import Person
from emgfeedback.training.permissions import (
    KEY_WORDS,
    LOCKED,
    Permissions,
    missing,
    no_limits,
    weeks_since,
)

OTHER = {"left": "right", "right": "left"}
UNKNOWN = "nothing permitted yet"


def who_words(person: Person) -> str:
    """The code and the trained leg, for a title."""
    return f"{person.code}    {person.side} leg"


def limits_words(person: Person, today: str) -> str:
    """Both legs in one line, the trained one first."""
    legs: Mapping[str, Permissions] = person.legs
    sides = (person.side, OTHER[person.side])
    return "   |   ".join(
        f"{side.capitalize()} leg: {leg_words(legs.get(side, LOCKED), today)}" for side in sides
    )


def leg_words(leg: Permissions, today: str) -> str:
    """What is known of one leg: the operation, its week, weight bearing, stage, and what is permitted."""
    if leg == LOCKED:
        return UNKNOWN
    until = min((grant.until for grant in leg.grants), default="")
    if leg.grants and leg == no_limits(leg.grants[0].who, until):
        return "no limits" if today[:10] <= until else f"no limits, over since {until}: all locked"
    weeks = weeks_since(leg.surgery_on, today)
    said = [leg.procedure, f"week {weeks}" if weeks is not None else ""]
    said += [f"{leg.weight_bearing} weight bearing" if leg.weight_bearing else "", leg.stage]
    return ", ".join((*filter(None, said), _permitted(leg, today)))


def _permitted(leg: Permissions, today: str) -> str:
    locked = missing(tuple(KEY_WORDS), leg, today)
    free = [key for key in KEY_WORDS if key not in locked]
    if not locked:
        return "all permitted"
    return f"permitted: {' '.join(free)}" if free else UNKNOWN
