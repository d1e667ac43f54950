"""The virtual board as others see it: a port, a thread, and what an operator can do to it."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from emgfeedback.errors import UsageError
from emgfeedback.sources.virtual_cyton.faults import Faults
from emgfeedback.sources.virtual_cyton.firmware import Firmware
from emgfeedback.sources.virtual_cyton.machine import LONGEST_WAIT_S, SHORTEST_WAIT_S, Feed, Machine
from emgfeedback.sources.virtual_cyton.packets import AccelFeed


class VirtualCyton:
    """A board that streams what a feed gives, from ``b`` on, to whoever opens `port`.

    Parameters
    ----------
    next_counts : Feed
        Counts as at a gain of 24; at another gain, or switched off, a channel sends what that makes of them.
        With a Daisy, rows of 16 (8 are filled up with zeros), half as many a second.
    fs_hz : float
        Packets per second, on an absolute schedule: it does not drift, but for the fault of that name.
    speed : float
        Times faster than real time; ``math.inf`` as fast as the reader drains.
    drop : callable, optional
        Whether to lose the packet of this index (from 0 at the first ``b``).
    firmware : Firmware, optional
        Another answer to commands.
    faults : Faults, optional
        What goes wrong, and when; none by default.
    link : Path, optional
        A symbolic link to the port, for a name that stays when the port vanishes and returns.
    truth_file : Path, optional
        Where the fate of every packet is written, as lines of JSON.
    next_accel : callable, optional
        Values of the accelerometer; by default those of a board that lies still.
    tell : callable, optional
        Called with a sentence when something happens, on the thread of the board.

    Raises
    ------
    SourceError
        Where there is no pseudo-terminal.
    UsageError
        A link or truth file that cannot be made.
    """

    def __init__(
        self,
        next_counts: Feed,
        fs_hz: float = 250.0,
        speed: float = 1.0,
        drop: Callable[[int], bool] | None = None,
        firmware: Firmware | None = None,
        *,
        faults: Faults | None = None,
        link: Path | None = None,
        truth_file: Path | None = None,
        next_accel: AccelFeed | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.firmware = firmware or Firmware(self.faults.daisy, self.faults.refused)
        self.ended = threading.Event()
        """Set when the feed is at its end and all of it is sent, or the board is closed."""
        self._fs_hz, self._link = fs_hz, link
        self._machine = Machine(
            (next_counts, next_accel),
            (fs_hz, speed),
            self.faults,
            self.firmware,
            drop,
            (link, truth_file),
            tell,
        )
        self._asked: deque[tuple[Callable[[], None], threading.Event]] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="virtual Cyton", daemon=True)

    @property
    def device(self) -> str:
        """The pseudo-terminal that is the port now, or was before it was unplugged."""
        return self._machine.port.device

    @property
    def port(self) -> str:
        """What a reader opens: the link if there is one, else the pseudo-terminal."""
        return str(self._link or self._machine.port.device)

    @property
    def plugged(self) -> bool:
        """Whether there is a port."""
        return self._machine.port.plugged

    @property
    def sampled(self) -> int:
        """Packets sampled since the first ``b``."""
        return self._machine.n_sampled

    @property
    def fates(self) -> npt.NDArray[np.uint8]:
        """What became of each packet sampled since the first ``b``: codes of `Fate`."""
        return self._machine.truth.fates

    def start(self) -> Self:
        """Switch the board on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Switch off for good: the port vanishes."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread.is_alive():
            self._machine.port.ring()
            self._thread.join()
        self._machine.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def unplug(self) -> None:
        """Pull the dongle out: the port is gone when this returns. The board streams on, unheard."""
        self._ask(self._machine.unplug)

    def plug_in(self) -> None:
        """Put the dongle back: there is a new port, behind the same link, when this returns."""
        self._ask(self._machine.plug_in)

    def stall(self, seconds: float, late: bool = True) -> None:
        """Send nothing for a time of streaming; then all of it at once, or never."""
        if not 0.0 < seconds < math.inf:
            raise UsageError(f"virtual Cyton: a stall of {seconds:g} s; write a time above 0")
        self._ask(lambda: self._machine.stall(round(seconds * self._fs_hz), late))

    def detach(self, channel: int) -> None:
        """Let the P electrode of a channel (1-16) fall off."""
        self._change(channel, "lead-off")

    def rail(self, channel: int) -> None:
        """Drive a channel (1-16) to the end of its range."""
        self._change(channel, "railed")

    def attach(self, channel: int) -> None:
        """Put a channel (1-16) right again."""
        self._change(channel, "attached")

    def drained(self, patience_s: float) -> bool:
        """Wait until the reader has read all that was written; tell whether it did within this time."""
        end_s = time.monotonic() + patience_s
        while self.plugged and self._machine.port.unread():
            if time.monotonic() > end_s:
                return False
            self._closing.wait(SHORTEST_WAIT_S)
        return True

    def _ask(self, act: Callable[[], None]) -> None:
        """Have something done on the thread of the board, and wait until it is."""
        if not self._thread.is_alive() or threading.current_thread() is self._thread:
            act()
            return
        done = threading.Event()
        self._asked.append((act, done))
        self._machine.port.ring()
        while not done.wait(LONGEST_WAIT_S) and self._thread.is_alive():
            pass

    def _change(self, channel: int, kind: str) -> None:
        if not 1 <= channel <= self.faults.n_channels:
            raise UsageError(
                f"virtual Cyton: there is no channel {channel}; write 1 to {self.faults.n_channels}"
            )
        self._ask(lambda: self._machine.change_channel(channel, kind))

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._machine.exchange(self._do_what_was_asked)
                if self._machine.finished:
                    self.ended.set()
        finally:
            self.ended.set()

    def _do_what_was_asked(self) -> None:
        while self._asked:
            act, done = self._asked.popleft()
            act()
            done.set()
