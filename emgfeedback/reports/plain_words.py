"""Plain words on paper for muscles, permissions, loads and stop rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emgfeedback.training.safety import STOP_RULES
from emgfeedback.values import Protocol

NOT_A_DEVICE = "Training and research tool, not a medical device."
UNREVIEWED = "not clinician-reviewed"

PLACES = {
    "gmed": ("side of the hip", "gluteus medius"),
    "tfl": ("front of the hip", "tensor fasciae latae, TFL"),
    "ql": ("waist", "quadratus lumborum site"),
    "qlc": ("waist of the other side", "quadratus lumborum site"),
    "gmax": ("buttock", "gluteus maximus"),
    "gmin": ("deep side of the hip", "gluteus minimus"),
    "es": ("lower back", "erector spinae"),
    "rf": ("front of the thigh", "rectus femoris"),
    "vmo": ("inner side of the thigh above the knee", "vastus medialis"),
    "vl": ("outer side of the thigh", "vastus lateralis"),
    "bf": ("back of the thigh", "biceps femoris"),
    "add": ("inner thigh", "adductors"),
    "lt": ("muscle below the shoulder blade", "lower trapezius"),
    "ut": ("top of the shoulder", "upper trapezius"),
    "io": ("low side of the belly", "internal oblique"),
    "eo": ("side of the belly", "external oblique"),
    "ra": ("front of the belly", "rectus abdominis"),
    "brace": ("belly", "belly and back braced together"),
    "extension": ("buttock", "hip extension"),
}
"""Muscle code → where it is felt, and how it is called."""

SHOULDER = ("lt", "ut")
"""Muscles that belong to no leg."""

NEEDS = {
    "ABD": "lifting the leg to the side by itself",
    "RES": "pushing the leg to the side against resistance, also without movement",
    "LONG": "moving or loading the leg with a straight knee",
    "EXT": "taking the leg behind the body",
    "FLEX": "bending the hip beyond 90°, or against resistance or load",
    "ADD": "bringing the leg past the midline of the body",
    "ER": "turning the leg outwards beyond 20°",
    "IR": "turning the leg inwards",
    "MAX": "pressing as hard as possible",
    "SLS": "standing on this leg alone",
    "ROLL": "rolling over the muscle, never while the bone heals",
    "SQUEEZE": "squeezing the buttock without movement",
}
"""Permission key → what it lets a leg do."""

LOADS = {
    "NWB": "no weight on it",
    "PWB": "part of the body weight on it",
    "WB2": "full weight, shared with the other leg",
    "WB1": "full weight, on this leg alone",
    "DYN": "full weight, on this leg alone or with speed",
}
"""Class of weight bearing → what the leg carries."""

STAGES = {
    "S0": "protected, after surgery",
    "S1": "waking the muscle up, no weight",
    "S2": "strength, no weight",
    "S3": "standing on both legs",
    "S4": "standing on one leg",
    "S5": "everyday life and sport",
}
"""Stage → what is done in it; a stage orders the programme and permits nothing."""

_IF = "Stop if "
STOP = tuple(
    sentence.removeprefix(_IF).rstrip(".") for sentence in STOP_RULES.sentences if sentence.startswith(_IF)
)
"""Reasons to stop at once."""

REFER = (
    "a limp that gets worse, pain at night, fever, sudden weakness, or numbness where one sits on a saddle"
)
"""Reasons to be seen by a doctor soon."""


def place(code: str) -> str:
    """Where a muscle is felt; an unknown code stands for itself."""
    return PLACES[code][0] if code in PLACES else code.upper()


def called(code: str) -> str:
    """Where a muscle is felt, with its name."""
    return f"{PLACES[code][0]} ({PLACES[code][1]})" if code in PLACES else code.upper()


def listed(words: Iterable[str], last: str = "and") -> str:
    """Words in a row: "a, b and c"."""
    *most, final = list(words) or [""]
    return f"{', '.join(most)} {last} {final}" if most else final


def capital(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]


def permitted(keys: Sequence[str]) -> list[str]:
    """What permission keys let a leg do, each with its key for the clinician."""
    return [f"{NEEDS.get(key, key)} ({key})" for key in keys]


def weight_and_needs(load: str, needs: Sequence[str]) -> list[str]:
    """What a leg carries and does; standing on one leg is said with its load."""
    alone = ("SLS",) if load in ("WB1", "DYN") else ()
    keys = dict.fromkeys((*needs, *alone))
    return [LOADS.get(load, load), *permitted(tuple(keys))]


def minutes(seconds: float) -> str:
    """Seconds as minutes and seconds: "1:35"."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def reviewed(review: str) -> str:
    """Who looked at an exercise, as a sentence."""
    if not review or review.casefold() == UNREVIEWED:
        return "Not clinician-reviewed."
    return f"Reviewed: {review.rstrip('.')}."


def plain(text: str) -> str:
    """Text that Markdown shows as it is written."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(str(text).split()))


def stands(protocol: Protocol) -> bool:
    """Whether an exercise carries the body's weight, and not lying or sitting."""
    loaded = {protocol.load, protocol.other_load} & {"WB2", "WB1", "DYN"}
    return bool(loaded) and not re.match(r"(lie|sit)\b", protocol.position, re.IGNORECASE)
