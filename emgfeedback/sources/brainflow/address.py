"""Source addresses such as ``cyton:/dev/ttyUSB0``, checked before BrainFlow sees them.

BrainFlow copies these strings into fixed buffers (5000 characters abort the interpreter), and gives one code
for a missing port, a directory and a refused permission.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping

from emgfeedback.errors import SourceError, UsageError
from emgfeedback.sources.boards import DEFAULT_GAIN, Board, find_board
from emgfeedback.sources.brainflow.owner import GIVE_UP_S
from emgfeedback.sources.brainflow.source import BrainflowSource
from emgfeedback.sources.ports import likely_dongle, other_user_of, port_id, ports_seen

LONGEST_TEXT = 255
EXAMPLES = {"ip": "192.168.4.1:6677"}
AUTO = ("", "auto")


def open_brainflow(address: str, gain: int = DEFAULT_GAIN, give_up_s: float = GIVE_UP_S) -> BrainflowSource:
    """Check an address and make its source; nothing is sent to the board before it is connected.

    Parameters
    ----------
    address : str
        ``BOARD:PORT``, ``BOARD:IP:PORT`` or ``BOARD:``, with a board of `emgfeedback.sources.boards.boards`.
        Where a serial port is left out, or is ``auto``, the one likely dongle is taken.
    gain : int
        Of all channels, where the board lets it be set.
    give_up_s : float
        How long a board that was lost is waited for.

    Raises
    ------
    UsageError
        If there is no such board, gain, or form of address.
    SourceError
        If the port is missing, in use, or cannot be used.
    """
    scheme, _, rest = address.partition(":")
    board = find_board(scheme)
    board.lsb_uv(gain)
    params = parameters(board, rest)
    where = str(params.get("serial_port", rest)) or address
    return BrainflowSource(board, params, gain, where, give_up_s)


def parameters(board: Board, text: str) -> Mapping[str, str | int]:
    """BrainFlow's input parameters for what stands after the colon of an address."""
    _check_text(text)
    link = _link(text) if board.link == "any" else board.link
    if link in EXAMPLES and not text:
        raise UsageError(f"{board.scheme}: names no {link} address: write {board.scheme}:{EXAMPLES[link]}")
    if link == "serial":
        port = likely_dongle(board.scheme) if text in AUTO else text
        _check_port(port)
        return {"serial_port": port}
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
    """Tell apart what BrainFlow gives one exit code for."""
    if port_id(port) is None:
        raise SourceError(f"there is no port {port}: {ports_seen()}")
    if sys.platform == "win32":
        return
    if not stat.S_ISCHR(os.stat(port).st_mode):
        what = "directory" if os.path.isdir(port) else "file"
        raise SourceError(f"{port} is a {what} and not a serial port: {ports_seen()}")
    if not os.access(port, os.R_OK | os.W_OK):
        raise SourceError(f"no permission to use {port}: {_how_to_be_let_in(port)}")
    other = other_user_of(port)
    if other:
        raise SourceError(f"{port} is in use by {other}: close that program first")


def _how_to_be_let_in(port: str) -> str:
    if sys.platform != "linux":
        return "log in as the user who may, or unplug the dongle and plug it in again"
    return (
        f'run "sudo usermod -a -G {_group_of(port)} $USER" (the group is often dialout or uucp), '
        "then log out and in again"
    )


def _group_of(port: str) -> str:
    import grp

    try:
        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except KeyError:
        return "dialout"
