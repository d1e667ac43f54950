"""A board as a source of chunks."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from emgfeedback.sources.boards import ACCEL_LSB_G, DEFAULT_GAIN, Board
from emgfeedback.sources.brainflow.owner import CLOSED, GIVE_UP_S, LinkChange, Owner
from emgfeedback.values import ACCEL, Channel, Chunk, StreamInfo

LONGEST_WAIT_S = 0.1
RELEASE_S = 0.8


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
    give_up_s : float
        How long a board that was lost is waited for.

    Attributes
    ----------
    on_link : callable or None
        Called with (state, cause) when the link is stalled, lost or streaming again. It is called by whoever
        iterates, in the order of the samples: after the last chunk before, before the first chunk after.

    Raises
    ------
    UsageError
        If the board has no such gain.
    """

    def __init__(
        self,
        board: Board,
        params: Mapping[str, str | int],
        gain: int = DEFAULT_GAIN,
        where: str = "",
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        channels = [Channel(f"EMG {number}") for number in range(1, board.n_channels + 1)]
        channels += [
            Channel(f"Accel {axis}", kind=ACCEL, unit="g", lsb=ACCEL_LSB_G) for axis in "XYZ"[: board.n_accel]
        ]
        self.info = StreamInfo(board.fs_hz, tuple(channels), board.device, board.lsb_uv(gain))
        self.on_link: Callable[[str, str], None] | None = None
        self._owner = Owner(board, params, gain, where or board.device, give_up_s)
        self._starting = threading.Lock()

    @property
    def link(self) -> str:
        """absent, connecting, streaming, stalled, lost, reconnecting or closed."""
        return CLOSED if self._owner.stop_asked.is_set() else self._owner.link

    @property
    def fs_measured_hz(self) -> float:
        """Rate of the board against this computer's clock; NaN in the first 2 s."""
        return self._owner.intake.clock.fs_measured_hz

    @property
    def drift_ppm(self) -> float:
        """How much faster than nominal the board is, in parts per million; NaN in the first 2 s."""
        return self._owner.intake.clock.drift_ppm

    @property
    def rows_received(self) -> int:
        """Rows the driver handed over: those in chunks, and the surplus ones."""
        return self._owner.intake.received

    @property
    def rows_flagged(self) -> int:
        """Rows that cannot be true, the surplus ones among them."""
        return self._owner.intake.flagged

    @property
    def rows_surplus(self) -> int:
        """False rows that stand between two samples in a row and are in no chunk."""
        return self._owner.intake.surplus

    def sample_at(self, time_s: float) -> float:
        """Sample being taken at a time of ``time.monotonic``, not rounded; NaN before the first rows."""
        return self._owner.intake.clock.timeline.sample_at(time_s)

    def connect(self) -> None:
        """Prepare the board and set its gain; returns at once when that is done already or it is closed.

        Raises
        ------
        SourceError
            If the board cannot be had.
        """
        with self._starting:
            if self._owner.ident is None and not self._owner.stop_asked.is_set():
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
                    item = self._owner.stream.get(timeout=LONGEST_WAIT_S)
                except queue.Empty:
                    item = self._nothing(end)
                if item is None:
                    self._raise_failure()
                    return
                if isinstance(item, LinkChange):
                    self._report(item)
                    item = self._nothing(end)
                end = item.end_sample
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """End the iteration, stop and release the board; safe from any thread and any number of times.

        Returns within a second: a call of BrainFlow that is under way ends in the background.
        """
        with self._starting:
            self._owner.stop_asked.set()
        if self._owner.ident is not None and threading.current_thread() is not self._owner:
            self._owner.join(RELEASE_S)

    def _report(self, change: LinkChange) -> None:
        if self.on_link is not None:
            self.on_link(change.state, change.cause)

    def _nothing(self, first_sample: int) -> Chunk:
        counts = np.empty((0, len(self.info.channels)), np.int32)
        return Chunk.from_counts(first_sample, counts, self.info.lsb_uv, time.monotonic())

    def _raise_failure(self) -> None:
        if self._owner.failure is not None:
            raise self._owner.failure
