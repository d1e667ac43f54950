"""The way of a packet from the board to the port: what the radio loses and damages, and when it arrives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emgfeedback.sources.virtual_cyton.faults import Fate, Faults

FOOTERS = range(0xC0, 0xC7)
LOSS, GARBAGE, JITTER, DAMAGE = range(4)
"""Streams of chance that do not disturb each other."""


class Parcel(NamedTuple):
    """A packet on its way, lost if it has no data; times are seconds of streaming since the first ``b``."""

    packet: int
    number: int
    due_s: float
    arrives_s: float
    data: bytes
    fate: Fate


class Line:
    """Radio, dongle and USB; equal seeds give equal fates, however many packets are sent at once."""

    def __init__(self, faults: Faults, rate_hz: float, drop: Callable[[int], bool] | None) -> None:
        self._faults, self._rate_hz, self._drop = faults, rate_hz, drop
        self._loss, self._garbage, self._jitter = (
            np.random.default_rng([faults.seed, stream]) for stream in (LOSS, GARBAGE, JITTER)
        )
        self._losing_until = 0
        self._stalled_until = 0
        self._late = False
        self._delivery_s = self._arrives_s = -math.inf

    @property
    def stalled_until(self) -> int:
        """The first packet after the stall."""
        return self._stalled_until

    def lose(self, first: int, n: int) -> None:
        """Lose n packets from ``first`` on."""
        self._losing_until = max(self._losing_until, first + n)

    def stall(self, first: int, n: int, late: bool) -> None:
        """Hold n packets back from ``first`` on; they come at once when it is over, or never."""
        self._stalled_until, self._late = max(self._stalled_until, first + n), late

    def carry(self, first: int, packets: npt.NDArray[np.uint8]) -> list[Parcel]:
        """Decide the fate of these packets; ``first`` is the index of the first of them."""
        lost = self._loss.random(len(packets)) < self._faults.loss_pct / 100
        broken = self._garbage.random(len(packets)) < self._faults.garbage_pct / 100
        return [
            self._carry_one(first + row, packet.tobytes(), bool(lost[row]), bool(broken[row]))
            for row, packet in enumerate(packets)
        ]

    def _carry_one(self, packet: int, data: bytes, lost: bool, broken: bool) -> Parcel:
        stalled = packet < self._stalled_until
        due_s, arrives_s, number = (packet + 1) / self._rate_hz, self._arrival_s(packet), data[1]
        lost = lost or packet < self._losing_until or (stalled and not self._late)
        if lost or (self._drop is not None and self._drop(packet)):
            return Parcel(packet, number, due_s, arrives_s, b"", Fate.LOST)
        fate = Fate.DELAYED if stalled else Fate.SENT
        if broken:
            rng = np.random.default_rng([self._faults.seed, DAMAGE, packet])
            kind = self._faults.garbage_kinds[rng.integers(len(self._faults.garbage_kinds))]
            data, fate = damaged(kind, data, rng), Fate[kind.upper()]
        return Parcel(packet, number, due_s, arrives_s, data, fate)

    def _arrival_s(self, packet: int) -> float:
        """Moment at which a packet arrives: after the stall, with its batch, later by the jitter."""
        due_s = (packet + 1) / self._rate_hz
        if packet < self._stalled_until and self._late:
            due_s = max(due_s, self._stalled_until / self._rate_hz)
        if self._faults.batch_s:
            due_s = math.ceil(due_s / self._faults.batch_s - 1e-9) * self._faults.batch_s
        if due_s > self._delivery_s:
            self._delivery_s = due_s
            late_s = self._faults.jitter_s * self._jitter.random() if self._faults.jitter_s else 0.0
            self._arrives_s = max(self._arrives_s, due_s + late_s)
        return self._arrives_s


def damaged(kind: str, data: bytes, rng: np.random.Generator) -> bytes:
    """Damage a packet in one of the ways of `GARBAGE`."""
    if kind == "cut":
        return data[: rng.integers(1, len(data))]
    if kind == "junk":
        return rng.integers(0, 256, rng.integers(1, len(data)), dtype=np.uint8).tobytes() + data
    changed = bytearray(data)
    if kind == "footer":
        wrong = [byte for byte in range(256) if byte not in FOOTERS]
        changed[-1] = wrong[rng.integers(len(wrong))]
    else:
        changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(changed)
