"""Short sounds for what happened, and which of two moments rings one of them."""

from __future__ import annotations

from functools import cache

import numpy as np

from emgfeedback.app.patient.picture import GO_ON, STOPPED, WELL_DONE, PatientState
from emgfeedback.app.voice import at_the_end, praised_anew
from emgfeedback.app.voices import Samples

RATE_HZ = 48000
BELLS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "rewarded": ((523.25, 0.0, 0.22), (659.25, 0.07, 0.22), (783.99, 0.14, 0.28)),
    "over": ((196.0, 0.0, 0.22),),
    "unit": ((880.0, 0.0, 0.12),),
    "lost": ((392.0, 0.0, 0.12), (293.66, 0.18, 0.2)),
    "stopped": ((146.83, 0.0, 0.3), (146.83, 0.35, 0.3)),
    "end": ((329.63, 0.0, 0.2), (440.0, 0.25, 0.35)),
}
"""Each bell as strokes: pitch in Hz, when it is struck in s, and when it has faded to a third in s."""
DECAYS = 6.0
ATTACK_S = 0.005


def rung(before: PatientState, now: PatientState) -> str:
    """The bell for what happened between two moments, the gravest only; empty for none.

    A repetition without a picture rings when it is over, and no bell tells how it went.
    """
    if now.cue == STOPPED:
        return "stopped" if before.cue != STOPPED else ""
    if before.live and not now.live and now.cue != GO_ON:
        return "lost"
    if at_the_end(now):
        return "" if at_the_end(before) else "end"
    if praised_anew(before, now):
        return "rewarded"
    if now.units > before.units:
        return "unit"
    new = now.results[len(before.results) :]
    return "over" if new and not new[-1].void and now.cue != WELL_DONE else ""


@cache
def bell(name: str) -> Samples:
    """The samples (n,) of a bell at `RATE_HZ`, from -1 to 1; a sine with its softer octave, struck softly."""
    strokes = BELLS[name]
    length_s = max(start_s + DECAYS * decay_s for _, start_s, decay_s in strokes)
    wave = np.zeros(round(length_s * RATE_HZ))
    for hz, start_s, decay_s in strokes:
        at = round(start_s * RATE_HZ)
        time_s = np.arange(len(wave) - at) / RATE_HZ
        shape = np.exp(-time_s / decay_s) * np.minimum(1.0, time_s / ATTACK_S)
        wave[at:] += shape * (np.sin(2 * np.pi * hz * time_s) + 0.3 * np.sin(4 * np.pi * hz * time_s))
    wave *= np.minimum(1.0, np.arange(len(wave))[::-1] / (0.05 * RATE_HZ))
    return np.asarray(wave / np.abs(wave).max(), np.float32)
