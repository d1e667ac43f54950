"""The accelerometer of a board, as it stands beside the EMG in a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emgfeedback.storage.importers.boards import CYTON_LSB_G
from emgfeedback.values import ACCEL, Channel, Counts, Floats

N_AXES = 3
NAMES = ("Accel X", "Accel Y", "Accel Z")
MAX_G = 33.0
"""No board of the table can say more: 16 bits of 0.001 g."""


@dataclass(frozen=True, slots=True)
class Acceleration:
    """Axes of a file in g, (n_rows, 3), NaN where a cell is empty; ``lsb_g`` is one count of the board."""

    values_g: Floats
    lsb_g: float = CYTON_LSB_G

    def channels(self) -> tuple[Channel, ...]:
        """One channel an axis."""
        return tuple(Channel(name, kind=ACCEL, unit="g", lsb=self.lsb_g) for name in NAMES)

    def counts(self) -> Counts:
        """Readings on the board's grid, (n_rows, 3), each held until the next one.

        An accelerometer at rest reads gravity, so a row of zeros is no reading: boards send one in about ten
        samples, and files of the GUI before v5 hold zeros between.
        """
        is_reading = np.all(np.isfinite(self.values_g), axis=1) & np.any(self.values_g, axis=1)
        latest = np.maximum.accumulate(np.where(is_reading, np.arange(len(is_reading)), -1))
        held = np.where(latest[:, None] >= 0, self.values_g[latest], 0.0)
        return np.rint(held / self.lsb_g).astype(np.int32)


def find_acceleration(values: Floats, lsb_g: float) -> tuple[Acceleration | None, list[str]]:
    """Judge three columns of a file: an accelerometer, one that was off (None), or something else.

    Parameters
    ----------
    values : (n_rows, 3)
        What stands behind the EMG columns, NaN where a cell is empty.
    lsb_g : float
        One count of the board, in g.

    Returns
    -------
    acceleration : Acceleration or None
    warnings : list of str
    """
    if values.shape[1] != N_AXES or not np.any(np.nan_to_num(values)):
        return None, []
    largest_g = float(np.nanmax(np.abs(values)))
    if largest_g > MAX_G:
        return None, [
            f"left out: the accelerometer's columns reach {largest_g:.4g}, which no board says in g"
        ]
    return Acceleration(values, lsb_g), []
