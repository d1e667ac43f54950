"""All that electrodes pick up besides EMG: offset, drift, noise, mains, the heart, a tugged cable."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emgfeedback.sources.patient.body import MUSCLES, TFL, Body
from emgfeedback.sources.patient.emg import BLOCK
from emgfeedback.values import Floats

N = len(MUSCLES)
BOARD_NOISE_UV = 0.5
REACH_S = 0.5
ECG_WEIGHTS = np.array([0.1, 0.1, 1.0])
"""The heart is seen at the waist, and faintly at the hip."""

LOOSE_MAINS_UV = 2000.0
LOOSE_HISS = 0.3


def heart_beat(time_s: Floats) -> Floats:
    """Outline of one beat around its R peak of 1: P, Q, R, S and T as bells."""
    at_s = np.array([-0.17, -0.03, 0.0, 0.03, 0.25])
    sd_s = np.array([0.025, 0.008, 0.010, 0.010, 0.045])
    size = np.array([0.10, -0.12, 1.0, -0.22, 0.25])
    outline: Floats = np.sum(size * np.exp(-0.5 * ((time_s[:, None] - at_s) / sd_s) ** 2), axis=1)
    return outline


def motion_bump(time_s: Floats) -> Floats:
    """Outline of a tugged cable: a swing of 4 Hz that dies away in a tenth of a second."""
    after_s = np.maximum(time_s, 0.0)
    return np.sin(2 * np.pi * 4.0 * after_s) * np.exp(-after_s / 0.1)


class Pulses:
    """A train of brief waves at random moments, each seen by the three channels with its own weights."""

    def __init__(
        self,
        outline: Callable[[Floats], Floats],
        gap_s: Callable[[], float],
        weights_uv: Callable[[], Floats],
    ) -> None:
        self._outline, self._gap_s, self._weights_uv = outline, gap_s, weights_uv
        self._train = [(gap_s(), weights_uv())]

    def wave(self, time_s: Floats) -> Floats:
        """Sum (n, 3) of all pulses that reach these times, in µV; times never go back."""
        while self._train[-1][0] < time_s[-1] + REACH_S:
            self._train.append((self._train[-1][0] + self._gap_s(), self._weights_uv()))
        self._train = [pulse for pulse in self._train if pulse[0] > time_s[0] - REACH_S]
        wave_uv = np.zeros((len(time_s), N))
        for at_s, weights_uv in self._train:
            wave_uv += self._outline(time_s - at_s)[:, None] * weights_uv
        return wave_uv


class Tissue:
    """The background of every channel; those beyond the third carry a board's own noise only.

    Every ingredient has its own generator, so switching one off changes no other.
    """

    def __init__(self, fs_hz: float, n_channels: int, body: Body, seed: np.random.SeedSequence) -> None:
        noise, slow, heart, motion, loose = (np.random.default_rng(child) for child in seed.spawn(5))
        self._fs_hz, self._body, self._noise, self._loose_noise = fs_hz, body, noise, loose
        self._first = 0
        self._sd_uv = np.array([body.noise_uv] * N + [BOARD_NOISE_UV] * (n_channels - N))
        self._offset_uv = body.offset_uv * slow.uniform(-1.0, 1.0, n_channels)
        self._drift_hz = slow.uniform(0.02, 0.1, (3, n_channels))
        self._drift_phase = slow.uniform(0.0, 2 * np.pi, (3, n_channels))
        self._pulses = [*_heart(body, heart), *_motion(body, motion)]

    def block(self, detached: str) -> tuple[Floats, Floats]:
        """Return the next background (BLOCK, n_channels), and what TFL records once its electrode is off.

        ``rail`` is beyond any converter, ``mains`` nothing else, ``quiet`` noise of 0.3 of the rest level.
        """
        samples = np.arange(self._first, self._first + BLOCK)
        self._first += BLOCK
        time_s = samples / self._fs_hz
        turns = (samples * self._body.mains_hz) % self._fs_hz / self._fs_hz
        mains = math.sqrt(2.0) * np.sin(2 * np.pi * turns)
        background = self._offset_uv + self._sd_uv * self._noise.standard_normal((BLOCK, len(self._sd_uv)))
        for hz, phase in zip(self._drift_hz, self._drift_phase, strict=True):
            background += self._body.drift_uv / 3 * np.sin(2 * np.pi * hz * time_s[:, None] + phase)
        background[:, :N] += self._body.mains_uv * mains[:, None]
        for pulses in self._pulses:
            background[:, :N] += pulses.wave(time_s)
        return background, self._loose(detached, mains)

    def _loose(self, detached: str, mains: Floats) -> Floats:
        if detached == "rail":
            return np.full(BLOCK, np.inf)
        hiss = self._loose_noise.standard_normal(BLOCK)
        size_uv = LOOSE_MAINS_UV * mains if detached == "mains" else LOOSE_HISS * self._body.noise_uv * hiss
        loose_uv: Floats = self._offset_uv[TFL] + size_uv
        return loose_uv


def _heart(body: Body, rng: np.random.Generator) -> list[Pulses]:
    """Beats at the waist whose intervals vary by ±4 %."""
    if not body.ecg_uv:
        return []
    beat_s = 60.0 / body.heart_per_min
    return [Pulses(heart_beat, lambda: beat_s * rng.uniform(0.96, 1.04), lambda: body.ecg_uv * ECG_WEIGHTS)]


def _motion(body: Body, rng: np.random.Generator) -> list[Pulses]:
    """Bumps at random moments, of random size and sign in every channel."""
    if not body.motion_per_min:
        return []
    gap_s = 60.0 / body.motion_per_min
    return [
        Pulses(motion_bump, lambda: rng.exponential(gap_s), lambda: body.motion_uv * rng.standard_normal(N))
    ]
