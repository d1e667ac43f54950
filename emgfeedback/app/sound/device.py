"""The sound card, if there is one, and what has been heard on it."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emgfeedback.app.patient.picture import PatientState
from emgfeedback.app.sound.bells import bell, rung
from emgfeedback.app.sound.mix import RATE_HZ, Clip, Scene, Voice, Volumes, render, rustle
from emgfeedback.app.sound.tone import CALM_FADE_S, Tone, tone
from emgfeedback.app.voice import Talk
from emgfeedback.app.voices import utterance

LOG_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of the sound log: ``what`` is ``say`` (``names`` are keys of the catalogue) or ``bell``."""

    at_s: float
    what: str
    names: tuple[str, ...]


class Sound:
    """Plays states, off until asked for; what is to be heard is handed to the card through one attribute."""

    def __init__(self, language: str = "en", clock: Callable[[], float] = time.monotonic) -> None:
        self.on = False
        self.language = language
        self.problem = ""
        self.log: deque[Heard] = deque(maxlen=LOG_LENGTH)
        self._clock = clock
        self._said_problem = ""
        self._scene = Scene()
        self._voice = Voice()
        self._stream: Any = None
        self._begin()

    def _begin(self) -> None:
        self._talk = Talk(lambda keys: len(utterance(keys, self.language)) / RATE_HZ)
        self._before = PatientState("")

    @property
    def volumes(self) -> Volumes:
        """How loud each layer is; a new one is reached within a moment."""
        return self._scene.volumes

    @volumes.setter
    def volumes(self, volumes: Volumes) -> None:
        self._scene = replace(self._scene, volumes=volumes)

    @property
    def latency_s(self) -> float:
        """What the card says of its delay; NaN without one."""
        return float(getattr(self._stream, "latency", math.nan))

    def play(self, state: PatientState) -> None:
        """Let the next block sound like ``state``; say and ring what is new."""
        if not self.on or self._gone():
            return
        keys, name = self._talk.step(state, self._clock()), rung(self._before, state)
        self._before = state
        self._scene = replace(self._scene, tone=tone(state))
        if name:
            number = self._scene.bell.number + 1
            self._scene = replace(self._scene, bell=Clip(number, bell(name)))
            self.log.append(Heard(self._clock(), "bell", (name,)))
        self.say(keys)

    def say(self, keys: Sequence[str]) -> None:
        """Speak these keys of the catalogue now, instead of what is being said; nothing while it is off."""
        if keys and self.on:
            number = self._scene.speech.number + 1
            self._scene = replace(self._scene, speech=Clip(number, utterance(keys, self.language)))
            self.log.append(Heard(self._clock(), "say", tuple(keys)))

    def finish(self) -> None:
        """Let the tone go and the last words end; the device stays open until `stop`."""
        self._scene = replace(self._scene, tone=Tone(fade_s=CALM_FADE_S))

    def toggle(self) -> str:
        """Switch on or off; returns why it stays silent, once for each reason, empty when all is well."""
        if self.on:
            self.stop()
            return ""
        rustle()
        self._voice = Voice()
        self._begin()
        self.problem = self._open()
        self.on = not self.problem
        news = self.problem if self.problem != self._said_problem else ""
        self._said_problem = self.problem
        return news

    def _open(self) -> str:
        """Open the card, for two ears or else for one; returns why there is none."""
        why: Exception | None = None
        for channels in (2, 1):
            try:
                import sounddevice

                self._stream = sounddevice.OutputStream(
                    samplerate=RATE_HZ,
                    channels=channels,
                    dtype="float32",
                    latency="low",
                    callback=self._fill,
                )
                self._stream.start()
            except Exception as error:
                self._close()
                why = why or error
            else:
                return ""
        return f"No sound on this computer ({why}); the session goes on without it."

    def _gone(self) -> bool:
        """Notice a card that was pulled out; the picture goes on."""
        if getattr(self._stream, "active", True):
            return False
        self.stop()
        self.problem = "The sound device is gone; the session goes on without sound."
        return True

    def _fill(self, out: Any, n_samples: int, time: Any, status: Any) -> None:
        wave, self._voice = render(self._scene, n_samples, self._voice)
        out[:] = wave if out.shape[1] == 2 else wave.mean(axis=1, keepdims=True)

    def stop(self) -> None:
        """Close the device."""
        self.on = False
        self._scene = Scene(volumes=self.volumes)
        self._close()

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
