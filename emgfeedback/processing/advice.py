"""What each flag and each amber number means: a sentence for the person, a next step for the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emgfeedback.processing.readings import LIMITS, Reading
from emgfeedback.values import Quality


@dataclass(frozen=True, slots=True)
class Advice:
    """``title`` in two or three words, ``patient`` a sentence to a tired person, ``step`` what to do next."""

    title: str
    patient: str
    step: str


FLAGS: Mapping[Quality, Advice] = {
    Quality.GAP: Advice(
        "samples lost",
        "The connection dropped for a moment; just wait.",
        "Bring the board nearer to the dongle and keep bodies and metal out of the line between them.",
    ),
    Quality.OFF: Advice(
        "electrode off",
        "One sensor does not feel your muscle; stay as you are.",
        "Press the electrode and its cable on; if it is quiet still, clean the skin and take a new one. "
        "If two channels show the same wave, look for gel or a wire between them.",
    ),
    Quality.RAILED: Advice(
        "out of range",
        "One sensor is out of range; stay as you are.",
        "Check the reference electrode first, then this channel's two electrodes and plugs; choose a "
        "lower gain if it stays.",
    ),
    Quality.FLAT: Advice(
        "flat line",
        "One sensor gives no signal; stay as you are.",
        "Check that the plug is in and that the channel is switched on at the board.",
    ),
    Quality.MAINS: Advice(
        "mains hum",
        "Something electric disturbs the signal; it is not you.",
        "Move chargers, lamps and the couch's motor away, unplug the laptop's charger, twist the cables "
        "together and wet the reference electrode.",
    ),
    Quality.MOTION: Advice(
        "movement",
        "A cable or sensor moved; hold still for a moment.",
        "Tape the cables down with a loop of slack, and see that nobody lies on or touches the electrode.",
    ),
    Quality.HEARTBEAT: Advice(
        "heartbeat",
        "Your heartbeat is loud in one sensor; that is nothing bad.",
        "Move the waist electrodes a finger's breadth away from the heart, closer together, and rest again.",
    ),
    Quality.SETTLING: Advice(
        "settling",
        "One moment, the signal settles.",
        "Nothing to do: it takes half a second.",
    ),
}
"""Gravest first: the first flag that is up is the one to show."""

CHECKS: Mapping[str, Advice] = {
    "rest": Advice(
        "rest is noisy",
        "Let the leg go quite heavy.",
        "Above 5 µV look at the skin: shave, rub, wipe, wait a minute; then ask for rest again.",
    ),
    "rest of reference": Advice(
        "rest is high",
        "Let the leg go quite heavy.",
        "Rest is too large a part of the reference: improve the skin contact, or ask for a firmer press.",
    ),
    "signal to noise": Advice(
        "signal is weak",
        "Press a little firmer, as far as it is comfortable.",
        "Check that the electrodes lie on the muscle and along its fibres; then repeat the reference.",
    ),
    "hum": Advice(
        "some mains hum",
        "Nothing to do for you.",
        "Move chargers and lamps away, and wet the reference electrode.",
    ),
    "clipping": Advice(
        "touched the rail",
        "Nothing to do for you.",
        "A sample was out of range: check plugs and the reference electrode before it happens in a hold.",
    ),
    "offset": Advice(
        "large offset",
        "Nothing to do for you.",
        "The electrodes of this channel differ: use two of the same kind and age, with fresh gel.",
    ),
    "movement": Advice(
        "cable moves",
        "Try to keep the cables still.",
        "Tape the cables down with a loop of slack.",
    ),
    "silence": Advice(
        "very quiet",
        "Nothing to do for you.",
        "Quieter than a muscle at rest: check the plug and press the electrodes on.",
    ),
    "likeness": Advice(
        "channels alike",
        "Nothing to do for you.",
        "Two channels hear the same: move them apart, wipe gel from between, check for a shared wire.",
    ),
    "contact": Advice(
        "poor contact",
        "The skin is prepared once more.",
        "Rub and wipe the skin, press the electrode for ten seconds, measure again.",
    ),
    "contact of a pair": Advice(
        "unequal contact",
        "The skin is prepared once more.",
        "Prepare the skin under the worse of the two electrodes again; unequal contacts let hum in.",
    ),
    "loss": Advice(
        "samples lost",
        "The connection dropped for a moment; just wait.",
        "Bring the board nearer to the dongle.",
    ),
    "rate": Advice(
        "rate is off",
        "Nothing to do for you.",
        "The board's clock differs from its nominal rate: check the board's setting, then restart it.",
    ),
}


def flag_advice(bits: int) -> Advice | None:
    """Advice on the gravest flag of a channel; None when it is clean."""
    return next((advice for flag, advice in FLAGS.items() if bits & flag), None)


def reading_words(reading: Reading) -> str:
    """Say a reading with its number and unit, as in ``some mains hum: 18 %``."""
    digits = 2 if abs(reading.value) < 1 else 1 if abs(reading.value) < 10 else 0
    return f"{CHECKS[reading.check].title}: {reading.value:.{digits}f} {LIMITS[reading.check].unit}"


def reading_step(reading: Reading) -> str:
    """What the operator can do about a reading."""
    return CHECKS[reading.check].step
