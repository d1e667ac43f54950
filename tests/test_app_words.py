"""What the console says of the work, from a `Dominance` made by hand."""

import math

import pytest

from emgfeedback.app import words
from emgfeedback.training.dominance import NOT_MEASURABLE
from emgfeedback.values import Dominance, Event

NAN = math.nan
TWICE, HALF = math.log(2), -math.log(2)


def dominance(**changes: object) -> Dominance:
    values: dict[str, object] = {
        "share": 0.5,
        "share_low": 0.44,
        "share_high": 0.56,
        "margin_ln": TWICE,
        "margin_low_ln": 0.4,
        "confidence": 0.9,
        "leader": "gmed",
        "measurable": True,
        "ratio_ln": (TWICE, NAN),
        "ratio_low_ln": (0.4, math.log(4)),
        "ratio_high_ln": (1.0, NAN),
    }
    return Dominance(**(values | changes))  # type: ignore[arg-type]


def test_the_leader_is_named_by_the_word_of_its_place() -> None:
    text = words.leading(dominance(leader="ql"), "GMed", "ratio")
    assert text == "Waist (QL site) leads · GMed 50 % (44 to 56)"


def test_nothing_is_compared_before_calibration_or_under_the_floor() -> None:
    assert words.leading(NOT_MEASURABLE, "GMed", "uncalibrated").startswith("Not calibrated")
    assert words.leading(NOT_MEASURABLE, "GMed", "quality:tfl") == "Not measurable now"
    assert words.leading(NOT_MEASURABLE, "GMed", "gate") == "At rest"
    assert words.ratios(NOT_MEASURABLE, "GMed", ["TFL"]) == ""


def test_every_number_stands_with_its_bounds() -> None:
    text = words.ratios(dominance(), "GMed", ["TFL", "waist"])
    assert text == "GMed is 2.0 (1.5-2.7) × TFL · at least 4.0 × waist"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(NAN, HALF, "GMed is at most 0.5 × TFL"), (NAN, NAN, "GMed is not measurable against TFL")],
)
def test_a_ratio_without_a_number_says_what_is_known(low: float, high: float, expected: str) -> None:
    one = dominance(share=NAN, ratio_ln=(NAN,), ratio_low_ln=(low,), ratio_high_ln=(high,))
    assert words.ratios(one, "GMed", ["TFL"]) == expected


def test_the_heartbeat_is_told_with_its_number_and_silence_is_not() -> None:
    data = {
        "rate_bpm": 71.6,
        "residue_uv": [None, None, 0.31],
        "limit_uv": [None, None, 0.4],
        "taken_out": False,
    }
    assert words.note(Event(1, "heartbeat", data)) == (
        "Heart 72 per minute, 0.3 µV of it in the trunk channel at rest."
    )
    assert words.note(Event(1, "heartbeat", {**data, "rate_bpm": None, "residue_uv": [None] * 3})) == ""
