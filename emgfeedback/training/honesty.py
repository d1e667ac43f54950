"""What a sampling rate hides, in figures and in words: nothing is compared that cannot be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from emgfeedback.processing.bandwidth import TYPICAL_HZ, Grid, power_kept

DEEP_HZ, SHALLOW_HZ = (45.0, 90.0), (75.0, 150.0)
"""Two muscles a quarter below and above the typical one: medians 72 and 120 Hz before the band is cut."""

UNCALIBRATED = "uncalibrated"
UNCALIBRATED_UP_TO_HZ = 250.0
SPECTRAL_FROM_HZ = 500.0
MICROVOLTS_FROM_HZ = 1000.0

CHAIN_WORDS = {
    "device": "board",
    "fs_hz": "sampling rate in Hz",
    "band_hz": "band in Hz",
    "lsb_uv": "step of the converter in µV (its gain)",
    "notch_hz": "mains notch in Hz (0 is none)",
}


def raw_ratio_bias(grid: Grid, averaged: int = 1) -> float:
    """Factor by which a ratio of microvolts favours a deep muscle over a shallow one, of equal amplitude.

    √(power kept at a median of 72 Hz / power kept at 120 Hz): 1.06 at 1000 Hz, 1.40 at 250, 1.49 at 200
    and 1.66 at 125 Hz (averaged) without a trunk channel. A reference through the same chain cancels it.
    """
    return math.sqrt(power_kept(grid, DEEP_HZ, averaged) / power_kept(grid, SHALLOW_HZ, averaged))


def rate_words(grid: Grid, averaged: int = 1) -> str:
    """What this rate shows of EMG and what may be compared, for the person who reads the numbers."""
    band = f"{grid.band_hz[0]:g}-{grid.band_hz[1]:g} Hz"
    kept_pct = 100 * power_kept(grid, TYPICAL_HZ, averaged)
    sees = f"This board at {grid.fs_hz:g} Hz sees about {kept_pct:.0f} % of normal EMG power (band {band})."
    return f"{sees} {_comparable(grid.fs_hz)}"


def _comparable(fs_hz: float) -> str:
    if fs_hz >= MICROVOLTS_FROM_HZ:
        return (
            "Percent of reference and ratios are sound; microvolts and spectra compare with values that "
            "were published for the same band and placement."
        )
    if fs_hz >= SPECTRAL_FROM_HZ:
        return (
            "Percent of reference and ratios are sound; the spectrum is cut short, so microvolts and "
            "fatigue frequency are not comparable with published 1000 Hz values."
        )
    if fs_hz >= 160:
        return (
            "Percent of reference and ratios from the same board are usable; microvolts and fatigue "
            "frequency are not comparable with published 1000 Hz values."
        )
    return (
        "This is a cue for the patient and no measurement: mains and folded frequencies lie in the band, "
        "and nothing of it is comparable with published values."
    )


def ratio_mark(fs_hz: float, normalised: bool) -> str:
    """The word that stands beside a ratio or share: "uncalibrated", or "" where none is needed.

    Parameters
    ----------
    normalised : whether each muscle is in percent of its own reference through the same chain
    """
    return UNCALIBRATED if not normalised and fs_hz <= UNCALIBRATED_UP_TO_HZ else ""


def ratio_words(grid: Grid, normalised: bool, averaged: int = 1) -> str:
    """Why a ratio is marked "uncalibrated" and what to do, in one sentence; "" where it is not marked."""
    if not ratio_mark(grid.fs_hz, normalised):
        return ""
    bias = raw_ratio_bias(grid, averaged)
    return (
        f"uncalibrated: at {grid.fs_hz:g} Hz a ratio of microvolts can be wrong by a factor of {bias:.1f}, "
        "because the board sees more of a deep muscle than of a shallow one; "
        "take a reference contraction of each muscle"
    )


def poolable(chain_a: Mapping[str, Any], chain_b: Mapping[str, Any]) -> str:
    """Why microvolts or raw ratios of two chains must not be pooled, in one sentence; "" where they may.

    Parameters
    ----------
    chain_a, chain_b : what `calibration.chain_of` gives: board, rate, band, step and notch
    """
    for key, words in CHAIN_WORDS.items():
        if key not in chain_a or key not in chain_b:
            return f"the two chains cannot be compared: {words} is not stated; keep their numbers apart"
        if chain_a[key] != chain_b[key]:
            return (
                f"the two chains differ: {words} is {_plain(chain_a[key])} in one and {_plain(chain_b[key])} "
                "in the other; keep their microvolts and raw ratios apart, compare percent of reference only"
            )
    return ""


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "-".join(_plain(part) for part in value)
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def spectral_fatigue_off(fs_hz: float) -> str:
    """Why median and mean frequency are not offered at this rate, in one sentence; "" where they are.

    Median frequency needs 512 Hz or more and 4 s windows; at 250 Hz the band ends near 110 Hz and its fall
    is understated.
    """
    if fs_hz >= SPECTRAL_FROM_HZ:
        return ""
    return (
        f"median frequency is off at {fs_hz:g} Hz: the board cuts the spectrum short and a fall would be "
        f"understated; record with {SPECTRAL_FROM_HZ:g} Hz or more, or watch amplitude at a constant task"
    )
