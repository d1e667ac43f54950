"""BrainFlow's exit codes as sentences with the next step."""

from __future__ import annotations

from emgfeedback.errors import SourceError
from emgfeedback.sources.boards import Board

_SENTENCES = {
    2: "{where} cannot be opened: close every other program that uses it (the OpenBCI GUI too) and try again",
    3: "{where} is not a serial port: give the port of the dongle, such as /dev/ttyUSB0 or COM3",
    4: "{where} takes no commands any more: check the cable, plug the dongle in again and start anew",
    7: "{device} on {where} does not answer: switch the board to PC, charge its battery, check that this is "
    "the port of the dongle, then switch board and dongle off and on",
    13: "{device} on {where} was refused by BrainFlow: check the source address",
    14: "{device} is not supported by BrainFlow on this system: use another board, or another computer",
    15: "the session with {where} ended before its time: start it again",
    16: "{where} is already open in this program: close that session first",
    17: "{device} on {where} failed for a reason BrainFlow does not tell: switch it off and on and try again",
}


def explain(exit_code: int, board: Board, where: str) -> SourceError:
    """Say what an exit code of BrainFlow means for this board and port."""
    unknown = "{device} on {where} failed with BrainFlow's code {code}: switch it off and on and try again"
    sentence = _SENTENCES.get(exit_code, unknown)
    return SourceError(sentence.format(device=board.device, where=where, code=exit_code))


def silence(seconds: float, board: Board, where: str) -> SourceError:
    """Say that a board which was started sends nothing."""
    return SourceError(
        f"no samples for {seconds:g} s from {board.device} on {where}: check its power and battery, the "
        "dongle or network, and the distance, then start anew"
    )
