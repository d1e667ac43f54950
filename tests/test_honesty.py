"""What a rate hides: the model against the table of boards and science's table, and the words."""

from __future__ import annotations

import math

import pytest

from emgfeedback.processing.bandwidth import grid_for, power_kept
from emgfeedback.sources.boards import boards
from emgfeedback.training.calibration import chain_of
from emgfeedback.training.honesty import (
    poolable,
    rate_words,
    ratio_mark,
    ratio_words,
    raw_ratio_bias,
    spectral_fatigue_off,
)
from emgfeedback.values import RIVAL, TARGET, Channel, StreamInfo

NARROW_HZ, WIDE_HZ = (30.0, 60.0), (80.0, 200.0)


def chain(**changes: object) -> dict[str, object]:
    channels = (Channel("1", "gmed", "right", TARGET), Channel("2", "ql", "right", RIVAL))
    info = StreamInfo(250.0, channels, "OpenBCI Cyton", 0.0223517)
    return {**chain_of(info, grid_for(250.0, trunk=True), 0.0), **changes}


@pytest.mark.parametrize(
    ("fs_hz", "averaged", "typical", "narrow", "wide"),
    [(1000, 1, 86, 96, 76), (250, 1, 29, 58, 15), (200, 1, 20, 45, 9), (125, 2, 12, 36, 5)],
)
def test_the_power_a_rate_keeps_is_that_of_the_table_for_every_spectrum(
    fs_hz: float, averaged: int, typical: float, narrow: float, wide: float
) -> None:
    grid = grid_for(fs_hz, trunk=False)
    assert 100 * power_kept(grid, averaged=averaged) == pytest.approx(typical, abs=1.5)
    assert 100 * power_kept(grid, NARROW_HZ, averaged) == pytest.approx(narrow, abs=2)
    assert 100 * power_kept(grid, WIDE_HZ, averaged) == pytest.approx(wide, abs=1.5)


def test_the_power_kept_is_that_of_the_table_of_boards() -> None:
    for board in boards():
        if board.verdict != "unusable":
            kept = power_kept(grid_for(board.fs_hz, trunk=False), averaged=board.averaged)
            assert board.emg_power_pct == pytest.approx(100 * kept, rel=1e-6)


@pytest.mark.parametrize(
    ("fs_hz", "averaged", "factor"), [(1000, 1, 1.06), (250, 1, 1.40), (200, 1, 1.49), (125, 2, 1.66)]
)
def test_a_raw_ratio_is_biased_by_the_known_factor(fs_hz: float, averaged: int, factor: float) -> None:
    assert raw_ratio_bias(grid_for(fs_hz, trunk=False), averaged) == pytest.approx(factor, abs=0.005)


@pytest.mark.parametrize(
    ("fs_hz", "averaged", "said"),
    [
        (1000, 1, "sees about 85 % of normal EMG power (band 20-450 Hz)"),
        (500, 1, "spectrum is cut short"),
        (250, 1, "sees about 29 % of normal EMG power (band 20-112 Hz)"),
        (200, 1, "not comparable with published 1000 Hz values"),
        (125, 2, "no measurement"),
    ],
)
def test_every_rate_says_what_it_sees_and_what_may_be_compared(
    fs_hz: float, averaged: int, said: str
) -> None:
    words = rate_words(grid_for(fs_hz, trunk=False), averaged)
    assert said in words
    assert words.endswith(".")


def test_microvolts_are_called_comparable_from_1000_hz_only() -> None:
    for fs_hz in (125.0, 200.0, 250.0, 500.0):
        assert "compare with" not in rate_words(grid_for(fs_hz, trunk=True))
    assert "compare with" in rate_words(grid_for(1000.0, trunk=True))


@pytest.mark.parametrize("fs_hz", [125.0, 200.0, 250.0])
def test_a_ratio_without_references_is_marked_uncalibrated_up_to_250_hz(fs_hz: float) -> None:
    assert ratio_mark(fs_hz, normalised=False) == "uncalibrated"
    assert ratio_mark(fs_hz, normalised=True) == ""
    words = ratio_words(grid_for(fs_hz, trunk=False), normalised=False)
    assert words.startswith("uncalibrated: ")
    assert words.endswith("take a reference contraction of each muscle")
    assert ratio_words(grid_for(fs_hz, trunk=False), normalised=True) == ""


def test_at_250_hz_the_words_name_the_factor_by_which_a_raw_ratio_can_be_wrong() -> None:
    assert "wrong by a factor of 1.4" in ratio_words(grid_for(250.0, trunk=False), normalised=False)


@pytest.mark.parametrize("fs_hz", [256.0, 500.0, 1000.0])
def test_above_250_hz_a_ratio_bears_no_mark(fs_hz: float) -> None:
    assert ratio_mark(fs_hz, normalised=False) == ""
    assert ratio_words(grid_for(fs_hz, trunk=False), normalised=False) == ""


def test_numbers_of_the_same_chain_may_be_pooled() -> None:
    assert poolable(chain(), chain(muscles=["gmed", "tfl"])) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"device": "OpenBCI Ganglion"}, "board is OpenBCI Cyton in one and OpenBCI Ganglion in the other"),
        ({"fs_hz": 1000.0}, "sampling rate in Hz is 250 in one and 1000 in"),
        ({"band_hz": [20.0, 112.0]}, "band in Hz is 30-112 in one and 20-112 in"),
        ({"lsb_uv": 0.5}, "gain) is 0.0223517 in one and 0.5 in"),
        ({"notch_hz": 50.0}, "notch in Hz (0 is none) is 0 in one and 50 in"),
    ],
)
def test_numbers_of_two_chains_are_kept_apart_and_the_sentence_names_what_differs(
    changes: dict[str, object], said: str
) -> None:
    words = poolable(chain(), chain(**changes))
    assert said in words
    assert "\n" not in words
    assert poolable(chain(**changes), chain())


def test_a_chain_that_does_not_say_its_band_is_not_pooled() -> None:
    silent = chain()
    del silent["band_hz"]
    assert "band in Hz is not stated" in poolable(chain(), silent)


@pytest.mark.parametrize("fs_hz", [125.0, 200.0, 250.0, 499.9, math.nan])
def test_median_frequency_is_off_below_500_hz_with_the_reason(fs_hz: float) -> None:
    assert "understated" in spectral_fatigue_off(fs_hz)


@pytest.mark.parametrize("fs_hz", [500.0, 512.0, 1000.0])
def test_median_frequency_is_on_from_500_hz(fs_hz: float) -> None:
    assert spectral_fatigue_off(fs_hz) == ""
