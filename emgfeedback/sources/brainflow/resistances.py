"""What a Ganglion says of its own electrodes: it measures them itself and sends rows of ohm.

Not tried on hardware. The commands are those of BrainFlow's example for the board; the numbers are passed on
as they come.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from emgfeedback.errors import SourceError
from emgfeedback.sources.boards import RESISTANCE, Board, driver
from emgfeedback.sources.brainflow.contact import PinImpedance, verdict_of
from emgfeedback.values import Floats

POLL_S = 0.05
TRIES = 3
PIN = "+"


def answers_z(board: Board) -> bool:
    """Whether this is a Ganglion; other boards with such rows want other commands."""
    return board.electrode_check == RESISTANCE and board.scheme.startswith("ganglion")


def ask_resistances(
    device: Any, board: Board, channels: Sequence[int], seconds: float, cancelled: Callable[[], bool]
) -> list[PinImpedance]:
    """Let a Ganglion measure for a time, and take the last number of each channel.

    Parameters
    ----------
    device : Device
        As `emgfeedback.sources.brainflow.device.opened` gives it.
    seconds : float
        For each channel.

    Raises
    ------
    SourceError
        If no number came for a channel, or the test current cannot be switched off.
    """
    rows = list(driver().BoardShim.get_resistance_channels(board.board_id))
    ohm = np.zeros(len(rows))
    try:
        device.config("z")
        device.start()
        end_s = time.monotonic() + seconds * len(channels)
        while not cancelled() and time.monotonic() < end_s:
            _take_last(ohm, device.rows()[rows])
            time.sleep(POLL_S)
    finally:
        _switch_off(device)
    if cancelled():
        return []
    missing = [channel for channel in channels if not ohm[channel - 1] > 0]
    if missing:
        raise SourceError(
            f"{board.device} sent no resistance of channel {', '.join(map(str, missing))}: start it anew, or "
            "give it more --seconds"
        )
    return [_as_it_is(channel, float(ohm[channel - 1])) for channel in channels]


def _take_last(ohm: Floats, rows: Floats) -> None:
    """Keep the last number above zero of each row; zero stands for none yet."""
    for row, values in enumerate(rows):
        told = values[values > 0]
        if len(told):
            ohm[row] = told[-1]


def _as_it_is(channel: int, ohm: float) -> PinImpedance:
    verdict = verdict_of(ohm)
    return PinImpedance(channel, PIN, ohm, math.nan, math.nan, verdict, "as the board itself reports it")


def _switch_off(device: Any) -> None:
    interrupt: KeyboardInterrupt | None = None
    for _ in range(TRIES):
        try:
            with contextlib.suppress(SourceError):
                device.stop()
            device.config("Z")
            break
        except KeyboardInterrupt as error:
            interrupt = error
        except SourceError:
            continue
    else:
        raise SourceError("the test current could not be switched off: switch the board off")
    if interrupt is not None:
        raise interrupt
