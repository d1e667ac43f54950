"""Rows of BrainFlow in, chunks of counts out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emgfeedback.sources.boards import Board
from emgfeedback.sources.clock import SampleClock
from emgfeedback.values import COUNT_MAX, Chunk, Counts, Floats


class Intake:
    """Give the rows of a board their sample index, and cut them at gaps."""

    def __init__(self, board: Board, lsb_uv: float, shim: Any) -> None:
        self.clock = SampleClock(board.fs_hz, board.counter)
        self._lsb_uv = lsb_uv
        self._emg_rows = list(shim.BoardShim.get_emg_channels(board.board_id))
        self._number_row = shim.BoardShim.get_package_num_channel(board.board_id)
        self._time_row = shim.BoardShim.get_timestamp_channel(board.board_id)
        self._polled_s = -np.inf

    def chunks(self, rows: Floats, now_s: float, wall_s: float) -> Iterator[Chunk]:
        """Chunks of one read, one per contiguous stretch.

        BrainFlow stamps rows by the system clock, which may be set at any time; they are moved to the
        monotonic clock, where they must lie between the last read and this one.

        Parameters
        ----------
        rows : (n_board_rows, n_samples), as ``get_board_data`` returns them
        now_s, wall_s : monotonic and system clock just after the read
        """
        arrival_s = np.clip(rows[self._time_row] + (now_s - wall_s), self._polled_s, now_s)
        arrival_s = np.maximum.accumulate(arrival_s)
        self._polled_s = now_s
        indices = self.clock.indices(rows[self._number_row], arrival_s)
        counts = to_counts(rows[self._emg_rows].T, self._lsb_uv)
        cuts = np.flatnonzero(np.diff(indices) != 1) + 1
        for stretch in np.split(np.arange(len(indices)), cuts):
            if len(stretch):
                first, last = stretch[0], stretch[-1]
                yield Chunk.from_counts(
                    int(indices[first]), counts[first : last + 1], self._lsb_uv, float(arrival_s[last])
                )


def to_counts(emg_uv: Floats, lsb_uv: float) -> Counts:
    """Put microvolts back on the grid of the converter: exact for every count of 24 bits."""
    counts = np.clip(np.rint(emg_uv / lsb_uv), -COUNT_MAX - 1, COUNT_MAX)
    return np.ascontiguousarray(counts, dtype=np.int32)
