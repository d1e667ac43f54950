"""Plain words for muscles, quality flags and events; the screens show these and never a bare code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emgfeedback.processing.advice import flag_advice, reading_step, reading_words
from emgfeedback.processing.readings import Reading
from emgfeedback.values import Dominance, Quality


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
    "lt": Muscle("Lower trapezius", "Lower trapezius", "shoulder blade"),
    "ut": Muscle("Upper trapezius", "Upper trapezius", "top of shoulder", 3),
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


def mode(target: str, rivals: Sequence[str], heard: Sequence[str]) -> str:
    """Name the mode when an exercise has several rivals and only one of them is recorded; else empty."""
    left = [rival for rival in dict.fromkeys(rivals) if rival in heard]
    if len(set(rivals)) < 2 or len(left) != 1:
        return ""
    return f"{brief(target)} + one rival ({brief(left[0])})"


def brief(code: str) -> str:
    """The short word for a muscle without what stands in brackets."""
    return muscle(code).short.partition(" (")[0]


def missing(withheld: str, target: str, quiet: str = "") -> str:
    """Why a hop earns nothing, where who leads does not say it; ``quiet`` is the code of the quiet muscle."""
    kind, _, code = withheld.partition(":")
    return {
        "ceiling": f"{target} over its ceiling",
        "rival": f"{brief(code)} over its ceiling",
        "quiet": f"{brief(quiet) if quiet else 'A rival'} over its quiet line",
        "swing": "Swing: not judged until it stands (B)",
    }.get(kind, "")


def leading(dominance: Dominance, target: str, withheld: str, ratio: float = math.inf) -> str:
    """Who leads, and the target's share with its 95 % bounds; what cannot be said is said.

    ``withheld`` is the reason why the hop earns nothing. Under a line ``ratio`` below 1 the target is never
    said to lead, only to be better than at the start.
    """
    if withheld == "uncalibrated":
        return "Not calibrated: no muscle is compared yet"
    if not dominance.measurable:
        return "Not measurable now" if withheld.startswith("quality") else "At rest"
    shares = (dominance.share, dominance.share_low, dominance.share_high)
    share = " · {} {:.0f} % ({:.0f} to {:.0f})".format(target, *(100 * s for s in shares))
    who = f"{muscle(dominance.leader).short} leads"
    ahead = brief(dominance.leader) == target
    if 0 < ratio < 1 and (ahead or dominance.margin_ln >= math.log(ratio)):
        who = "Better than the start"
    return f"{who}{share if all(map(math.isfinite, shares)) else ''}"


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
