"""From electrodes to counts: gain and switch of each channel, the lead-off current, and what breaks there."""

from __future__ import annotations

import numpy as np

from emgfeedback.sources.virtual_cyton.faults import MOST_CHANNELS, Faults
from emgfeedback.sources.virtual_cyton.firmware import GAINS, Firmware
from emgfeedback.values import COUNT_MAX, Counts, Floats

DRIVE_A, DRIVE_HZ = 6e-9, 2.048e6 / 2**16
"""The ADS1299 of a Cyton drives 6 nA at 31.25 Hz (firmware 3.1.2)."""

SERIES_OHM = 2200.0
"""Resistor between each pin and the converter."""

OPEN_OHM = 1e9
LOOSE_MAINS_UV = 2000.0
COUNTS_PER_UV = COUNT_MAX * GAINS[-1] / 4.5e6


class FrontEnd:
    """The analogue side of the board.

    ``states`` says what is wrong with each of 16 channels: "", "railed", "flat" or "lead-off" (its P
    electrode hangs loose: mains instead of the muscle, and no way for the current).
    """

    def __init__(self, faults: Faults, firmware: Firmware, rows_hz: float) -> None:
        self.states = [""] * MOST_CHANNELS
        self._n_channels, self._mains_hz, self._rows_hz = faults.n_channels, faults.mains_hz, rows_hz
        self._firmware = firmware
        self._ohm = np.zeros((MOST_CHANNELS, 2))
        for one in faults.resistors:
            self._ohm[one.channel - 1] = one.p_ohm, one.n_ohm

    def convert(self, first_row: int, counts: Counts) -> Counts:
        """What the converters make of (n, 8 or 16) counts as at a gain of 24; missing channels are zero."""
        signal = np.zeros((len(counts), self._n_channels))
        signal[:, : counts.shape[1]] = counts[:, : self._n_channels]
        time_s = (first_row + np.arange(len(counts))) / self._rows_hz
        for channel in range(self._n_channels):
            if self.states[channel] == "lead-off":
                signal[:, channel] = COUNTS_PER_UV * LOOSE_MAINS_UV * _sine(self._mains_hz, time_s)
            if self._firmware.driven[channel].any():
                signal[:, channel] += COUNTS_PER_UV * self._drive_uv(channel) * _sine(DRIVE_HZ, time_s)
        gains = (self._firmware.gains / GAINS[-1])[: self._n_channels]
        converted = np.clip(np.rint(signal * gains), -COUNT_MAX - 1, COUNT_MAX)
        for channel, state in enumerate(self.states[: self._n_channels]):
            if state in ("railed", "flat"):
                converted[:, channel] = COUNT_MAX if state == "railed" else 0
        converted[:, ~self._firmware.powered[: self._n_channels]] = 0
        return converted.astype(np.int32)

    def _drive_uv(self, channel: int) -> float:
        """Amplitude of the lead-off signal: current times the resistance of the pins it flows through."""
        ohm = self._ohm[channel] + SERIES_OHM
        if self.states[channel] == "lead-off":
            ohm[0] = OPEN_OHM
        return float(DRIVE_A * 1e6 * ohm[self._firmware.driven[channel]].sum())


def _sine(frequency_hz: float, time_s: Floats) -> Floats:
    wave: Floats = np.sin(2 * np.pi * frequency_hz * time_s)
    return wave
