"""One open device: the only place that calls BrainFlow for a board.

BrainFlow locks its whole library for every call (6 s while it waits for a silent port), gives false rows
to two readers, and closes a running session when another object of the same port is collected. So one
thread opens a device, uses it and lets it go, and exactly one object per device lives meanwhile.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from emgfeedback.sources.boards import Board, driver
from emgfeedback.sources.brainflow.failures import explain, not_ready
from emgfeedback.sources.ports import held
from emgfeedback.values import Floats

NOT_READY = 7
TRIES = 3
PAUSE_S = 1.5
"""A board that still streams for a killed session drowns BrainFlow's questions; after a pause it is quiet."""

SHORT_TRY_S = 3.0
"""A silent port takes BrainFlow 6 s to give up and is not asked again."""


class CancelledError(Exception):
    """The wait for a board was given up by whoever asked for it."""


@contextlib.contextmanager
def opened(
    board: Board,
    params: Mapping[str, str | int],
    where: str,
    cancelled: threading.Event | None = None,
    tries: int = TRIES,
) -> Iterator[Device]:
    """Prepare a board and release it at the end, whatever happens; call from one thread only.

    Parameters
    ----------
    board : Board
        A row of the table.
    params : mapping
        BrainFlow's input parameters, checked (`emgfeedback.sources.brainflow.address.parameters`).
    where : str
        Port or address, for messages.
    cancelled : threading.Event, optional
        Ends the pauses between tries; a call that is under way cannot be interrupted.
    tries : int
        How often a board that answers nonsense is asked, with pauses of 1.5 s.

    Raises
    ------
    SourceError
        If the port is in use here or elsewhere, or the board cannot be had.
    CancelledError
        If ``cancelled`` was set before the board was ready.
    """
    link = "-".join(map(str, params.values())) or board.scheme
    with held(link, where):
        device = Device(board, params, where)
        try:
            device._prepare(cancelled or threading.Event(), tries)
            yield device
        finally:
            device._release()


class Device:
    """A prepared board, made by `opened`; ``fs_hz`` is its nominal rate."""

    def __init__(self, board: Board, params: Mapping[str, str | int], where: str) -> None:
        self.fs_hz = board.fs_hz
        self._board, self._where = board, where
        self._driver = driver()
        given = self._driver.BrainFlowInputParams()
        for name, value in params.items():
            setattr(given, name, value)
        self._shim: Any = self._driver.BoardShim(board.board_id, given)
        self._emg_rows = list(self._driver.BoardShim.get_emg_channels(board.board_id))
        self._stale = False

    def config(self, text: str) -> str:
        """Send commands and return the answers, each ending in ``$$$``; about 1 s.

        Packets that were still under way when the stream stopped are read away first. An answer that is
        spoilt by packets all the same is asked for once more, and is "" if that fails too.
        """
        if self._stale:
            self.drain()
        with contextlib.suppress(UnicodeDecodeError):
            return str(self._call("config_board", text))
        self.drain()
        with contextlib.suppress(UnicodeDecodeError):
            return str(self._call("config_board", text))
        return ""

    def drain(self) -> None:
        """Read until the line is silent for 1 s; sends nothing."""
        with contextlib.suppress(UnicodeDecodeError):
            self._call("config_board", "")
        self._stale = False

    def start(self) -> None:
        """Begin to stream; rows of an earlier stream are forgotten."""
        self._call("start_stream")

    def stop(self) -> None:
        """End the stream, also on a port that is gone; rows stay readable."""
        self._stale = True
        with contextlib.suppress(self._driver.BrainFlowError):
            self._shim.stop_stream()

    def waiting(self) -> int:
        """How many rows can be read."""
        return int(self._call("get_board_data_count"))

    def rows(self) -> Floats:
        """All rows that came since the last reading, (n_board_rows, n_samples), as BrainFlow has them."""
        return np.asarray(self._call("get_board_data"), np.float64)

    def read(self) -> Floats:
        """EMG that came since the last reading: (n_samples, n_emg), in microvolts as BrainFlow scales it."""
        return np.ascontiguousarray(self.rows()[self._emg_rows].T)

    def _call(self, name: str, *args: Any) -> Any:
        try:
            return getattr(self._shim, name)(*args)
        except self._driver.BrainFlowError as error:
            code = error.exit_code
        raise explain(code, self._board, self._where)

    def _prepare(self, cancelled: threading.Event, tries: int) -> None:
        while not cancelled.is_set():
            tries -= 1
            begun_s = time.monotonic()
            code = self._try_to_prepare()
            took_s = time.monotonic() - begun_s
            if code == 0:
                return
            if code != NOT_READY:
                raise explain(code, self._board, self._where)
            if took_s > SHORT_TRY_S or tries <= 0:
                raise not_ready(took_s, self._board, self._where)
            cancelled.wait(PAUSE_S)
        raise CancelledError

    def _try_to_prepare(self) -> int:
        try:
            self._shim.prepare_session()
        except self._driver.BrainFlowError as error:
            return int(error.exit_code)
        return 0

    def _release(self) -> None:
        """Let the board go, and at once the object: collected later, it would end the next session."""
        for name in ("stop_stream", "release_session"):
            with contextlib.suppress(self._driver.BrainFlowError):
                getattr(self._shim, name)()
        self._shim = None
