"""The page for clinicians against the model and the pictures it shows."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from truth_kit import published

from emgfeedback.processing.bandwidth import TYPICAL_HZ, grid_for, power_kept
from emgfeedback.training.honesty import raw_ratio_bias

PAGE = Path(__file__).resolve().parent.parent / "docs" / "truth.md"
IMAGE = re.compile(r"!\[([^\]]+)\]\(([^)]+)\)")
LARGEST_BYTES = 150_000


def text() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def tired_gain(fs_hz: float) -> float:
    """How much stronger a muscle reads when its whole spectrum sinks by a fifth at the same power."""
    grid = grid_for(fs_hz, trunk=False)
    sunk_hz = (0.8 * TYPICAL_HZ[0], 0.8 * TYPICAL_HZ[1])
    return math.sqrt(power_kept(grid, sunk_hz) / power_kept(grid, TYPICAL_HZ))


def test_every_picture_is_there_is_small_and_is_described_in_words() -> None:
    pictures = IMAGE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(pictures) >= 4
    for words, name in pictures:
        assert 0 < (PAGE.parent / name).stat().st_size <= LARGEST_BYTES, name
        assert len(words) > 40, name


def test_every_drawn_picture_is_shown() -> None:
    shown = {name for _, name in IMAGE.findall(PAGE.read_text(encoding="utf-8"))}
    drawn = {f"images/{file.name}" for file in (PAGE.parent / "images").glob("truth_*")}
    assert drawn == shown


def test_the_figures_of_the_rates_are_those_of_the_model() -> None:
    grids = {fs_hz: grid_for(float(fs_hz), trunk=False) for fs_hz in published.AVERAGED}
    kept = [f"{100 * power_kept(grid, averaged=published.AVERAGED[fs]):.0f}" for fs, grid in grids.items()]
    bias = [f"{raw_ratio_bias(grid, published.AVERAGED[fs]):.2f}" for fs, grid in grids.items()]
    for values in (kept, bias):
        assert f"{', '.join(values[:-1])} and {values[-1]}" in text()


def test_what_a_tired_muscle_gains_is_that_of_the_model() -> None:
    at_250_pct, at_1000_pct = (100 * (tired_gain(fs_hz) - 1) for fs_hz in (250.0, 1000.0))
    assert f"reads {at_250_pct:.0f} % stronger at the same effort (at 1000 Hz: {at_1000_pct:.0f} %" in text()


def test_the_crosstalk_of_the_page_is_that_of_its_formula() -> None:
    seen = math.sqrt((4**2 + 0.2**2) / (1 + (0.2 * 4) ** 2))
    assert f"a true 4 : 1 reads {seen:.1f} : 1" in text()


@pytest.mark.parametrize(
    "words", ["not a medical device", "No benefit is promised", "first-session.md#safety"]
)
def test_the_page_says_what_the_program_is_not(words: str) -> None:
    assert words in text()


def test_the_page_explains_every_word_of_the_screen() -> None:
    for word in ("Share", "Margin", "leader", "At least", "not measurable", "%MVIC", "%RVC", "uncalibrated"):
        assert word in text(), word
