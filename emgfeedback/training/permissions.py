"""What a person may do: permissions with who, why and until when, and the form of a task that they allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from emgfeedback.errors import InputError
from emgfeedback.values import Phase, Protocol

KEYS = ("ABD", "RES", "LONG", "EXT", "FLEX", "ADD", "ER", "IR", "MAX", "SLS")
"""Active abduction, resisted abduction, long lever, hip extension, hip flexion beyond 90° or resisted,
adduction past the midline, external rotation beyond 20°, internal rotation, maximal contraction,
single-leg stance."""

WEIGHT_BEARING = ("none", "toe-touch", "partial", "full")
LOADS = {"NWB": "none", "PWB": "partial", "WB2": "full", "WB1": "full", "DYN": "full"}
"""Least weight bearing of each class of exercise; WB1 and DYN ask for SLS as well."""

STAGES = ("S0", "S1", "S2", "S3", "S4", "S5")
SQUEEZE = "SQUEEZE"
"""Gluteal squeeze without movement: open from stage S1 on, in S0 it asks for a clinician's yes."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Grant:
    """One unlocked key: who unlocked it, why, and the last day (ISO date) on which it holds."""

    key: str
    who: str
    why: str
    until: str

    def __post_init__(self) -> None:
        if self.key not in (*KEYS, SQUEEZE):
            raise InputError(f"permission {self.key[:20]!r} is not known; write one of {', '.join(KEYS)}")
        for name, text in (("who", self.who), ("why", self.why)):
            if not text.strip():
                raise InputError(f"permission {self.key}: {name} is empty; every permission carries a name")
        if not _DATE.fullmatch(self.until):
            raise InputError(
                f"permission {self.key}: until {self.until[:20]!r} is no date; write one such as 2027-01-31"
            )


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is permitted for one leg; what is not granted is locked, and so is what is not known.

    ``weight_bearing`` is none, toe-touch, partial or full, empty where unknown; ``stage`` orders the
    programme (S0 is protected) and unlocks no key.
    """

    grants: tuple[Grant, ...] = ()
    weight_bearing: str = ""
    stage: str = ""

    def __post_init__(self) -> None:
        if self.weight_bearing not in ("", *WEIGHT_BEARING):
            raise InputError(
                f"weight bearing {self.weight_bearing[:20]!r} is not known; "
                f"write one of {', '.join(WEIGHT_BEARING)}"
            )
        if self.stage not in ("", *STAGES):
            raise InputError(f"stage {self.stage[:20]!r} is not known; write one of {', '.join(STAGES)}")


LOCKED = Permissions()
"""Nobody was asked: everything is locked."""


def no_limits(who: str, until: str) -> Permissions:
    """Return the explicit entry of a person without surgery: every key, by name, until a day.

    Raises
    ------
    InputError
        Without a name or a date.
    """
    grants = tuple(Grant(key, who, "no limits", until) for key in (*KEYS, SQUEEZE))
    return Permissions(grants, "full", "S5")


def permissions_to_json(permissions: Permissions) -> dict[str, Any]:
    """Plain values, for the head of a recording."""
    return asdict(permissions)


def permissions_from_json(data: Mapping[str, Any]) -> Permissions:
    """Inverse of `permissions_to_json`."""
    grants = tuple(Grant(**grant) for grant in data["grants"])
    return Permissions(grants, str(data["weight_bearing"]), str(data["stage"]))


def missing(needs: Sequence[str], permissions: Permissions, today: str) -> tuple[str, ...]:
    """Return the needs that are not permitted on a day (ISO date), in their order."""
    open_keys = {grant.key for grant in permissions.grants if today[:10] <= grant.until}
    if permissions.stage not in ("", "S0"):
        open_keys.add(SQUEEZE)
    return tuple(need for need in needs if need not in open_keys)


def may_bear(load: str, permissions: Permissions, today: str) -> bool:
    """Say whether an exercise of class NWB, PWB, WB2, WB1 or DYN may be done on this leg."""
    if load not in LOADS:
        raise InputError(f"weight-bearing class {load[:20]!r} is not known; write one of {', '.join(LOADS)}")
    if load in ("WB1", "DYN") and missing(("SLS",), permissions, today):
        return False
    status = permissions.weight_bearing or WEIGHT_BEARING[0]
    return WEIGHT_BEARING.index(status) >= WEIGHT_BEARING.index(LOADS[load])


@dataclass(frozen=True, slots=True)
class Form:
    """One way to do a task: what it needs, and the words for the person."""

    needs: tuple[str, ...]
    cue: str
    hint: str
    low_load: bool = False


_LOW_GMED = Form(
    ("RES",),
    "Side of hip: press the knee up into the belt.",
    "Belt above the knees, neutral hip, gently; the leg does not leave the cushion.",
    low_load=True,
)
_LOW_TFL = Form(
    ("FLEX",),
    "Front of hip: press the thigh into the cushion.",
    "Thigh supported, knee bent, gently forward; the thigh stays where it lies.",
    low_load=True,
)
_HIKE = "Waist: pull the hip up to the ribs."

TESTS: dict[str, tuple[Form, ...]] = {
    "gmed": (
        Form(
            ("RES", "LONG", "EXT"),
            "Side of hip: lift the leg against the hand.",
            "Hand above the ankle, leg slightly back, pelvis held; 3 of 10.",
        ),
        _LOW_GMED,
    ),
    "tfl": (
        Form(
            ("FLEX", "ABD", "RES", "IR"),
            "Front of hip: lift up and forward against the hand.",
            "On the side, hip bent by a third, toes inward, knee bent; 3 of 10.",
        ),
        _LOW_TFL,
    ),
    "ql": (
        Form(("LONG",), _HIKE, "Against a light pull at the ankle; only the pelvis moves; 3 of 10."),
        Form((), _HIKE, "Leg supported, nobody pulls; gently, about 2 of 10.", low_load=True),
    ),
    "brace": (Form((), "Belly: brace as before a cough.", "Gently, breathe on; the leg lies still."),),
    "extension": (
        Form(
            ("EXT",),
            "Buttock: press the leg back into the hand.",
            "Firm but comfortable, about 3 of 10; the back stays long.",
        ),
        Form(
            (SQUEEZE,),
            "Buttock: squeeze it together.",
            "No movement at all, gently, about 2 of 10.",
            low_load=True,
        ),
    ),
}
"""Test contractions by muscle, the full form first; brace and extension are for neighbours that are not
recorded."""

REFERENCES: dict[str, tuple[Form, ...]] = {
    "gmed": (
        Form(
            ("RES", "LONG"),
            "Side of hip: press the leg up into the belt.",
            "Belt above the ankles, the leg long; firm but comfortable, 3 of 10.",
        ),
        _LOW_GMED,
    ),
    "tfl": (
        Form(
            ("FLEX", "ABD", "RES"),
            "Front of hip: press up and forward into the strap.",
            "On the side, hip bent by a third; firm but comfortable, 3 of 10.",
        ),
        _LOW_TFL,
    ),
    "ql": (Form((), _HIKE, "Leg supported, nobody pulls; gently, about 2 of 10."),),
}
"""Submaximal reference contractions (RVC) by muscle, one task each."""

MAXIMA: dict[str, tuple[Form, ...]] = {
    "gmed": (
        Form(
            ("MAX", "RES", "ABD", "LONG"),
            "Side of hip: press up as hard as you can.",
            "Strap above the ankle, pelvis held, neutral hip; build up over a second or two.",
        ),
    ),
    "tfl": (
        Form(
            ("MAX", "FLEX", "ABD", "RES", "IR"),
            "Front of hip: press as hard as you can.",
            "On the side, hip bent by a third, toes inward, knee bent; build up over a second or two.",
        ),
    ),
    "ql": (
        Form(
            ("MAX", "LONG"),
            "Waist: pull the hip up as hard as you can.",
            "Against the pull at the ankle; build up over a second or two.",
        ),
    ),
}
"""Maximal voluntary isometric contractions (MVIC) by muscle; none has a low-load form."""


def choose(forms: Sequence[Form], permissions: Permissions, today: str) -> Form | None:
    """Return the first form that is permitted; None means "not tested"."""
    return next((form for form in forms if not missing(form.needs, permissions, today)), None)


def permit(protocol: Protocol, permissions: Permissions, today: str) -> tuple[Protocol, dict[str, str]]:
    """Give every test phase the form that is permitted, and take out those that have none.

    Returns
    -------
    The protocol with the cues of the chosen forms, and what each test became: ``full``, ``low-load`` or
    ``not tested: needs KEY``. Tests of muscles that `TESTS` does not know stay as they are.
    """
    phases: list[Phase] = []
    became: dict[str, str] = {}
    for phase in protocol.phases:
        forms = TESTS.get(phase.muscle) if phase.kind == "test" else None
        if forms is None:
            phases.append(phase)
            continue
        form = choose(forms, permissions, today)
        if form is None:
            locked = ", ".join(missing(forms[-1].needs, permissions, today))
            became[phase.muscle] = f"not tested: needs {locked}"
        else:
            became[phase.muscle] = "low-load" if form.low_load else "full"
            phases.append(replace(phase, cue=form.cue, hint=form.hint))
    return replace(protocol, phases=tuple(phases)), became
