"""From the voltage of the test current to the contact of an electrode: ohm, verdict, next step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from emgfeedback.sources.brainflow.tone import Tone

PINS = ("P", "N")
CURRENT_A = 6e-9
CURRENT_TOLERANCE = 0.2
SERIES_OHM = 2200.0

GOOD_OHM, FAIR_OHM, OPEN_OHM = 10e3, 50e3, 1e6
MISMATCH_OHM = 20e3
"""Contact for EMG after Konrad, The ABC of EMG: best below 10 kohm, poor above 50."""

WANTED_SHARE, WANTED_OHM = 0.1, 100.0
"""How sure a resistance should be, whichever is the wider."""
UNSURE_OHM = 1000.0
"""Below this, no error of the measurement changes what to do."""

WIRED_UV = CURRENT_A * SERIES_OHM * 1e6 / 2
"""The resistor on the board alone gives twice this: with less, no current flowed."""


@dataclass(frozen=True, slots=True)
class PinImpedance:
    """The contact of one electrode.

    ``channel`` counts from 1; ``pin`` is ``P`` or ``N``, or ``+`` where a board measures itself. ``ohm``
    lies between ``low_ohm`` and ``high_ohm``: the current source is off by up to 20 %, and noise adds to
    that; they are NaN where the board measures itself. All three are NaN where no current flowed, and
    infinite where the pin rails. ``verdict`` is good, fair, poor or open; ``words`` say what to do.
    """

    channel: int
    pin: str
    ohm: float
    low_ohm: float
    high_ohm: float
    verdict: str
    words: str


def resistance_ohm(amplitude_uv: float, current_a: float = CURRENT_A) -> float:
    """Resistance outside the board: amplitude over current, less the resistor on the board, 0 at least."""
    return max(0.0, amplitude_uv * 1e-6 / current_a - SERIES_OHM)


def sure(tone: Tone, least_ohm: float = WANTED_OHM) -> bool:
    """Whether the error of a tone is within 10 % of its resistance, or within ``least_ohm``."""
    return _error_ohm(tone) <= max(least_ohm, WANTED_SHARE * resistance_ohm(tone.amplitude_uv))


def _error_ohm(tone: Tone) -> float:
    return tone.error_uv * 1e-6 / CURRENT_A


def judge(tones: Mapping[tuple[int, str], Tone]) -> list[PinImpedance]:
    """Turn the tone of each (channel, pin) into a resistance with a verdict; a pair is judged as a pair."""
    ohms = {place: _ohm(tone) for place, tone in tones.items()}
    nothing = len(ohms) > 1 and all(_is_open(ohm) for ohm in ohms.values())
    return [_judge_pin(place, tones[place], ohms, nothing) for place in tones]


def _ohm(tone: Tone) -> float:
    if tone.amplitude_uv + tone.error_uv < WIRED_UV:
        return math.nan
    return resistance_ohm(tone.amplitude_uv)


def _is_open(ohm: float) -> bool:
    return not ohm <= OPEN_OHM


def _judge_pin(
    place: tuple[int, str], tone: Tone, ohms: Mapping[tuple[int, str], float], nothing: bool
) -> PinImpedance:
    (channel, pin), ohm = place, ohms[place]
    if math.isnan(ohm):
        low_ohm = high_ohm = math.nan
    else:
        least_uv, most_uv = tone.amplitude_uv - tone.error_uv, tone.amplitude_uv + tone.error_uv
        low_ohm = resistance_ohm(least_uv, CURRENT_A * (1 + CURRENT_TOLERANCE))
        high_ohm = resistance_ohm(most_uv, CURRENT_A * (1 - CURRENT_TOLERANCE))
    other_ohm = ohms.get((channel, PINS[1 - PINS.index(pin)]), math.nan)
    excess_ohm = 0.0 if _is_open(other_ohm) else ohm - other_ohm
    unsure = not _is_open(ohm) and not sure(tone, UNSURE_OHM)
    verdict, words = _verdict(ohm + unsure * _error_ohm(tone), excess_ohm, pin, nothing)
    if unsure:
        words = "uncertain, the muscle was active: let it rest and check again"
    return PinImpedance(channel, pin, ohm, low_ohm, high_ohm, verdict, words)


def verdict_of(ohm: float) -> str:
    """The light for EMG: good below 10 kohm, fair to 50, poor to 1 megohm, else open."""
    limits = (GOOD_OHM, "good"), (FAIR_OHM, "fair"), (OPEN_OHM, "poor")
    return next((verdict for limit_ohm, verdict in limits if ohm <= limit_ohm), "open")


def _verdict(ohm: float, excess_ohm: float, pin: str, nothing: bool) -> tuple[str, str]:
    """The colour and the next step."""
    if nothing:
        return "open", "no contact on any pin: check the bias electrode first, then this wire"
    if math.isnan(ohm):
        return "open", "no test current came through: check the wire, then switch the board off and on"
    if _is_open(ohm):
        return "open", f"no contact: plug the wire into pin {pin} and press the electrode on"
    verdict = verdict_of(ohm)
    if verdict == "poor":
        return verdict, "too high: clean the skin, put on a new electrode, wait a minute, check again"
    if excess_ohm > MISMATCH_OHM:
        more = f"{excess_ohm / 1000:.0f} kΩ above the other electrode of the pair, which lets hum in"
        return "poor", f"{more}: clean the skin, put on a new one, check again"
    if verdict == "fair":
        return verdict, "usable: wait two minutes for the gel, or clean the skin for a quieter signal"
    return verdict, "good contact: nothing to do"
