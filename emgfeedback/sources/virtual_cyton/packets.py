"""A packet of the Cyton, and its accelerometer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.sources.virtual_cyton.faults import N_CHANNELS
from emgfeedback.values import Counts

AccelFeed = Callable[[int], npt.NDArray[np.signedinteger[Any]] | None]
"""Called with a number of updates n, it returns (n, 3) accelerometer counts of 0.000125 g, 25 a second.

Fewer rows, or None, leave the remaining packets without a new value.
"""

PACKET_BYTES = 33
PACKETS_PER_ACCEL = 10
"""The accelerometer has 25 values a second for 250 packets."""

G_COUNTS = 8000
TILT_G, SWAY_G, SWAY_HZ = (0.06, -0.08, 0.99), (0.02, 0.03, 0.004), (0.21, 0.13, 0.34)


def encode_packets(
    first_number: int, counts: Counts, accel: npt.NDArray[np.int16] | None = None
) -> npt.NDArray[np.uint8]:
    """Lay (n, 8) counts out as (n, 33) bytes: A0, number, 8 × int24 big endian, 3 × int16 big endian, C0.

    ``accel`` is (n, 3), zeros where there is no new value; without it there is never one.
    """
    packets = np.zeros((len(counts), PACKET_BYTES), np.uint8)
    packets[:, 0], packets[:, -1] = 0xA0, 0xC0
    packets[:, 1] = (first_number + np.arange(len(counts))) % 256
    words = counts.astype(">i4").view(np.uint8).reshape(-1, N_CHANNELS, 4)
    packets[:, 2:26] = words[:, :, 1:].reshape(-1, 3 * N_CHANNELS)
    if accel is not None:
        packets[:, 26:32] = accel.astype(">i2").view(np.uint8).reshape(-1, 6)
    return packets


def alternate(rows: Counts) -> Counts:
    """Rows of 16 channels as twice as many of 8: channels 9-16 first, for the even sample numbers."""
    return np.stack([rows[:, N_CHANNELS:], rows[:, :N_CHANNELS]], axis=1).reshape(-1, N_CHANNELS)


class Accelerometer:
    """Hands out the values that fall due, each once: (n, 3) for n packets, zeros between its updates."""

    def __init__(self, next_accel: AccelFeed | None) -> None:
        self._next_accel = next_accel or _lying_still()

    def take(self, first_packet: int, n: int) -> npt.NDArray[np.int16]:
        """Values for the packets from ``first_packet`` on."""
        accel = np.zeros((n, 3), np.int16)
        due = np.flatnonzero((first_packet + np.arange(n)) % PACKETS_PER_ACCEL == 0)
        values = self._next_accel(len(due)) if len(due) else None
        if values is not None:
            accel[due[: len(values)]] = values
        return accel


def _lying_still() -> AccelFeed:
    """A board on a body that breathes and sways a little; its length stays near 1 g."""
    position = 0

    def next_accel(n: int) -> npt.NDArray[np.int16]:
        nonlocal position
        time_s = (position + np.arange(n))[:, np.newaxis] / 25.0
        position += n
        accel_g = np.array(TILT_G) + np.array(SWAY_G) * np.sin(2 * np.pi * np.array(SWAY_HZ) * time_s)
        counts: npt.NDArray[np.int16] = np.rint(accel_g * G_COUNTS).astype(np.int16)
        return counts

    return next_accel
