"""All layers in one pure function: a scene and a voice in, a block of stereo samples and the voice out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from emgfeedback.app.sound.tone import RAMP_S, STEPS_HZ, Tone
from emgfeedback.app.voices import Samples
from emgfeedback.values import Floats

RATE_HZ = 48000
TONE_PEAK, RUSTLE_PEAK, BELL_PEAK, SPEECH_PEAK = 0.14, 0.08, 0.09, 0.35
"""Together under half of full scale, with the voice and without it."""
DUCK = 0.25
"""Tone and rustle while somebody speaks: 12 dB softer."""
RUSTLE_HZ = ((250.0, 700.0), (900.0, 2200.0))
"""Bands of the rustle in the left and the right ear, so that one loudspeaker can tell them too."""
ROUGH_HZ = (23, 37)
NOTHING: Samples = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Volumes:
    """How loud each layer is, 0 (off) to 1."""

    tone: float = 1.0
    texture: float = 1.0
    events: float = 1.0
    voice: float = 1.0


@dataclass(frozen=True, slots=True)
class Clip:
    """Samples (n,) to be played once, when ``number`` is a new one."""

    number: int = 0
    samples: Samples = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is to be heard now; handed to the sound card's thread as one object."""

    tone: Tone = field(default_factory=Tone)
    bell: Clip = Clip()
    speech: Clip = Clip()
    volumes: Volumes = Volumes()


@dataclass(frozen=True, slots=True)
class Track:
    """How far a clip has been played; a newer one begins when this one has faded."""

    clip: Clip = Clip()
    at: int = 0
    gain: float = 0.0

    @property
    def sounds(self) -> bool:
        """There is something left of it."""
        return self.at < len(self.clip.samples)

    def toward(self, wanted: Clip) -> Track:
        """This track, or the wanted one where nothing of this is heard any more."""
        waits = wanted.number != self.clip.number and self.sounds and self.gain > 0.0
        return self if waits or wanted.number == self.clip.number else Track(wanted)


@dataclass(frozen=True, slots=True)
class Voice:
    """Where everything stands between two blocks; gains of tone, left, right, bells and speech."""

    phase: float = 0.0
    hz: float = STEPS_HZ[0]
    gains: tuple[float, ...] = (0.0, 0.0, 0.0, BELL_PEAK, SPEECH_PEAK)
    rustle_at: int = 0
    bell: Track = Track()
    speech: Track = Track()


def render(scene: Scene, n_samples: int, voice: Voice) -> tuple[Floats, Voice]:
    """A block (n_samples, 2) of what is to be heard, and the voice for the next block.

    Nothing jumps, neither inside a block nor between two: pitch, every gain and the begin and end of every
    clip glide. The peak stays below 0.5 of full scale with all layers on.
    """
    time_s = np.arange(1, n_samples + 1) / RATE_HZ
    bell, speech = voice.bell.toward(scene.bell), voice.speech.toward(scene.speech)
    gains = _gains(scene, voice, speech.sounds, time_s)
    hz = _glide(voice.hz, scene.tone.hz or voice.hz, time_s / RAMP_S * STEPS_HZ[0])
    phase = voice.phase + 2 * np.pi * np.cumsum(hz) / RATE_HZ
    rung, bell = _played(bell, scene.bell, time_s)
    said, speech = _played(speech, scene.speech, time_s)
    both = gains[0] * (np.sin(phase) + 0.25 * np.sin(2 * phase)) / 1.25 + gains[3] * rung + gains[4] * said
    places = (voice.rustle_at + np.arange(n_samples)) % RATE_HZ
    out = both[:, None] + gains[1:3].T * rustle()[places]
    now = float(phase[-1] % (2 * np.pi)), float(hz[-1]), tuple(float(gain[-1]) for gain in gains)
    return out, Voice(*now, (voice.rustle_at + n_samples) % RATE_HZ, bell, speech)


def _gains(scene: Scene, voice: Voice, speaks: bool, time_s: Floats) -> Floats:
    """Gains (5, n) of the layers on their way to what is wanted."""
    tone, volumes = scene.tone, scene.volumes
    duck = DUCK if speaks else 1.0
    rustle = RUSTLE_PEAK * duck * volumes.texture
    layers = (
        (TONE_PEAK, duck * volumes.tone * TONE_PEAK * (tone.hz > 0.0), tone.fade_s),
        (RUSTLE_PEAK, rustle * tone.left, tone.fade_s),
        (RUSTLE_PEAK, rustle * tone.right, tone.fade_s),
        (BELL_PEAK, BELL_PEAK * volumes.events, RAMP_S),
        (SPEECH_PEAK, SPEECH_PEAK * volumes.voice, RAMP_S),
    )
    pairs = zip(voice.gains, layers, strict=True)
    return np.array([_glide(now, goal, time_s / fade_s * peak) for now, (peak, goal, fade_s) in pairs])


def _played(track: Track, wanted: Clip, time_s: Floats) -> tuple[Floats, Track]:
    """The next samples (n,) of a track, and where it then stands; it fades when another is wanted."""
    n = len(time_s)
    part = track.clip.samples[track.at : track.at + n]
    wave = np.zeros(n)
    gain = _glide(track.gain, float(wanted.number == track.clip.number), time_s / RAMP_S)
    wave[: len(part)] = part * gain[: len(part)]
    return wave, replace(track, at=min(track.at + n, len(track.clip.samples)), gain=float(gain[-1]))


def _glide(now: float, wanted: float, reach: Floats) -> Floats:
    """From ``now`` towards ``wanted``, no further than ``reach`` at each sample."""
    return now + np.minimum(np.maximum(wanted - now, -reach), reach)


@cache
def rustle() -> Samples:
    """One second (n, 2) of rough noise for each ear that can be played round and round, from -1 to 1."""
    draw = np.random.default_rng(20)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    ears = []
    for (low_hz, high_hz), rough_hz in zip(RUSTLE_HZ, ROUGH_HZ, strict=True):
        spectrum = np.zeros(RATE_HZ // 2 + 1, complex)
        band = slice(round(low_hz), round(high_hz) + 1)
        spectrum[band] = np.exp(2j * np.pi * draw.random(band.stop - band.start))
        noise = np.fft.irfft(spectrum, RATE_HZ)
        noise = np.tanh(noise / (1.5 * noise.std()))
        ears.append(noise * (0.6 + 0.4 * np.sin(2 * np.pi * rough_hz * time_s)))
    both = np.array(ears, np.float32).T
    both /= np.abs(both).max()
    return both
