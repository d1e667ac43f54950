"""The forms of test, reference and maximal contractions, as data: what each needs, and its words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One way to do a task: what it needs, and the words for the person; ``low_load`` is the gentle way."""

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
            ("SQUEEZE",),
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
