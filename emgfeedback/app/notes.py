"""Events in one line each, for the operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emgfeedback.app import words
from emgfeedback.app.result import VETO
from emgfeedback.values import Event

Data = Mapping[str, Any]
CAUSES = {"start block": "just above your start block", "shaping": "by the last set", "operator": ""}


def note(event: Event) -> str:
    """One line about an event, empty for those that need no words."""
    say = NOTES.get(event.kind)
    return say(event.data) if say else ""


def _calibration(data: Data) -> str:
    return str(data.get("refused") or "Reference known: levels are now in % of reference.")


def _heartbeat(data: Data) -> str:
    if data["rate_bpm"] is None:
        return ""
    residue_uv = max(value for value in data["residue_uv"] if value is not None)
    left = "left of it" if data["taken_out"] else "of it in the trunk channel"
    return f"Heart {data['rate_bpm']:.0f} per minute, {residue_uv:.1f} µV {left} at rest."


def _setup(data: Data) -> str:
    if data.get("heartbeat"):
        return "Heartbeat at rest: it is taken out from now on, the rest starts over."
    if data.get("notch_hz"):
        return f"Mains hum at rest: the {data['notch_hz']:g} Hz notch is on, the rest starts over."
    return ""


def _ratio(data: Data) -> str:
    success_pct = data.get("success_pct")
    cause = CAUSES.get(str(data.get("cause", "")), "")
    if success_pct is not None:
        cause += f", {success_pct:.0f} % of it met"
    kept = data.get("from") == data["to"]
    line = f"The line {'stays at' if kept else 'is now'} {data['to']:.2f} : 1"
    return f"{line} ({cause})." if cause else f"{line}."


def _repetition(data: Data) -> str:
    void, number = str(data.get("void") or ""), data["repetition"]
    if void.startswith(VETO):
        return f"Repetition {number} is not counted: {void.removeprefix(VETO)}."
    if void:
        return f"Repetition {number} is void ({void}) and starts again."
    if (data.get("fatigue") or {}).get("may_be_fatigue"):
        return f"Repetition {number}: {data['fatigue']['words']}."
    return ""


def _veto(data: Data) -> str:
    number = data["repetition"]
    if data.get("undo"):
        return f"Repetition {number} counts again."
    return f"Repetition {number} is not counted: {data.get('why') or 'vetoed'}."


def _pain(data: Data) -> str:
    score = data.get("score")
    return f"Pain {score:.0f} of 10." if score is not None else "Pain: all is stopped."


def _unlock(data: Data) -> str:
    if data.get("refused"):
        return f"Not unlocked: {data['refused']}"
    return f"{data['key']} is unlocked by {data['who']} until {data['until']}."


def _ceiling(data: Data) -> str:
    if data["pct"] is None:
        return ""
    return f"Top of the target: {data['pct']:.0f} % of reference ({data['cause']})."


NOTES: dict[str, Callable[[Data], str]] = {
    "calibration": _calibration,
    "heartbeat": _heartbeat,
    "setup": _setup,
    "ratio": _ratio,
    "repetition": _repetition,
    "veto": _veto,
    "pain": _pain,
    "unlock": _unlock,
    "ceiling": _ceiling,
    "trial": lambda data: str(data["cause"]),
    "placement": lambda data: " ".join(data["words"]),
    "gap": lambda data: f"{data['missing_s']:.1f} s of samples were lost.",
    "reward": lambda data: f"Repetition {data['repetition']}: line met.",
    "command": lambda data: "Marker set." if data.get("kind") == "mark" else "",
    "locked": lambda data: str(data.get("words") or ""),
    "acknowledge": lambda data: f"{data['who']} has looked. Go on when all is well.",
    "unit": lambda data: f"Repetition {data['repetition']}: step {data['units']} of the long hold.",
    "set_stopped": lambda data: f"The sets end here: {data['missed']} repetitions missed in a row.",
    "baseline": lambda data: f"{data.get('label') or 'Baseline'}: noted.",
    "quiet": lambda data: (
        f"Quiet line of the {words.muscle(data['muscle']).place}: {data['line_pct']:.0f} % of reference."
    ),
}
