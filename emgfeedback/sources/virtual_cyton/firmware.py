"""What the processor of a Cyton does with the characters it receives, as firmware 3.1.2."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from emgfeedback.sources.virtual_cyton.faults import MOST_CHANNELS, N_CHANNELS, Faults

VERSION = "v3.1.2"
DAISY_LINE = "On Daisy ADS1299 Device ID: 0x3E\n"
BANNER = (
    "OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\n"
    f"LIS3DH Device ID: 0x33\nFirmware: {VERSION}\n$$$"
)
NOBODY_THERE = "Failure: Communications timeout - Device failed to poll Host$$$"
"""What the dongle answers for a board that is off."""

COMMAND_S = 1.0
"""Time in which a command of several characters has to be complete."""

GAINS = (1, 2, 4, 6, 8, 12, 24)
DEFAULT_SETTING = "060110"
LETTERS = "12345678QWERTYUI"
OFF_KEYS, ON_KEYS = "12345678qwertyui", "!@#$%^&*QWERTYUI"


class Firmware:
    """Obeys commands and answers them.

    ``settings`` holds the six digits of ``x`` for each of 16 channels, ``driven`` (16, 2) whether ``z``
    drives a current through its P and its N pin; ``gains`` and ``powered`` follow from the settings.
    """

    def __init__(self, daisy: bool = False, refused: str = "") -> None:
        self._daisy, self._refused = daisy, refused
        self._reset()

    def _reset(self) -> None:
        self.streaming = False
        self._partial = ""
        self._begun_s = 0.0
        self._set_defaults()

    def _set_defaults(self) -> None:
        self.settings = [DEFAULT_SETTING] * MOST_CHANNELS
        self.gains = np.full(MOST_CHANNELS, GAINS[-1])
        self.powered = np.full(MOST_CHANNELS, True)
        self.driven = np.zeros((MOST_CHANNELS, 2), dtype=bool)

    @property
    def between_commands(self) -> bool:
        """Whether the next character begins a command."""
        return not self._partial

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
                return BANNER.replace("LIS3DH", DAISY_LINE + "LIS3DH") if self._daisy else BANNER
            case "d":
                self._set_defaults()
                return "updating channel settings to default$$$"
            case "x":
                return self._set_channel(text)
            case "z":
                return self._drive(text)
            case "~":
                return self._refusal(text, _sample_rate(text))
            case "?":
                return self._registers()
            case key if key in OFF_KEYS + ON_KEYS:
                self.powered[(OFF_KEYS + ON_KEYS).index(key) % MOST_CHANNELS] = key in ON_KEYS
                return ""
        attached = "16$$$" if self._daisy else "no daisy to attach!8$$$"
        return {"V": f"{VERSION}$$$", "C": attached, "D": f"{DEFAULT_SETTING}$$$"}.get(text, "")

    def _refusal(self, text: str, reply: str | None) -> str | None:
        """Refuse a complete command where that is wanted."""
        if reply and text[0] in self._refused:
            return "Failure: refused$$$"
        return reply

    def _set_channel(self, text: str) -> str | None:
        reply = self._refusal(text, _checked(text, 9, "X", "Channel"))
        if reply and reply.startswith("Success"):
            channel = LETTERS.index(text[1])
            self.settings[channel] = text[2:-1]
            self.powered[channel] = text[2] == "0"
            self.gains[channel] = GAINS[int(text[3])]
        return reply

    def _drive(self, text: str) -> str | None:
        reply = self._refusal(text, _checked(text, 5, "Z", "Lead off"))
        if reply and reply.startswith("Success"):
            self.driven[LETTERS.index(text[1])] = [digit == "1" for digit in text[2:-1]]
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


class Answer(NamedTuple):
    """What is said after a character was obeyed, and whether that character reset the board."""

    text: str
    reset: bool = False


class Processor:
    """Gives characters to the firmware at the moments at which the board gets round to them."""

    def __init__(self, firmware: Firmware, faults: Faults) -> None:
        self._firmware, self._faults = firmware, faults
        self._unread: deque[str] = deque()
        self._banner = ""
        self._stops_s = self._boots_s = math.inf

    @property
    def busy_until_s(self) -> float:
        """Next moment at which something changes by itself; infinite if nothing does."""
        return min(self._stops_s, self._boots_s)

    def hear(self, text: str) -> None:
        """Receive characters; a board that boots does not hear them."""
        if self._boots_s == math.inf and not self._faults.silent:
            self._unread.extend(text)

    def answers(self, now_s: float) -> Iterator[Answer]:
        """Obey what can be obeyed by now, one character at a time."""
        if self._faults.off:
            if self._unread:
                self._unread.clear()
                yield Answer(NOBODY_THERE)
            return
        if now_s >= self._boots_s:
            self._boots_s = math.inf
            yield Answer(self._banner)
        while self._unread and not self._runs_on(self._unread[0], now_s):
            char = self._unread.popleft()
            was_reset = char == "v" and self._firmware.between_commands
            text = self._firmware.hear(char, now_s)
            if was_reset and self._faults.slow_reset_s:
                self._banner, text = text, ""
                self._boots_s = now_s + self._faults.slow_reset_s
                self._unread.clear()
            yield Answer(text, was_reset)
        yield Answer(self._firmware.expire(now_s))

    def _runs_on(self, char: str, now_s: float) -> bool:
        """Whether the board streams on for a while before it obeys this stop."""
        stops = char in "sv" and self._firmware.streaming and self._firmware.between_commands
        if not stops or not self._faults.slow_stop_s:
            return False
        if self._stops_s == math.inf:
            self._stops_s = now_s + self._faults.slow_stop_s
        if now_s < self._stops_s:
            return True
        self._stops_s = math.inf
        return False
