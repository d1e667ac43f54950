"""Source addresses such as ``cyton:/dev/ttyUSB0``, checked before BrainFlow sees them.

BrainFlow copies these strings into fixed buffers (5000 characters abort the interpreter), and gives one code
for a missing port, a directory and a refused permission.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Mapping

from emgfeedback.errors import SourceError, UsageError
from emgfeedback.sources.boards import DEFAULT_GAIN, Board, find_board
from emgfeedback.sources.brainflow.source import BrainflowSource

LONGEST_TEXT = 255
EXAMPLES = {"serial": "/dev/ttyUSB0", "ip": "192.168.4.1:6677"}
PORT_PATTERNS = ("/dev/ttyUSB*", "/dev/ttyACM*", "/dev/cu.usb*")


def open_brainflow(address: str, gain: int = DEFAULT_GAIN) -> BrainflowSource:
    """Connect to a board and set its gain; it streams once the source is iterated.

    Parameters
    ----------
    address : str
        ``BOARD:PORT``, ``BOARD:IP:PORT`` or ``BOARD:``, with a board of `emgfeedback.sources.boards.boards`.
    gain : int
        Of all channels, where the board lets it be set.

    Raises
    ------
    UsageError
        If there is no such board, gain, or form of address.
    SourceError
        If the port cannot be used, or the board does not answer or refuses the gain.
    """
    scheme, _, rest = address.partition(":")
    board = find_board(scheme)
    source = BrainflowSource(board, parameters(board, rest), gain, where=rest or address)
    source.connect()
    return source


def parameters(board: Board, text: str) -> Mapping[str, str | int]:
    """BrainFlow's input parameters for what stands after the colon of an address."""
    _check_text(text)
    link = _link(text) if board.link == "any" else board.link
    if link in EXAMPLES and not text:
        raise UsageError(f"{board.scheme}: names no {link} address: write {board.scheme}:{EXAMPLES[link]}")
    if link == "serial":
        _check_port(text)
        return {"serial_port": text}
    if link == "ip":
        return _ip(board, text)
    if link == "none" and text:
        raise UsageError(f'{board.scheme}: takes no address, but "{text[:40]}" came: leave it out')
    return {link: text} if text else {}


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise SourceError(
            f"the port or address {text[:24]}… has {len(text)} characters: give one of {LONGEST_TEXT} at most"
        )
    if not (text.isascii() and text.isprintable()):
        raise SourceError(f"the port or address {text!a:.60} has characters that no port has: type it again")


def _link(text: str) -> str:
    """Guess from its form what a board without a fixed kind of link is reached by."""
    if re.fullmatch(r"(/.*|COM\d+)", text):
        return "serial"
    if re.fullmatch(r"[\w.-]+:\d+", text):
        return "ip"
    if re.fullmatch(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", text):
        return "mac_address"
    return "serial_number"


def _ip(board: Board, text: str) -> Mapping[str, str | int]:
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) < 65536:
        raise UsageError(f'"{text}" is not an address and port: write {board.scheme}:{EXAMPLES["ip"]}')
    return {"ip_address": host, "ip_port": int(port)}


def _check_port(port: str) -> None:
    """Tell apart what BrainFlow gives one exit code for; on Windows ports are no files."""
    if sys.platform == "win32":
        return
    if not os.path.exists(port):
        raise SourceError(f"there is no port {port}: {_ports_seen()}")
    if not stat.S_ISCHR(os.stat(port).st_mode):
        what = "directory" if os.path.isdir(port) else "file"
        raise SourceError(f"{port} is a {what} and not a serial port: {_ports_seen()}")
    if not os.access(port, os.R_OK | os.W_OK):
        raise SourceError(
            f"no permission to use {port}: have this user added to the group that owns it (often dialout or "
            "uucp), then log in again"
        )


def _ports_seen() -> str:
    seen = sorted(port for pattern in PORT_PATTERNS for port in glob.glob(pattern))
    if not seen:
        return "plug the dongle in, and give the port that then appears"
    return f"use {' or '.join(seen[:5])}"
