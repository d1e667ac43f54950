"""The port: a pseudo-terminal that can vanish, and return behind the same link."""

from __future__ import annotations

import importlib.util
import os
import select
from pathlib import Path

from emgfeedback.errors import SourceError, UsageError


def available() -> bool:
    """Whether this system has pseudo-terminals; Windows has none."""
    return hasattr(os, "openpty") and importlib.util.find_spec("termios") is not None


class Port:
    """The board's end of a pseudo-terminal; ``device`` is the other, ``link`` a name for it that stays.

    Raises
    ------
    SourceError
        Where there is no pseudo-terminal.
    UsageError
        A link that cannot be made.
    """

    def __init__(self, link: Path | None) -> None:
        if not available():
            raise SourceError("this system has no pseudo-terminal for a virtual Cyton; use --source patient:")
        if link is not None and link.exists() and not link.is_symlink():
            raise UsageError(f"link {link}: something else has this name; choose another")
        self.device = ""
        self._link = link
        self._board_end: int | None = None
        self._husks: list[int] = []
        self._bell, self._bell_rope = os.pipe()
        os.set_blocking(self._bell, False)
        try:
            self.plug_in()
        except OSError as error:
            self.close()
            raise UsageError(
                f"link {link}: cannot be made ({error.strerror}); name a path in an existing folder"
            ) from None

    @property
    def plugged(self) -> bool:
        """Whether there is a port."""
        return self._board_end is not None

    def plug_in(self) -> None:
        """Make a port appear."""
        import tty

        board_end, host_end = os.openpty()
        tty.setraw(host_end)
        os.set_blocking(board_end, False)
        self.device = os.ttyname(host_end)
        os.close(host_end)
        try:
            self._show_link()
        except OSError:
            os.close(board_end)
            raise
        self._board_end = board_end

    def _show_link(self) -> None:
        if self._link:
            draft = self._link.with_name(f".{self._link.name}.{os.getpid()}")
            draft.symlink_to(self.device)
            draft.replace(self._link)

    def unplug(self) -> None:
        """Make the port vanish.

        Its number stays taken until the end, so that no other port can be mistaken for it.
        """
        if self._board_end is None:
            return
        board_end, self._board_end = self._board_end, None
        if self._link and self._link.is_symlink() and os.readlink(self._link) == self.device:
            self._link.unlink()
        self._husks.append(os.open(self.device, os.O_RDWR | os.O_NOCTTY))
        os.close(board_end)

    def close(self) -> None:
        """Vanish for good."""
        self.unplug()
        for end in (*self._husks, self._bell, self._bell_rope):
            os.close(end)

    def wait(self, seconds: float, writing: bool) -> tuple[bool, bool]:
        """Wait for something to read, for room to write if asked, or for the bell; tell the first two."""
        ends = [] if self._board_end is None else [self._board_end]
        readable, writable, _ = select.select([self._bell, *ends], ends if writing else [], [], seconds)
        if self._bell in readable:
            os.read(self._bell, 4096)
        return self._board_end in readable, bool(writable)

    def pause(self, seconds: float) -> None:
        """Wait for the bell only; it goes on ringing."""
        select.select([self._bell], [], [], seconds)

    def ring(self) -> None:
        """End the wait; from any thread."""
        os.write(self._bell_rope, b"!")

    def read(self) -> str:
        """Characters the host wrote; OSError when nobody has the port open."""
        return os.read(self._end(), 4096).decode("latin-1")

    def write(self, data: bytearray) -> int:
        """Write what there is room for, and return how much that was."""
        return os.write(self._end(), data)

    def forget(self) -> None:
        """Lose what was written and not read, as a serial line does when nobody has it open."""
        import termios

        host_end = os.open(self.device, os.O_RDWR | os.O_NOCTTY)
        termios.tcflush(host_end, termios.TCIFLUSH)
        os.close(host_end)

    def unread(self) -> bool:
        """Whether the host has not read all that was written; OSError where the port is gone."""
        host_end = os.open(self.device, os.O_RDWR | os.O_NOCTTY)
        try:
            return bool(select.select([host_end], [], [], 0.0)[0])
        finally:
            os.close(host_end)

    def _end(self) -> int:
        if self._board_end is None:
            raise OSError("the port is unplugged")
        return self._board_end
