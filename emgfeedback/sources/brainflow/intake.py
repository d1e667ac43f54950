"""Rows of BrainFlow in, chunks of counts out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emgfeedback.sources.boards import ACCEL_LSB_G, Board
from emgfeedback.sources.brainflow.plausibility import Plausibility
from emgfeedback.sources.clock import NO_PLACE, SampleClock
from emgfeedback.values import COUNT_MAX, Bits, Chunk, Counts, Floats


class Intake:
    """Give the rows of a board their sample index, flag what cannot be true, and cut at gaps.

    ``received`` counts the rows BrainFlow handed over, ``flagged`` those that are false. ``surplus`` of
    these have no place among the samples and are in no chunk: ``received`` is the rows in chunks and they.
    """

    def __init__(self, board: Board, lsb_uv: float, shim: Any) -> None:
        self.clock = SampleClock(board.fs_hz, board.counter)
        self.received = self.flagged = self.surplus = 0
        self._lsb_uv = lsb_uv
        self._emg_rows = list(shim.BoardShim.get_emg_channels(board.board_id))
        self._accel_rows: list[int] = []
        if board.n_accel:
            self._accel_rows = list(shim.BoardShim.get_accel_channels(board.board_id))
        self._number_row = shim.BoardShim.get_package_num_channel(board.board_id)
        self._time_row = shim.BoardShim.get_timestamp_channel(board.board_id)
        self._plausibility = Plausibility(board.fs_hz, (COUNT_MAX + 1) * lsb_uv)
        self._polled_s = -np.inf
        self.no_rows: Floats = np.empty((shim.BoardShim.get_num_rows(board.board_id), 0))
        self._undecided = self.no_rows
        self._undecided_s = np.empty(0)

    @property
    def undecided(self) -> int:
        """How many rows wait for their successor."""
        return len(self._undecided_s)

    def restart(self) -> None:
        """Expect a board that was reset and counts anew."""
        self.clock.restart()
        self._plausibility.restart()

    def chunks(self, rows: Floats, now_s: float, wall_s: float, final: bool = True) -> Iterator[Chunk]:
        """Chunks of one read, one per contiguous stretch.

        BrainFlow stamps rows by the system clock, which may be set at any time; they are moved to the
        monotonic clock, where they must lie between the last read and this one.

        Parameters
        ----------
        rows : (n_board_rows, n_samples), as ``get_board_data`` returns them
        now_s, wall_s : monotonic and system clock just after the read
        final : whether to give out a doubtful row without having seen the row after it
        """
        self.received += rows.shape[1]
        arrival_s = np.clip(rows[self._time_row] + (now_s - wall_s), self._polled_s, now_s)
        self._polled_s = now_s
        rows = np.concatenate((self._undecided, rows), axis=1)
        arrival_s = np.maximum.accumulate(np.concatenate((self._undecided_s, arrival_s)))
        emg_uv = rows[self._emg_rows].T
        jumps = self._plausibility.judge(emg_uv, final)
        placed = self.clock.place(rows[self._number_row], arrival_s, len(jumps), final)
        n_decided = len(placed.index)
        false = placed.false | jumps[:n_decided]
        self._plausibility.learn(emg_uv[:n_decided], false)
        self._undecided, self._undecided_s = rows[:, n_decided:], arrival_s[n_decided:]
        self.flagged += int(np.count_nonzero(false))
        self.surplus += int(np.count_nonzero(placed.index == NO_PLACE))
        kept = placed.index != NO_PLACE
        counts = self._counts(rows[:, :n_decided])
        flags = false.astype(np.uint8)
        yield from self._cut(placed.index[kept], counts[kept], flags[kept], arrival_s[:n_decided][kept])

    def _counts(self, rows: Floats) -> Counts:
        emg = to_counts(rows[self._emg_rows].T, self._lsb_uv)
        if not self._accel_rows:
            return emg
        return np.hstack((emg, to_counts(rows[self._accel_rows].T, ACCEL_LSB_G)))

    def _cut(self, index: Any, counts: Counts, flags: Bits, arrival_s: Floats) -> Iterator[Chunk]:
        cuts = np.flatnonzero(np.diff(index) != 1) + 1
        for stretch in np.split(np.arange(len(index)), cuts):
            if len(stretch):
                part = slice(stretch[0], stretch[-1] + 1)
                flagged = flags[part] if np.any(flags[part]) else None
                came_s = float(arrival_s[stretch[-1]])
                yield Chunk.from_counts(int(index[stretch[0]]), counts[part], self._lsb_uv, came_s, flagged)


def to_counts(values: Floats, lsb: float) -> Counts:
    """Put scaled values back on the grid of the converter: exact for every count of 24 bits."""
    counts = np.clip(np.rint(values / lsb), -COUNT_MAX - 1, COUNT_MAX)
    return np.ascontiguousarray(counts, dtype=np.int32)
