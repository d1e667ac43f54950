"""The test current in the signal: one known frequency beside mains, drift and muscle activity."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from emgfeedback.values import Floats

TONE_HZ = 2.048e6 / 2**16
"""The ADS1299 divides its own clock, so a cycle is a whole number of samples at any of its rates."""

RAILED_UV, RAILED_SHARE = 0.9 * 4.5e6, 0.1
"""A pin without contact may drift to the end of the range at gain 1, or hum from end to end."""

MAINS_HZ = (50.0, 60.0)
HARMONICS = 3
BLOCK_CYCLES, FEWEST_BLOCK_SAMPLES = 5, 40
MOST_LOST = 0.25
"""Blocks with more lost samples than this are left out."""
NOISE_UV = 0.5
"""Quieter than an ADS1299 at gain 1 can be: no block counts for more than such a one."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Amplitude of the test signal, infinite where the pin rails, and its 95 % error, infinite if unknown."""

    amplitude_uv: float
    error_uv: float


def find_tone(emg_uv: Floats, fs_hz: float) -> Tone:
    """Find the amplitude of 31.25 Hz beside mains, drift and bursts of muscle activity.

    Least squares in blocks of whole cycles: the tone, the mains and its harmonics, and a parabola. The
    tone's phase is that of the board's own clock, so the blocks' amplitudes add up as complex numbers, each
    weighted by the inverse of the power that its fit left over (Aitken 1936, doi
    10.1017/S0370164600014346): quiet moments count, bursts hardly do.

    Parameters
    ----------
    emg_uv : (n_samples,), µV
        At gain 1; NaN where samples were lost.
    """
    here = emg_uv[np.isfinite(emg_uv)]
    if len(here) and np.mean(np.abs(here) > RAILED_UV) > RAILED_SHARE:
        return Tone(math.inf, 0.0)
    size = len(_model(fs_hz))
    blocks = emg_uv[: len(emg_uv) // size * size].reshape(-1, size)
    whole = blocks[np.isfinite(blocks).mean(axis=1) >= 1 - MOST_LOST]
    if len(whole) < 2:
        return Tone(0.0, math.inf)
    fits = [_fit(block, fs_hz) for block in whole]
    tones_uv = np.array([tone_uv for tone_uv, _ in fits])
    left_uv2 = np.array([uv2 for _, uv2 in fits]) + NOISE_UV**2
    weights = 1 / left_uv2 / np.sum(1 / left_uv2)
    tone_uv = np.sum(weights * tones_uv)
    scatter_uv2 = np.sum(weights**2 * np.abs(tones_uv - tone_uv) ** 2) / max(1 - np.sum(weights**2), 1e-9)
    expected_uv2 = np.sum(weights**2 * left_uv2) * 4 / size
    return Tone(float(abs(tone_uv)), 2 * math.sqrt(max(scatter_uv2, expected_uv2) / 2))


def _fit(block: Floats, fs_hz: float) -> tuple[complex, float]:
    """Amplitude of the tone in a block, µV, and the mean power that the model does not explain, µV²."""
    here = np.isfinite(block)
    model, samples = _model(fs_hz)[here], block[here]
    terms = np.linalg.lstsq(model, samples, rcond=None)[0]
    left_uv2 = np.sum((samples - model @ terms) ** 2) / (len(samples) - model.shape[1])
    return complex(terms[0], -terms[1]), float(left_uv2)


@functools.cache
def _model(fs_hz: float) -> Floats:
    """Columns of one block: cosine and sine of the tone, of what mains leaves at this rate, a parabola.

    Blocks are of whole cycles, so the tone has the same phase in each.
    """
    cycle_samples = fs_hz / TONE_HZ
    cycles = max(BLOCK_CYCLES, math.ceil(FEWEST_BLOCK_SAMPLES / cycle_samples))
    size = round(cycles * cycle_samples)
    lines_hz = [TONE_HZ, *_mains_lines(fs_hz)]
    angles = 2 * np.pi * np.multiply.outer(np.arange(size) / fs_hz, lines_hz)
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(size, -1)
    return np.column_stack([waves, np.vander(np.linspace(-1, 1, size), 3)])


def _mains_lines(fs_hz: float) -> list[float]:
    """Where 50 and 60 Hz and their harmonics appear at this rate, each place once."""
    lines_hz = (mains_hz * k for mains_hz in MAINS_HZ for k in range(1, HARMONICS + 1))
    return sorted({abs(line_hz - fs_hz * round(line_hz / fs_hz)) for line_hz in lines_hz} - {0.0})
