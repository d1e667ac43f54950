"""A board as a source of chunks."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping

import numpy as np

from emgfeedback.sources.boards import DEFAULT_GAIN, Board
from emgfeedback.sources.brainflow.owner import Owner
from emgfeedback.values import Channel, Chunk, StreamInfo

LONGEST_WAIT_S = 0.1
RELEASE_S = 2.0


class BrainflowSource:
    """Samples of one board, from `connect` to `close`; iterate once.

    Parameters
    ----------
    board : Board
        A row of the table.
    params : mapping
        BrainFlow's input parameters, checked.
    gain : int
        Of all channels, where the board lets it be set.
    where : str
        Port or address, for messages.

    Raises
    ------
    UsageError
        If the board has no such gain.
    """

    def __init__(
        self, board: Board, params: Mapping[str, str | int], gain: int = DEFAULT_GAIN, where: str = ""
    ) -> None:
        channels = tuple(Channel(f"EMG {number}") for number in range(1, board.n_channels + 1))
        self.info = StreamInfo(board.fs_hz, channels, board.device, board.lsb_uv(gain))
        self._owner = Owner(board, params, gain, where or board.device)
        self._starting = threading.Lock()

    @property
    def fs_measured_hz(self) -> float:
        """Rate of the board against this computer's clock; NaN in the first 2 s."""
        return self._owner.intake.clock.fs_measured_hz

    def connect(self) -> None:
        """Prepare the board and set its gain; returns at once when that is done already.

        Raises
        ------
        SourceError
            If the board cannot be had.
        """
        with self._starting:
            if self._owner.ident is None:
                self._owner.start()
        try:
            while not self._owner.settled.wait(LONGEST_WAIT_S) and not self._owner.stop_asked.is_set():
                pass
        except KeyboardInterrupt:
            self._owner.stop_asked.set()
            raise
        self._raise_failure()

    def __iter__(self) -> Iterator[Chunk]:
        """Yield chunks as they come, and an empty one when 0.1 s brought none, until `close`."""
        self.connect()
        self._owner.start_asked.set()
        end = 0
        try:
            while not self._owner.stop_asked.is_set():
                try:
                    chunk = self._owner.chunks.get(timeout=LONGEST_WAIT_S)
                except queue.Empty:
                    chunk = self._nothing(end)
                if chunk is None:
                    self._raise_failure()
                    return
                end = chunk.end_sample
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        """End the iteration, stop and release the board; safe from any thread and any number of times."""
        self._owner.stop_asked.set()
        if self._owner.ident is not None and threading.current_thread() is not self._owner:
            self._owner.join(RELEASE_S)

    def _nothing(self, first_sample: int) -> Chunk:
        counts = np.empty((0, len(self.info.channels)), np.int32)
        return Chunk.from_counts(first_sample, counts, self.info.lsb_uv, time.monotonic())

    def _raise_failure(self) -> None:
        if self._owner.failure is not None:
            raise self._owner.failure
