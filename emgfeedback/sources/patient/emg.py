"""EMG of known spectrum, as a board with a sinc³ decimation filter records it."""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.sources.patient.body import MUSCLES, Body
from emgfeedback.values import Floats

BLOCK = 256
"""Samples made at a time, on the absolute grid: the size of a request cannot matter."""

MASTER_HZ = 4000.0


def emg_power(f_hz: Floats, low_hz: float, high_hz: float) -> Floats:
    """Power spectrum of surface EMG, shape only: fh⁴ f² / ((f² + fl²)(f² + fh²)²).

    The model of Stulen & De Luca 1981, 10.1109/TBME.1981.324738.
    """
    square = f_hz**2
    return high_hz**4 * square / ((square + low_hz**2) * (square + high_hz**2) ** 2)


def sinc3_taps(ratio: int) -> Floats:
    """Third-order sinc decimation filter (3 · ratio,) of a delta-sigma converter, with gain 1 at 0 Hz.

    |sinc(f/fs)|³ at the output rate fs: zero at fs and its multiples, −3 dB at 0.262 fs (ADS1299 data
    sheet). The first two taps are 0.
    """
    box = np.full(ratio, 1.0 / ratio)
    return np.concatenate([np.zeros(2), np.convolve(np.convolve(box, box), box)])


class EmgNoise:
    """Gaussian noise with the spectrum of each muscle's EMG, of unit RMS in the recording.

    Made at a whole multiple of the output rate (4 kHz or more, and at least 8 times), then decimated.
    """

    def __init__(self, fs_hz: float, body: Body, rng: np.random.Generator) -> None:
        self._rng = rng
        self._ratio = max(8, math.ceil(MASTER_HZ / fs_hz))
        taps = sinc3_taps(self._ratio) if body.sinc3 else np.eye(1, 3 * self._ratio)[0]
        self._columns = [
            _Column(low, high, fs_hz * self._ratio, taps)
            for low, high in zip(body.low_hz, body.high_hz, strict=True)
        ]
        self.block()  # the filters settle on samples nobody sees

    def block(self) -> Floats:
        """Return the next (BLOCK, 3) samples."""
        white = self._rng.standard_normal((len(MUSCLES), BLOCK, self._ratio))
        return np.stack(
            [column.push(rows) for column, rows in zip(self._columns, white, strict=True)], axis=1
        )


class _Column:
    """One muscle: white noise at the master rate in, unit RMS at the output rate out."""

    def __init__(self, low_hz: float, high_hz: float, master_hz: float, taps: Floats) -> None:
        from scipy import signal

        poles = [-2.0 * math.pi * f_hz for f_hz in (low_hz, high_hz, high_hz)]
        self._sections = signal.zpk2sos(*signal.bilinear_zpk([0.0], poles, 1.0, master_hz))
        self._state = np.zeros((len(self._sections), 2))
        impulse = np.eye(1, round(master_hz / 2))[0]
        response = np.convolve(signal.sosfilt(self._sections, impulse), taps)
        self._taps = taps[::-1].reshape(3, -1) / np.linalg.norm(response)
        self._tail = np.zeros((2, self._taps.shape[1]))

    def push(self, white: Floats) -> Floats:
        """Shape and decimate (n, ratio) samples of the master rate to (n,)."""
        from scipy import signal

        shaped, self._state = signal.sosfilt(self._sections, white.ravel(), zi=self._state)
        rows = np.concatenate([self._tail, shaped.reshape(white.shape)])
        self._tail = rows[-2:]
        old, middle, new = self._taps
        decimated: Floats = rows[:-2] @ old + rows[1:-1] @ middle + rows[2:] @ new
        return decimated
