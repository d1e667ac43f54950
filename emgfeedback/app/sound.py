"""The tone: pentatonic steps that rise with the margin, silent below the gate; off until asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emgfeedback.app.patient.picture import PatientState
from emgfeedback.values import RIVAL, TARGET, Floats

RATE_HZ = 48000
STEPS_HZ = (220.0, 246.94, 277.18, 329.63, 369.99, 440.0)
"""A major pentatonic from A3; the octave on top is the decision itself."""
PEAK = 0.35
RAMP_S, CALM_FADE_S = 0.020, 0.2
"""Glide between two notes, and the slow fade when the board is gone."""
STEP_LN = 0.14
CHIME_HZ, CHIME_PEAK, CHIME_S = 880.0, 0.12, 0.12
"""A short bell over the tone when a step of a long hold is reached; it is gone to a third in `CHIME_S`."""


@dataclass(frozen=True, slots=True)
class Tone:
    """What sounds now; 0 Hz is silence, reached within ``fade_s``. A chime more than before is rung."""

    hz: float = 0.0
    fade_s: float = RAMP_S
    chimes: int = 0


@dataclass(frozen=True, slots=True)
class Voice:
    """Where the oscillator stands between two blocks."""

    phase: float = 0.0
    hz: float = STEPS_HZ[0]
    gain: float = 0.0
    chimes: int = 0
    since_chime_s: float = math.inf


def tone(state: PatientState) -> Tone:
    """The tone of a state: higher as the target leads more, the top note when it is good."""
    return replace(_pitch(state), chimes=state.units)


def _pitch(state: PatientState) -> Tone:
    if not state.live:
        return Tone(fade_s=CALM_FADE_S)
    if not state.ring_good or any(column.problem for column in state.columns):
        return Tone()
    target = next((column for column in state.columns if column.role == TARGET), None)
    if target is None or not target.on:
        return Tone()
    if state.found:
        return Tone(STEPS_HZ[-1])
    rivals = (column for column in state.columns if column.role == RIVAL)
    lines = [_ln_behind(rival.level, rival.line) for rival in rivals if not math.isnan(rival.line)]
    behind_ln = max(lines, default=0.0)
    step = len(STEPS_HZ) - 2 - int(min(max(behind_ln, 0.0) / STEP_LN, len(STEPS_HZ) - 2))
    return Tone(STEPS_HZ[step])


def _ln_behind(level: float, line: float) -> float:
    return math.log(max(level, 1e-3) / max(line, 1e-3))


def render(wanted: Tone, n_samples: int, voice: Voice) -> tuple[Floats, Voice]:
    """Samples (n_samples,) of the tone and the voice for the next block; pitch and gain glide."""
    time_s = np.arange(1, n_samples + 1) / RATE_HZ
    hz = _glide(voice.hz, wanted.hz or voice.hz, time_s / RAMP_S * STEPS_HZ[0])
    gain = _glide(voice.gain, PEAK if wanted.hz else 0.0, time_s / wanted.fade_s * PEAK)
    phase = voice.phase + 2 * np.pi * np.cumsum(hz) / RATE_HZ
    wave = gain * (np.sin(phase) + 0.25 * np.sin(2 * phase)) / 1.25
    before_s = 0.0 if wanted.chimes > voice.chimes else voice.since_chime_s
    last_s = before_s + n_samples / RATE_HZ
    if before_s < 10 * CHIME_S:
        ring_s = before_s + time_s
        wave = wave + CHIME_PEAK * np.exp(-ring_s / CHIME_S) * np.sin(2 * np.pi * CHIME_HZ * ring_s)
    now = float(phase[-1] % (2 * np.pi)), float(hz[-1]), float(gain[-1])
    return wave, Voice(*now, wanted.chimes, last_s)


def _glide(now: float, wanted: float, reach: Floats) -> Floats:
    """From ``now`` towards ``wanted``, no further than ``reach`` at each sample."""
    return now + np.minimum(np.maximum(wanted - now, -reach), reach)


class Sound:
    """The audio device, if there is one; the tone is handed over through one attribute."""

    def __init__(self) -> None:
        self.on = False
        self._tone = Tone()
        self._voice = Voice()
        self._stream: Any = None

    def play(self, state: PatientState) -> None:
        """Let the next block sound like ``state``."""
        if self.on:
            self._tone = tone(state)

    def toggle(self) -> str:
        """Switch on or off; returns why it stays silent, empty when all is well."""
        if self.on:
            self.stop()
            return ""
        try:
            import sounddevice

            self._stream = sounddevice.OutputStream(
                samplerate=RATE_HZ, channels=1, dtype="float32", latency="low", callback=self._fill
            )
            self._stream.start()
        except Exception as error:
            self._stream = None
            return f"No sound on this computer ({error}); the session goes on without it."
        self.on = True
        return ""

    def _fill(self, out: Any, n_samples: int, time: Any, status: Any) -> None:
        wave, self._voice = render(self._tone, n_samples, self._voice)
        out[:, 0] = wave

    def stop(self) -> None:
        """Close the device."""
        self.on = False
        self._tone = Tone()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
