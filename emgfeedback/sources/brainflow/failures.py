"""BrainFlow's exit codes as sentences with the next step."""

from __future__ import annotations

import sys

from emgfeedback.errors import SourceError
from emgfeedback.sources.boards import Board

SILENT_S = 5.0
"""BrainFlow asks a silent port six times for a second."""
TIMEOUT_S = 1.0
"""It takes a second of silence for the end of a dongle's complaint that no board is there."""

_SENTENCES = {
    2: "{where} cannot be opened: another program uses it; close it (the OpenBCI GUI too) and try again",
    3: "{where} is not a serial port: give the port of the dongle, such as {example}",
    4: "{where} takes no commands any more: check the cable, plug the dongle in again and start anew",
    7: "{device} on {where} is not ready: switch the board off and on, check its battery, and try again",
    13: "{device} on {where} was refused by BrainFlow: check the source address",
    14: "{device} is not supported by BrainFlow on this system: use another board, or another computer",
    15: "the session with {where} ended before its time: start it again",
    16: "{where} is already open in this program: close that session first",
    17: "{device} on {where} failed for a reason BrainFlow does not tell: switch it off and on and try again",
}


def example_port() -> str:
    """What a port is called on this system."""
    return {"win32": "COM3", "darwin": "/dev/cu.usbserial-DM00"}.get(sys.platform, "/dev/ttyUSB0")


def explain(exit_code: int, board: Board, where: str) -> SourceError:
    """Say what an exit code of BrainFlow means for this board and port."""
    unknown = "{device} on {where} failed with BrainFlow's code {code}: switch it off and on and try again"
    sentence = _SENTENCES.get(exit_code, unknown)
    return SourceError(
        sentence.format(device=board.device, where=where, code=exit_code, example=example_port())
    )


def not_ready(took_s: float, board: Board, where: str) -> SourceError:
    """Tell a silent port, a Cyton's dongle without a board and a board that goes on talking by the time.

    BrainFlow has one code for the three: six seconds of asking, one second of silence after the dongle's
    complaint, and an answer drowned in packets at once.
    """
    if board.link != "serial" or not board.gains:
        return explain(7, board, where)
    if took_s >= SILENT_S:
        return SourceError(
            f"nothing answers on {where}: check that this is the port of the dongle, that the switch of the "
            f"dongle is at GPIO6, and switch {board.device} off and on"
        )
    if took_s >= TIMEOUT_S:
        return SourceError(
            f"the dongle on {where} finds no board: switch {board.device} to PC, charge its battery, "
            "and bring it near the dongle"
        )
    return SourceError(
        f"{board.device} on {where} goes on sending and hears no command: switch it off and on and try again"
    )


def no_samples(seconds: float, board: Board, where: str) -> SourceError:
    """Say that a board which answered and was started sends nothing."""
    return SourceError(
        f"{board.device} on {where} answers but has sent no samples for {seconds:g} s: check its power and "
        "battery and the distance to the dongle or network, then start anew"
    )


def lost_for_good(seconds: float, board: Board, where: str) -> SourceError:
    """Say that a board which was streaming has not come back."""
    return SourceError(
        f"{board.device} on {where} was lost and did not come back within {seconds:g} s: check its power, "
        "battery and dongle, then start anew"
    )


def wrong_type(board: Board, n_found: int, where: str) -> SourceError:
    """Say that a Cyton is a Daisy, or the other way round; either would be read without an error."""
    found, scheme = ("a Daisy", "cyton-daisy") if n_found > 8 else ("no Daisy", "cyton")
    return SourceError(
        f"the board on {where} has {found} ({n_found} channels) and was opened as {board.device}: "
        f"use {scheme}:{where}"
    )
