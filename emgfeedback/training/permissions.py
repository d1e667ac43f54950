"""What a person may do: permissions with who, why and until when, and what they leave locked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.training.forms import MAXIMA, REFERENCES, TESTS, Form
from emgfeedback.values import Option, Phase, Protocol

SQUEEZE = "SQUEEZE"
"""Gluteal squeeze without movement: open from stage S1 on, in S0 it asks for a clinician's yes."""

KEY_WORDS = {
    "ABD": "active abduction",
    "RES": "resisted abduction",
    "LONG": "long lever",
    "EXT": "hip extension",
    "FLEX": "hip flexion beyond 90° or against resistance",
    "ADD": "adduction past the midline",
    "ER": "external rotation beyond 20°",
    "IR": "internal rotation",
    "MAX": "maximal contraction",
    "SLS": "single-leg stance",
    "ROLL": "rolling over the muscle (never while the bone heals)",
    SQUEEZE: "gluteal squeeze without movement",
}
"""Every key and what it permits, in words for a screen."""

KEYS = tuple(key for key in KEY_WORDS if key != SQUEEZE)

WEIGHT_BEARING = ("none", "toe-touch", "partial", "full")
LOADS = {"NWB": "none", "PWB": "partial", "WB2": "full", "WB1": "full", "DYN": "full"}
"""Least weight bearing of each class of exercise; WB1 and DYN ask for SLS as well."""

ONE_LEG = ("WB1", "DYN")
STAGES = ("S0", "S1", "S2", "S3", "S4", "S5")
OTHER_LEG = "other leg: "
WEIGHT = "weight bearing: "
MAX_TEXT = 200

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_day(text: str) -> bool:
    """Say whether a text is a day of the calendar as an ISO date, such as 2027-01-31."""
    if not _DATE.fullmatch(text):
        return False
    try:
        np.datetime64(text, "D")
    except ValueError:
        return False
    return True


def _one_line(what: str, text: str) -> None:
    if len(text) > MAX_TEXT or not text.isprintable():
        raise InputError(f"{what} is not one line of at most {MAX_TEXT} characters; write it shorter")


@dataclass(frozen=True, slots=True)
class Grant:
    """One unlocked key: who unlocked it, why, and the last day (ISO date) on which it holds."""

    key: str
    who: str
    why: str
    until: str

    def __post_init__(self) -> None:
        if self.key not in KEY_WORDS:
            raise InputError(f"permission {self.key[:20]!r} is not known; write one of {', '.join(KEYS)}")
        for name, text in (("who", self.who), ("why", self.why)):
            if not text.strip():
                raise InputError(f"permission {self.key}: {name} is empty; every permission carries a name")
            _one_line(f"permission {self.key}: {name}", text)
        if not is_day(self.until):
            raise InputError(
                f"permission {self.key}: until {self.until[:20]!r} is no date; write one such as 2027-01-31"
            )


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is permitted for one leg; what is not granted is locked, and so is what is not known.

    ``weight_bearing`` is none, toe-touch, partial or full, empty where unknown; ``stage`` orders the
    programme (S0 is protected) and unlocks no key. ``procedure``, ``approach`` and ``surgery_on`` (ISO date)
    are information; ``healing``, a bone that is cut and not healed, locks ROLL whoever granted it.
    """

    grants: tuple[Grant, ...] = ()
    weight_bearing: str = ""
    stage: str = ""
    procedure: str = ""
    approach: str = ""
    surgery_on: str = ""
    healing: bool = False

    def __post_init__(self) -> None:
        if self.weight_bearing not in ("", *WEIGHT_BEARING):
            raise InputError(
                f"weight bearing {self.weight_bearing[:20]!r} is not known; "
                f"write one of {', '.join(WEIGHT_BEARING)}"
            )
        if self.stage not in ("", *STAGES):
            raise InputError(f"stage {self.stage[:20]!r} is not known; write one of {', '.join(STAGES)}")
        if self.surgery_on and not is_day(self.surgery_on):
            raise InputError(
                f"surgery on {self.surgery_on[:20]!r} is no date; write one such as 2026-09-01, or nothing"
            )
        _one_line("procedure", self.procedure)
        _one_line("approach", self.approach)


LOCKED = Permissions()
"""Nobody was asked: everything is locked."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is permitted for the leg that is trained and recorded, and for the other one."""

    trained: Permissions = LOCKED
    other: Permissions = LOCKED

    def leg_of(self, muscle: str) -> Permissions:
        """The leg that a muscle's contraction asks something of; ``qlc`` is the waist of the other one."""
        return self.other if muscle == "qlc" else self.trained


NOBODY_ASKED = Limits()


def no_limits(who: str, until: str) -> Permissions:
    """Return the explicit entry of a person without surgery: every key, by name, until a day.

    Raises
    ------
    InputError
        Without a name or a date.
    """
    grants = tuple(Grant(key, who, "no limits", until) for key in KEY_WORDS)
    return Permissions(grants, "full", "S5")


def unlock(permissions: Permissions, grant: Grant, today: str = "") -> Permissions:
    """Return the permissions with one more grant; it takes the place of an earlier one of its key.

    Raises
    ------
    InputError
        When the grant is over before ``today`` (ISO date), where that is given.
    """
    if today and grant.until < today[:10]:
        raise InputError(
            f"permission {grant.key}: until {grant.until} is over; write {today[:10]} or a later day"
        )
    kept = (other for other in permissions.grants if other.key != grant.key)
    return replace(permissions, grants=(*kept, grant))


def permissions_from_json(data: Mapping[str, Any]) -> Permissions:
    """One leg of `limits_to_json`; fields that an old recording lacks are unknown."""
    grants = tuple(Grant(**grant) for grant in data["grants"])
    texts = ("weight_bearing", "stage", "procedure", "approach", "surgery_on")
    known = {name: str(data.get(name, "")) for name in texts}
    return Permissions(grants, **known, healing=bool(data.get("healing", False)))


def limits_to_json(limits: Limits) -> dict[str, Any]:
    """Plain values, for the head of a recording."""
    return asdict(limits)


def limits_from_json(data: Mapping[str, Any]) -> Limits:
    """Inverse of `limits_to_json`; an old recording says something of the trained leg only."""
    if "trained" not in data:
        return Limits(permissions_from_json(data))
    return Limits(permissions_from_json(data["trained"]), permissions_from_json(data["other"]))


def missing(needs: Sequence[str], permissions: Permissions, today: str) -> tuple[str, ...]:
    """Return the needs that are not permitted on a day (ISO date), in their order.

    A day that is not known is after the end of every grant.
    """
    day = today[:10]
    open_keys = {grant.key for grant in permissions.grants if day <= grant.until} if is_day(day) else set()
    if permissions.stage not in ("", "S0"):
        open_keys.add(SQUEEZE)
    if permissions.healing:
        open_keys.discard("ROLL")
    return tuple(need for need in needs if need not in open_keys)


def not_permitted(needs: Sequence[str], load: str, permissions: Permissions, today: str) -> tuple[str, ...]:
    """Return what one leg lacks for a task: the missing keys, then such as "weight bearing: full".

    Parameters
    ----------
    load : weight-bearing class of the task on this leg; WB1 and DYN ask for SLS as well
    """
    if load not in LOADS:
        raise InputError(f"weight-bearing class {load[:20]!r} is not known; write one of {', '.join(LOADS)}")
    asked = dict.fromkeys((*needs, "SLS") if load in ONE_LEG else needs)
    least = LOADS[load]
    status = permissions.weight_bearing or WEIGHT_BEARING[0]
    too_much = WEIGHT_BEARING.index(status) < WEIGHT_BEARING.index(least)
    return (*missing(tuple(asked), permissions, today), *([f"{WEIGHT}{least}"] if too_much else []))


def exercise_locks(
    protocol: Protocol, limits: Limits, today: str, options: Sequence[Option] = ()
) -> tuple[str, ...]:
    """Return what an exercise lacks on either leg, such as "RES" or "other leg: LONG"; empty: it may start.

    Parameters
    ----------
    options : the options that are chosen; their needs come on top
    """
    needs = [*protocol.needs, *(need for option in options for need in option.needs)]
    others = [*protocol.other_needs, *(need for option in options for need in option.other_needs)]
    trained = not_permitted(needs, protocol.load, limits.trained, today)
    other = not_permitted(others, protocol.other_load, limits.other, today)
    return (*trained, *(f"{OTHER_LEG}{code}" for code in other))


def words(locks: Sequence[str]) -> str:
    """Say in one sentence what is missing and who can change it; empty where nothing is."""
    if not locks:
        return ""
    them = "it" if len(locks) == 1 else "them"
    return f"Not permitted yet: {', '.join(map(_worded, locks))}. A clinician can unlock {them} by name."


def _worded(code: str) -> str:
    if code.startswith(OTHER_LEG):
        return f"{_worded(code.removeprefix(OTHER_LEG))} on the other leg"
    if code.startswith(WEIGHT):
        return f"{code.removeprefix(WEIGHT)} weight bearing"
    return KEY_WORDS.get(code, code)


def weeks_since(surgery_on: str, today: str) -> int | None:
    """Whole weeks from surgery to today (ISO dates), for information; None where a day is not known.

    Weeks unlock nothing: one person's week 8 is not another's.
    """
    if not (is_day(surgery_on) and is_day(today[:10])):
        return None
    days = int((np.datetime64(today[:10], "D") - np.datetime64(surgery_on, "D")).astype(int))
    return days // 7 if days >= 0 else None


def choose(forms: Sequence[Form], permissions: Permissions, today: str) -> Form | None:
    """Return the first form that is permitted; None means "not tested"."""
    return next((form for form in forms if not missing(form.needs, permissions, today)), None)


def form_for(phase: Phase, reference_kind: str, permissions: Permissions, today: str) -> Form | None:
    """Return the form in which a test or reference phase may be done; None means "not done".

    Parameters
    ----------
    reference_kind : with "mvic" the contraction is maximal, and asks for MAX at every stage
    permissions : those of the leg that does it, `Limits.leg_of` the phase's muscle
    """
    return choose(_ways(phase, reference_kind), permissions, today)


def form_locks(phase: Phase, reference_kind: str, permissions: Permissions, today: str) -> tuple[str, ...]:
    """Return what even the easiest form of a test or reference phase lacks; empty where one may be done."""
    ways = _ways(phase, reference_kind)
    return () if choose(ways, permissions, today) else missing(ways[-1].needs, permissions, today)


def _ways(phase: Phase, reference_kind: str) -> tuple[Form, ...]:
    """The forms of a phase, the fullest first: its own where it says what that needs, then the table's."""
    muscle = "ql" if phase.muscle == "qlc" else phase.muscle
    own = Form(phase.needs, phase.cue, phase.hint)
    forms = (TESTS if phase.kind == "test" else REFERENCES).get(muscle, ())
    if reference_kind == "mvic" and (muscle in MAXIMA or not forms):
        return tuple(_asking(form, phase.needs) for form in MAXIMA.get(muscle, (_asking(own, ("MAX",)),)))
    if not forms or phase.needs:
        return (own, *forms[-1:])
    if phase.kind == "test":
        return forms
    return (replace(forms[0], cue=own.cue, hint=own.hint), *forms[1:])


def _asking(form: Form, needs: Sequence[str]) -> Form:
    return replace(form, needs=tuple(dict.fromkeys((*form.needs, *needs))))
