"""Plain words for muscles, quality flags and events; the screens show these and never a bare code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emgfeedback.processing.advice import flag_advice, reading_step, reading_words
from emgfeedback.processing.readings import Reading
from emgfeedback.values import Dominance, Event, Quality


@dataclass(frozen=True, slots=True)
class Muscle:
    """How a muscle is called: ``short`` in the console, ``name`` and ``place`` on the patient screen.

    ``front`` orders the columns like the body: from the back (-) over the side (0) to the front (+).
    """

    short: str
    name: str
    place: str
    front: int = 0


MUSCLES = {
    "gmed": Muscle("GMed", "Gluteus medius", "side of hip"),
    "tfl": Muscle("TFL", "TFL", "front of hip", 3),
    "ql": Muscle("Waist (QL site)", "QL site", "waist", -3),
    "qlc": Muscle("Other waist (QL site)", "QL site, other side", "other waist", -3),
    "gmax": Muscle("GMax", "Gluteus maximus", "buttock", -2),
    "brace": Muscle("Belly brace", "Belly", "belly"),
    "extension": Muscle("Hip extension", "Buttock", "buttock"),
    "es": Muscle("ES", "Erector spinae", "lower back", -4),
    "rf": Muscle("RF", "Rectus femoris", "front of thigh", 4),
    "vmo": Muscle("VMO", "Vastus medialis", "inner thigh"),
    "vl": Muscle("VL", "Vastus lateralis", "outer thigh", 3),
}


def muscle(code: str) -> Muscle:
    """Words for a muscle code; an unknown code stands for itself."""
    return MUSCLES.get(code) or Muscle(code.upper() or "?", code.upper() or "?", code or "sensor", 1)


def problem(bits: int, measured: bool = False) -> str:
    """The gravest quality flag in words, empty when the signal is clean.

    ``measured`` is for a target that has a level all the same: then settling (a jump that is still to prove
    itself) is a matter of the reward alone. A rival that settles is never shown as quiet.
    """
    advice = flag_advice(bits & ~int(Quality.SETTLING) if measured else bits)
    return advice.title if advice else ""


def readings(graded: Mapping[str, Sequence[Reading]]) -> str:
    """The gravest number of each channel, and of the link, that is not good."""
    said = (f"{_whose(whose)}: {reading_words(found[0])}" for whose, found in graded.items())
    return "▲ " + " · ".join(said) if graded else ""


def reading_steps(graded: Mapping[str, Sequence[Reading]]) -> str:
    """Every number that is not good with what to do about it, a line each."""
    return "\n".join(
        f"{_whose(whose)}: {reading_words(one)}. {reading_step(one)}"
        for whose, found in graded.items()
        for one in found
    )


def _whose(name: str) -> str:
    return "Radio link" if name == "link" else muscle(name).short


def step(bits: int) -> str:
    """What the operator can do about the gravest flag, empty when there is nothing to do."""
    advice = flag_advice(bits & ~int(Quality.SETTLING))
    return advice.step if advice else ""


def leading(dominance: Dominance, target: str, withheld: str) -> str:
    """Who leads, and the target's share with its 95 % bounds; what cannot be said is said.

    ``withheld`` is the reason why the hop earns nothing.
    """
    if withheld == "uncalibrated":
        return "Not calibrated: no muscle is compared yet"
    if not dominance.measurable:
        return "Not measurable now" if withheld.startswith("quality") else "At rest"
    shares = (dominance.share, dominance.share_low, dominance.share_high)
    share = " · {} {:.0f} % ({:.0f} to {:.0f})".format(target, *(100 * s for s in shares))
    return f"{muscle(dominance.leader).short} leads{share if all(map(math.isfinite, shares)) else ''}"


def ratios(dominance: Dominance, target: str, rivals: Sequence[str]) -> str:
    """The target against each rival with 95 % bounds; empty where nothing can be measured."""
    if not dominance.measurable:
        return ""
    bounds = zip(rivals, dominance.ratio_ln, dominance.ratio_low_ln, dominance.ratio_high_ln, strict=False)
    return f"{target} is " + " · ".join(f"{_times(*ratio)} {rival}" for rival, *ratio in bounds)


def _times(ratio_ln: float, low_ln: float, high_ln: float) -> str:
    """A ratio with its bounds, or the only bound that is known."""
    if math.isfinite(ratio_ln):
        return f"{math.exp(ratio_ln):.1f} ({math.exp(low_ln):.1f}-{math.exp(high_ln):.1f}) ×"
    if math.isfinite(low_ln):
        return f"at least {math.exp(low_ln):.1f} ×"
    return f"at most {math.exp(high_ln):.1f} ×" if math.isfinite(high_ln) else "not measurable against"


def clock(seconds: float) -> str:
    """Whole seconds left as minutes and seconds, rounded up so that 0:00 means over."""
    left = max(0, -int(-seconds // 1))
    return f"{left // 60}:{left % 60:02d}"


CHECKS = (
    "The board is switched on and its battery is charged.",
    "The dongle or cable is in this computer, or both are in the same network.",
    "No other program uses the board (the OpenBCI GUI too).",
)
CYTON_CHECKS = (
    "The dongle is in this computer, and its switch is at GPIO 6.",
    "The board is switched to PC, its light is on, and its battery is charged.",
    "No other program uses the port (the OpenBCI GUI too).",
)


def checks(device: str) -> tuple[str, ...]:
    """What to look at while a board does not answer."""
    return CYTON_CHECKS if "cyton" in device.lower() and "wifi" not in device.lower() else CHECKS


def link(state: str, silent_s: float, cause: str = "") -> str:
    """What is wrong with the link and what to do, for the operator; empty while it stands."""
    seconds = f"{silent_s:.0f} s" if silent_s >= 1.0 else "a moment"
    seconds += f" ({cause})" if cause else ""
    if state == "stalled":
        return f"No samples for {seconds}: is the board near the dongle, and its battery charged?"
    if state in ("lost", "reconnecting"):
        return f"Board lost for {seconds}: check the dongle and the board's switch. Trying again…"
    return ""


def note(event: Event) -> str:
    """One line for the operator about an event, empty for those that need no words."""
    data = event.data
    if event.kind == "calibration":
        return str(data.get("refused") or "Reference known: levels are now in % of reference.")
    if event.kind == "trial":
        return str(data["cause"])
    if event.kind == "placement":
        return " ".join(data["words"])
    if event.kind == "heartbeat" and data["rate_bpm"] is not None:
        residue_uv = max(value for value in data["residue_uv"] if value is not None)
        left = "left of it" if data["taken_out"] else "of it in the trunk channel"
        return f"Heart {data['rate_bpm']:.0f} per minute, {residue_uv:.1f} µV {left} at rest."
    if event.kind == "setup" and data.get("heartbeat"):
        return "Heartbeat at rest: it is taken out from now on, the rest starts over."
    if event.kind == "setup" and data.get("notch_hz"):
        return f"Mains hum at rest: the {data['notch_hz']:g} Hz notch is on, the rest starts over."
    if event.kind == "gap":
        return f"{data['missing_s']:.1f} s of samples were lost."
    if event.kind == "ratio":
        return f"The line is now {data['to']:.2f} : 1."
    if event.kind == "repetition" and data.get("void"):
        return f"Repetition {data['repetition']} is void ({data['void']}) and starts again."
    if event.kind == "repetition" and (data.get("fatigue") or {}).get("may_be_fatigue"):
        return f"Repetition {data['repetition']}: {data['fatigue']['words']}."
    if event.kind == "reward":
        return f"Repetition {data['repetition']}: full hold."
    if event.kind == "command" and data.get("kind") == "mark":
        return "Marker set."
    return ""
