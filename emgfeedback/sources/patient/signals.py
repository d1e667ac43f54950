"""The endless stream of all ingredients, cut to any size that is asked for."""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.sources.patient.body import MUSCLES, Body
from emgfeedback.sources.patient.emg import BLOCK, EmgNoise
from emgfeedback.sources.patient.tissue import Tissue
from emgfeedback.values import Floats


class Signals:
    """EMG at full effort, background and loose electrode, made in whole blocks and kept until taken."""

    def __init__(self, fs_hz: float, n_channels: int, body: Body, detached: str, seed: int) -> None:
        emg, tissue = np.random.SeedSequence(seed).spawn(2)
        self._emg = EmgNoise(fs_hz, body, np.random.default_rng(emg))
        self._tissue = Tissue(fs_hz, n_channels, body, tissue)
        self._detached = detached
        self._amplitude_uv = np.array(body.amplitude_uv)
        self._rows = np.empty((0, len(MUSCLES) + n_channels + 1))

    def take(self, n: int) -> tuple[Floats, Floats, Floats]:
        """Return the next n rows, in µV: EMG (n, 3), background (n, n_channels), loose electrode (n,).

        They are the caller's to change.
        """
        blocks = [self._block() for _ in range(math.ceil((n - len(self._rows)) / BLOCK))]
        rows = np.concatenate([self._rows, *blocks]) if blocks else self._rows
        self._rows = rows[n:]
        emg, background = np.split(rows[:n, :-1], [len(MUSCLES)], axis=1)
        return emg, background, rows[:n, -1]

    def _block(self) -> Floats:
        background, loose = self._tissue.block(self._detached)
        return np.column_stack([self._emg.block() * self._amplitude_uv, background, loose])
