"""The table of boards: what a person types, what BrainFlow calls it, and what its rate can show."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import sys
from dataclasses import dataclass
from typing import Any

from emgfeedback.errors import InputError, UsageError
from emgfeedback.processing.bandwidth import Grid, grid_for, power_kept
from emgfeedback.sources.clock import Counter
from emgfeedback.values import COUNT_MAX

FEWEST_CHANNELS = 3
"""A target and two rivals."""

CYTON_GAINS = (1, 2, 4, 6, 8, 12, 24)
DEFAULT_GAIN = 24

STATED_LSB_UV = 2.0**-5
"""Grid for boards whose converter is not known here: exact in binary, ±262 mV in 24 bits."""

GANGLION_LSB_UV = 1.2 / COUNT_MAX / 1.5 / 51 * 1e6

ACCEL_LSB_G = 0.000125
"""Step of the accelerometer of a Cyton; those of other OpenBCI boards are multiples of it."""

LEAD_OFF, RESISTANCE, NO_CHECK = "lead-off", "resistance", "none"

CYTON_COUNTER = Counter()
DAISY_COUNTER = Counter(stride=2, repeats=Counter().modulo, stale=True)
GANGLION_COUNTER = Counter(modulo=100, rows=2, repeats=1, guarded=True)
"""Firmware 3 counts 0-99 with and 100-199 without accelerometer; two samples share a number."""


@dataclass(frozen=True, slots=True)
class Board:
    """One board BrainFlow knows.

    ``scheme`` is its name in a source address; ``link`` says what follows the colon: ``serial`` a port,
    ``ip`` an address and port, ``any`` whatever the board's driver wants, ``none`` nothing. ``gains`` is
    empty where the gain is fixed; ``fixed_lsb_uv`` is its step then. ``averaged`` is how many conversions
    the radio makes one sample of. ``n_accel`` is 3 where the axes are recorded too. ``electrode_check`` is
    ``lead-off`` (a current into each pin), ``resistance`` (the board measures itself) or ``none``.
    """

    scheme: str
    device: str
    board_id: int
    fs_hz: float
    n_channels: int
    link: str = "any"
    gains: tuple[int, ...] = ()
    fixed_lsb_uv: float = STATED_LSB_UV
    counter: Counter | None = None
    averaged: int = 1
    n_accel: int = 0
    electrode_check: str = NO_CHECK
    settings: str = ""

    @property
    def nyquist_hz(self) -> float:
        """Half the rate: nothing above it can be seen."""
        return self.fs_hz / 2

    @property
    def verdict(self) -> str:
        """What the rate is good for: good, usable, cue only or unusable."""
        grid = self._grid()
        return grid.verdict.split(",")[0] if grid else "unusable"

    @property
    def emg_power_pct(self) -> float:
        """How much of the power of typical surface EMG between 20 and 450 Hz the board keeps, in percent.

        Typical is the spectrum of `emg_spectrum` with corners at 60 and 120 Hz (Shwedyk et al. 1977). The
        board sees its usable band of it through a third-order sinc decimator, as that of the ADS1299, and,
        over the radio of a Daisy, as the mean of two conversions.
        """
        grid = self._grid()
        if grid is None:
            return 0.0
        return 100 * power_kept(grid, averaged=self.averaged)

    @property
    def why(self) -> str:
        """The reason for the verdict, in one sentence."""
        grid = self._grid()
        if grid is None:
            return f"at {self.fs_hz:g} Hz no useful band of EMG is left"
        band = f"{grid.band_hz[0]:g}-{grid.band_hz[1]:g} Hz keeps {self.emg_power_pct:.0f} % of EMG power"
        if self.verdict == "good":
            return f"{band}: microvolts and spectra compare with the literature"
        if self.verdict == "usable" and self.fs_hz >= 500:
            return f"{band}: levels and ratios are sound, spectra are cut short"
        if self.verdict == "usable":
            return f"{band}: percent of reference and ratios from this board only, no microvolts or spectra"
        return f"{band}, with aliases and mains inside: a cue for the patient, no measurement"

    def _grid(self) -> Grid | None:
        try:
            return grid_for(self.fs_hz, trunk=False)
        except InputError:
            return None

    def lsb_uv(self, gain: int) -> float:
        """Microvolts per count; an ADS1299 has 4.5 V over the gain on 2^23 - 1 counts.

        Raises
        ------
        UsageError
            If the board has no such gain.
        """
        if not self.gains:
            return self.fixed_lsb_uv
        if gain not in self.gains:
            offered = ", ".join(map(str, self.gains))
            raise UsageError(f"gain {gain} is not one of the {self.device}: write one of {offered}")
        return 4.5 / COUNT_MAX / gain * 1e6


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a board beyond BrainFlow's own description."""

    scheme: str
    device: str
    link: str
    gains: tuple[int, ...] = ()
    fixed_lsb_uv: float = STATED_LSB_UV
    counter: Counter | None = None
    averaged: int = 1
    electrode_check: str = NO_CHECK
    settings: str = ""


_BIPOLAR = "bipolar inputs: SRB2 off, bias on; both electrodes of a pair on one channel"
_SWITCHES = "fixed gain; set the four switches away from REF, both electrodes of a pair on one channel"


def _cyton(scheme: str, device: str, link: str, counter: Counter | None, averaged: int = 1) -> _Known:
    return _Known(
        scheme, device, link, CYTON_GAINS, STATED_LSB_UV, counter, averaged, LEAD_OFF, settings=_BIPOLAR
    )


def _ganglion(scheme: str, device: str, link: str, counter: Counter | None) -> _Known:
    return _Known(
        scheme, device, link, (), GANGLION_LSB_UV, counter, electrode_check=RESISTANCE, settings=_SWITCHES
    )


_FIRST_CLASS = {
    0: _cyton("cyton", "OpenBCI Cyton", "serial", CYTON_COUNTER),
    2: _cyton("cyton-daisy", "OpenBCI Cyton+Daisy", "serial", DAISY_COUNTER, averaged=2),
    5: _cyton("cyton-wifi", "OpenBCI Cyton WiFi", "ip", CYTON_COUNTER),
    6: _cyton("cyton-daisy-wifi", "OpenBCI Cyton+Daisy WiFi", "ip", None),
    1: _ganglion("ganglion", "OpenBCI Ganglion", "serial", GANGLION_COUNTER),
    46: _ganglion("ganglion-native", "OpenBCI Ganglion BLE", "any", GANGLION_COUNTER),
    4: _ganglion("ganglion-wifi", "OpenBCI Ganglion WiFi", "ip", None),
    -1: _Known("synthetic", "BrainFlow synthetic board", "none", counter=CYTON_COUNTER),
}


@functools.cache
def driver() -> Any:
    """BrainFlow's module ``board_shim``, loaded once, with its own log switched off."""
    import brainflow.board_shim as shim

    if sys.version_info < (3, 12):
        # Below 3.12 BrainFlow asks for the files of a module, fails, and falls back to pkg_resources,
        # which setuptools no longer carries since version 82.
        shim.files = lambda _module: importlib.resources.files("brainflow")
    shim.BoardShim.disable_board_logger()
    return shim


@functools.cache
def boards() -> tuple[Board, ...]:
    """Every board with three EMG channels or more, the well-known ones first."""
    shim = driver()
    generic = sorted({member.value for member in shim.BoardIds} - _FIRST_CLASS.keys())
    rows = (_board(shim, board_id) for board_id in (*_FIRST_CLASS, *generic))
    return tuple(board for board in rows if board is not None)


def _board(shim: Any, board_id: int) -> Board | None:
    """One row of the table, or None where BrainFlow describes no EMG channels, or too few."""
    try:
        about = shim.BoardShim.get_board_descr(board_id)
    except shim.BrainFlowError:
        return None
    n_channels = len(about.get("emg_channels", ()))
    if n_channels < FEWEST_CHANNELS:
        return None
    slug = shim.BoardIds(board_id).name.removesuffix("_BOARD").lower().replace("_", "-")
    measures_itself = bool(about.get("resistance_channels"))
    known = _FIRST_CLASS.get(board_id) or _Known(
        slug, about["name"], "any", electrode_check=RESISTANCE if measures_itself else NO_CHECK
    )
    is_openbci = known.electrode_check != NO_CHECK and board_id in _FIRST_CLASS
    return Board(
        scheme=known.scheme,
        device=known.device,
        board_id=board_id,
        fs_hz=float(about["sampling_rate"]),
        n_channels=n_channels,
        link=known.link,
        gains=known.gains,
        fixed_lsb_uv=known.fixed_lsb_uv,
        counter=known.counter,
        averaged=known.averaged,
        n_accel=len(about.get("accel_channels", ())) if is_openbci else 0,
        electrode_check=known.electrode_check,
        settings=known.settings,
    )


def find_board(scheme: str) -> Board:
    """The board of this name in the table.

    Raises
    ------
    UsageError
        If there is none; the message names the nearest.
    """
    table = {board.scheme: board for board in boards()}
    if scheme in table:
        return table[scheme]
    near = difflib.get_close_matches(scheme, table, n=3) or list(table)[:3]
    raise UsageError(
        f'no board is called "{scheme[:40]}": write {" or ".join(near)}, or see "emgfeedback boards" for all'
    )
