"""How boards lay out a row of a file, and the steps of their converters.

The rows are those of BrainFlow 5 (`BoardShim.get_board_descr`): the package counter first, then the EMG
channels, the three axes of the accelerometer, the time stamp last but one, the marker last.
"""

from __future__ import annotations

from dataclasses import dataclass

CYTON_LSB_UV = 4.5 / (2**23 - 1) / 24 * 1e6
GANGLION_LSB_UV = 1.2 / (2**23 - 1) / 1.5 / 51 * 1e6
CYTON_LSB_G = 0.000125
GANGLION_LSB_G = 0.016
"""Eight bits an axis; ganglion_native.h and ganglion.h of BrainFlow."""
GANGLION_WIFI_LSB_G = 0.001
"""Sixteen bits; ganglion_wifi.h of BrainFlow, which calls it found by experiment."""


@dataclass(frozen=True, slots=True)
class Board:
    """One row of the table; ``lsb_uv`` is None where the board has no converter (its gain being 24).

    ``lsb_g`` is one count of the accelerometer.
    """

    name: str
    n_rows: int
    n_emg: int
    fs_hz: float
    lsb_uv: float | None
    lsb_g: float = CYTON_LSB_G

    @property
    def is_ganglion(self) -> bool:
        """Tell whether two samples travel in one package."""
        return self.name in ("GANGLION", "GANGLION_NATIVE")


BOARDS = {
    board.name: board
    for board in (
        Board("CYTON", 24, 8, 250.0, CYTON_LSB_UV),
        Board("CYTON_WIFI", 24, 8, 1000.0, CYTON_LSB_UV),
        Board("CYTON_DAISY", 32, 16, 125.0, CYTON_LSB_UV),
        Board("CYTON_DAISY_WIFI", 32, 16, 1000.0, CYTON_LSB_UV),
        Board("GANGLION", 15, 4, 200.0, GANGLION_LSB_UV, GANGLION_LSB_G),
        Board("GANGLION_NATIVE", 15, 4, 200.0, GANGLION_LSB_UV, GANGLION_LSB_G),
        Board("GANGLION_WIFI", 25, 4, 1600.0, GANGLION_LSB_UV, GANGLION_WIFI_LSB_G),
        Board("SYNTHETIC", 32, 16, 250.0, None),
    )
}
