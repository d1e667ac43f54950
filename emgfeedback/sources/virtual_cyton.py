"""A Cyton on a pseudo-terminal: what it says and sends is what firmware 3.1.2 would.

BrainFlow's own driver cannot tell it from a board. It shows neither the latency of USB nor radio noise.
"""

from __future__ import annotations

import importlib.util
import math
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt

from emgfeedback.errors import SourceError
from emgfeedback.values import COUNT_MAX, Counts

Feed = Callable[[int], Counts | None]
"""Called with the most rows wanted, it returns (n, 8) counts, no rows for "not yet", None at its end."""

N_CHANNELS = 8
PACKET_BYTES = 33
MOST_ROWS = 64
"""Rows asked of the feed at once: half of a pseudo-terminal's buffer."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.001, 0.05
COMMAND_S = 1.0
"""Time in which a command of several characters has to be complete."""

VERSION = "v3.1.2"
BANNER = (
    "OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\n"
    f"LIS3DH Device ID: 0x33\nFirmware: {VERSION}\n$$$"
)
GAINS = (1, 2, 4, 6, 8, 12, 24)
LETTERS = "12345678QWERTYUI"
OFF_KEYS, ON_KEYS = "12345678", "!@#$%^&*"


def available() -> bool:
    """Whether this system has pseudo-terminals; Windows has none."""
    return hasattr(os, "openpty") and importlib.util.find_spec("termios") is not None


class Firmware:
    """What the processor of the board does with the characters it receives."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.streaming = False
        self._partial = ""
        self._begun_s = 0.0
        self._set_defaults()

    def _set_defaults(self) -> None:
        self.gains = np.full(len(LETTERS), GAINS[-1])
        self.powered = np.full(len(LETTERS), True)

    def hear(self, char: str, now_s: float) -> str:
        """Obey one character and return the reply; the board keeps silent while it streams."""
        if not self._partial:
            self._begun_s = now_s
        self._partial += char
        reply = self._obey(self._partial)
        if reply is None:
            return ""
        self._partial = ""
        return "" if self.streaming else reply

    def expire(self, now_s: float) -> str:
        """Give up a command that was begun and not finished within a second."""
        if not self._partial or now_s - self._begun_s < COMMAND_S:
            return ""
        self._partial = ""
        return "Timeout processing multi byte message - please send all commands at once as of v2$$$"

    def _obey(self, text: str) -> str | None:
        """Reply to a command, or None as long as characters are missing."""
        match text[0]:
            case "b" | "s":
                self.streaming = text == "b"
                return ""
            case "v":
                self._reset()
                return BANNER
            case "d":
                self._set_defaults()
                return "updating channel settings to default$$$"
            case "x":
                return self._set_channel(text)
            case "z":
                return _checked(text, 5, "Z", "Lead off")
            case "~":
                return _sample_rate(text)
            case "?":
                return self._registers()
            case key if key in OFF_KEYS + ON_KEYS:
                self.powered[(OFF_KEYS + ON_KEYS).index(key) % N_CHANNELS] = key in ON_KEYS
                return ""
        return {"V": f"{VERSION}$$$", "C": "no daisy to attach!8$$$", "D": "060110$$$"}.get(text, "")

    def _set_channel(self, text: str) -> str | None:
        reply = _checked(text, 9, "X", "Channel")
        if reply and reply.startswith("Success"):
            channel = LETTERS.index(text[1])
            self.powered[channel] = text[2] == "0"
            self.gains[channel] = GAINS[int(text[3])]
        return reply

    def _registers(self) -> str:
        lines = ["", "Board ADS Registers", "ADS_ID, 00, 3E"]
        for i in range(N_CHANNELS):
            code = GAINS.index(self.gains[i]) << 4 | (not self.powered[i]) << 7
            lines.append(f"CH{i + 1}SET, {5 + i:02X}, {code:02X}")
        return "\n".join(lines) + "\n$$$"


def _checked(text: str, length: int, latch: str, what: str) -> str | None:
    """Judge a command of ``length`` characters that ends with ``latch`` as the firmware does."""
    if len(text) < length:
        return "Failure: too few chars$$$" if text[-1] == latch else None
    if text[-1] != latch:
        return f"Failure: {length}th char not {latch}$$$"
    channel, digits = LETTERS.find(text[1]) + 1, text[2:-1]
    if not channel or not all("0" <= digit <= "7" for digit in digits) or (latch == "X" and digits[1] == "7"):
        return "Failure: Err: too many chars$$$"
    return f"Success: {what} set for {channel}$$$"


def _sample_rate(text: str) -> str | None:
    """Answer ``~n``: without a WiFi shield any rate is accepted, and 250 Hz is what comes."""
    if len(text) == 1:
        return None
    if text[1] == "~":
        return "Sample rate is 250Hz$$$"
    if text[1] not in "0123456":
        return "Failure: sample value out of bounds$$$"
    return f"Success: Sample rate is {16000 >> int(text[1])}Hz$$$"


def encode_packets(first_number: int, counts: Counts) -> npt.NDArray[np.uint8]:
    """Lay (n, 8) counts out as (n, 33) bytes: A0, number, 8 × int24 big endian, 6 bytes aux, C0.

    The accelerometer comes in every tenth packet and says that the board lies still (1 g = 8000).
    """
    packets = np.zeros((len(counts), PACKET_BYTES), np.uint8)
    packets[:, 0], packets[:, -1] = 0xA0, 0xC0
    packets[:, 1] = (first_number + np.arange(len(counts))) % 256
    words = counts.astype(">i4").view(np.uint8).reshape(-1, N_CHANNELS, 4)
    packets[:, 2:26] = words[:, :, 1:].reshape(-1, 3 * N_CHANNELS)
    packets[packets[:, 1] % 10 == 0, 30:32] = divmod(8000, 256)
    return packets


class VirtualCyton:
    """A board that streams what a feed gives, from ``b`` on, to whoever opens `port`.

    Parameters
    ----------
    next_counts : Feed
        Counts as at a gain of 24; at another gain, or switched off, a channel sends what that makes of them.
    fs_hz : float
        Packets per second, on an absolute schedule: it does not drift.
    speed : float
        Times faster than real time; ``math.inf`` as fast as the reader drains.
    drop : callable, optional
        Whether to lose the packet of this index (from 0 at ``b``).
    firmware : Firmware, optional
        Another answer to commands.

    Raises
    ------
    SourceError
        Where there is no pseudo-terminal.
    """

    def __init__(
        self,
        next_counts: Feed,
        fs_hz: float = 250.0,
        speed: float = 1.0,
        drop: Callable[[int], bool] | None = None,
        firmware: Firmware | None = None,
    ) -> None:
        if not available():
            raise SourceError("this system has no pseudo-terminal for a virtual Cyton; use --source patient:")
        import tty

        self.firmware = firmware or Firmware()
        self.ended = threading.Event()
        """Set when the feed is at its end, or the board is closed."""
        self._next_counts = next_counts
        self._rate_hz = fs_hz * speed
        self._drop = drop
        self._board_end, host_end = os.openpty()
        tty.setraw(host_end)
        os.set_blocking(self._board_end, False)
        self.port: str = os.ttyname(host_end)
        os.close(host_end)
        self._outgoing = bytearray()
        self._started_s = 0.0
        self._position = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="virtual Cyton", daemon=True)

    def start(self) -> Self:
        """Switch the board on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Pull the plug: the port vanishes."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        os.close(self._board_end)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._exchange()
        finally:
            self.ended.set()

    def _exchange(self) -> None:
        """Wait for a character, for room to write, or for the next packet to fall due, and see to it."""
        writing = [self._board_end] if self._outgoing else []
        readable, writable, _ = select.select([self._board_end], writing, [], self._wait_s())
        try:
            if readable:
                for char in os.read(self._board_end, 4096).decode("latin-1"):
                    self._hear(char)
            if writable and self._outgoing:
                del self._outgoing[: os.write(self._board_end, self._outgoing)]
        except OSError:
            self._talk_to_nobody()
        self._outgoing += self.firmware.expire(time.monotonic()).encode()
        if self.firmware.streaming and not self._outgoing and not self.ended.is_set():
            self._stream()

    def _wait_s(self) -> float:
        if self._outgoing or not self.firmware.streaming or self.ended.is_set():
            return LONGEST_WAIT_S
        next_due_s = self._started_s + (self._position + 1) / self._rate_hz
        return min(max(next_due_s - time.monotonic(), SHORTEST_WAIT_S), LONGEST_WAIT_S)

    def _hear(self, char: str) -> None:
        was_streaming = self.firmware.streaming
        reply = self.firmware.hear(char, time.monotonic())
        if char == "v":
            self._outgoing.clear()
        if self.firmware.streaming and not was_streaming:
            self._started_s, self._position = time.monotonic(), 0
        self._outgoing += reply.encode()

    def _talk_to_nobody(self) -> None:
        """Lose what was not read and what is sent while no host has the port open, as a serial line does."""
        import termios

        self._outgoing.clear()
        host_end = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        termios.tcflush(host_end, termios.TCIFLUSH)
        os.close(host_end)
        self._closing.wait(LONGEST_WAIT_S)

    def _stream(self) -> None:
        due = (time.monotonic() - self._started_s) * self._rate_hz - self._position
        wanted = MOST_ROWS if math.isinf(due) else min(int(due), MOST_ROWS)
        if wanted < 1:
            return
        counts = self._next_counts(wanted)
        if counts is None:
            self.ended.set()
            return
        packets = encode_packets(self._position, self._as_set(counts))
        if self._drop is not None:
            lost = [self._drop(self._position + row) for row in range(len(packets))]
            packets = packets[~np.array(lost, dtype=bool)]
        self._position += len(counts)
        self._outgoing += packets.tobytes()

    def _as_set(self, counts: Counts) -> Counts:
        """Apply the gain and the switch of every channel."""
        gains = self.firmware.gains[:N_CHANNELS] * self.firmware.powered[:N_CHANNELS]
        scaled: Counts = np.clip(np.rint(counts * (gains / GAINS[-1])), -COUNT_MAX - 1, COUNT_MAX).astype(
            np.int32
        )
        return scaled
