"""What is on its way to the reader: packets until they arrive, and bytes until the port has room."""

from __future__ import annotations

import math
from collections import deque

from emgfeedback.sources.virtual_cyton.line import Parcel
from emgfeedback.sources.virtual_cyton.port import Port


class Schedule:
    """Turns packets into moments: absolute, so that nothing drifts."""

    def __init__(self, rate_hz: float, speed: float) -> None:
        self._rate_hz, self._speed = rate_hz, speed
        self._started_s, self.first_packet = 0.0, 0

    def start(self, packet: int, now_s: float) -> None:
        """Streaming begins, or begins again, with this packet."""
        self._started_s, self.first_packet = now_s, packet

    def moment_s(self, stream_s: float) -> float:
        """Moment on the monotonic clock of so many seconds of streaming."""
        return self._started_s + (stream_s - self.first_packet / self._rate_hz) / self._speed

    def stream_s(self, now_s: float) -> float:
        """Seconds of streaming at this moment."""
        if math.isinf(self._speed):
            return math.inf
        return (now_s - self._started_s) * self._speed + self.first_packet / self._rate_hz

    def packets(self, now_s: float) -> float:
        """Packets that are due by now, counted from the first ``b``."""
        return self.stream_s(now_s) * self._rate_hz


class Outbox:
    """Packets in the order in which they arrive, and replies in between."""

    def __init__(self) -> None:
        self._held: deque[Parcel] = deque()
        self._bytes = bytearray()
        self._ends: deque[tuple[int, Parcel]] = deque()
        self._n_queued = self._n_written = 0

    @property
    def waiting(self) -> bool:
        """Whether there are bytes for which the port had no room yet."""
        return bool(self._bytes)

    @property
    def arrives_s(self) -> float:
        """When the next packet that is held arrives, in seconds of streaming; infinite if none is."""
        return self._held[0].arrives_s if self._held else math.inf

    def hold(self, parcel: Parcel) -> None:
        """Keep a packet until it arrives."""
        self._held.append(parcel)

    def release(self, stream_s: float) -> None:
        """Queue the packets that have arrived by now."""
        while self._held and self._held[0].arrives_s <= stream_s:
            parcel = self._held.popleft()
            self._queue(parcel.data)
            self._ends.append((self._n_queued, parcel))

    def say(self, text: str) -> None:
        """Queue an answer."""
        self._queue(text.encode())

    def write(self, port: Port) -> list[Parcel]:
        """Write what there is room for; returns the packets that are now written as a whole."""
        n_bytes = port.write(self._bytes)
        del self._bytes[:n_bytes]
        self._n_written += n_bytes
        written = []
        while self._ends and self._ends[0][0] <= self._n_written:
            written.append(self._ends.popleft()[1])
        return written

    def clear(self, held: bool = True) -> list[Parcel]:
        """Forget the bytes, and what is ``held`` too; returns the packets that are lost by that."""
        lost = [parcel for _, parcel in self._ends]
        self._ends.clear()
        self._bytes.clear()
        self._n_queued = self._n_written
        if held:
            lost += self._held
            self._held.clear()
        return lost

    def _queue(self, data: bytes) -> None:
        self._bytes += data
        self._n_queued += len(data)
