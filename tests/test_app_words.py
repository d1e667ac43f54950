"""What the console says of the work, from a `Dominance` made by hand."""

import math

import pytest

from emgfeedback.app import notes, words
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
    assert notes.note(Event(1, "heartbeat", data)) == (
        "Heart 72 per minute, 0.3 µV of it in the trunk channel at rest."
    )
    assert notes.note(Event(1, "heartbeat", {**data, "rate_bpm": None, "residue_uv": [None] * 3})) == ""


def test_under_a_line_below_one_the_target_is_better_than_at_the_start_and_never_leads() -> None:
    text = words.leading(dominance(leader="gmed"), "GMed", "", 0.6)
    assert text == "Better than the start · GMed 50 % (44 to 56)"
    behind = dominance(leader="ql", margin_ln=math.log(0.7))
    assert words.leading(behind, "GMed", "", 0.6).startswith("Better than the start")
    assert words.leading(behind, "GMed", "ratio", 0.8).startswith("Waist (QL site) leads")
    assert words.leading(dominance(leader="gmed"), "GMed", "", 1.32).startswith("GMed leads")


@pytest.mark.parametrize(
    ("withheld", "said"),
    [
        ("rival:tfl", "TFL over its ceiling"),
        ("rival:qlc", "Other waist over its ceiling"),
        ("quiet", "Waist over its quiet line"),
        ("ceiling", "GMed over its ceiling"),
        ("swing", "Swing: not judged until it stands (B)"),
        ("locked", ""),
        ("ratio", ""),
        ("", ""),
    ],
)
def test_what_else_is_missing_is_named(withheld: str, said: str) -> None:
    assert words.missing(withheld, "GMed", "ql") == said


def test_the_mode_is_named_when_one_rival_of_two_is_used_and_only_then() -> None:
    assert words.mode("gmed", ("tfl", "ql"), ("tfl",)) == "GMed + one rival (TFL)"
    assert words.mode("gmed", ("tfl", "ql"), ("ql",)) == "GMed + one rival (Waist)"
    assert words.mode("gmed", ("tfl", "ql"), ("tfl", "ql")) == ""
    assert words.mode("vmo", ("vl",), ("vl",)) == ""
    assert words.mode("vmo", ("vl", "vl"), ("vl",)) == ""


@pytest.mark.parametrize(
    ("code", "place"), [("lt", "shoulder blade"), ("ut", "top of shoulder"), ("qlc", "other waist")]
)
def test_every_target_and_rival_has_a_plain_place(code: str, place: str) -> None:
    assert words.muscle(code).place == place


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("veto", {"repetition": 3, "why": "leaned", "undo": False}, "Repetition 3 is not counted: leaned."),
        ("veto", {"repetition": 3, "why": "leaned", "undo": True}, "Repetition 3 counts again."),
        ("pain", {"score": 4.0}, "Pain 4 of 10."),
        ("pain", {"score": None}, "Pain: all is stopped."),
        ("acknowledge", {"who": "MX"}, "MX has looked. Go on when all is well."),
        (
            "ratio",
            {"from": 1.32, "to": 0.46, "cause": "start block"},
            "The line is now 0.46 : 1 (just above your start block).",
        ),
        (
            "ratio",
            {"from": 0.46, "to": 0.46, "cause": "shaping", "success_pct": 70.0, "block": 2},
            "The line stays at 0.46 : 1 (by the last set, 70 % of it met).",
        ),
        ("ratio", {"from": 1.0, "to": 1.1, "cause": "operator"}, "The line is now 1.10 : 1."),
        (
            "unlock",
            {"key": "EXT", "leg": "trained", "who": "MX", "why": "seen", "until": "2027-01-31"},
            "EXT is unlocked by MX until 2027-01-31.",
        ),
        (
            "unlock",
            {"key": "EXT", "who": "", "why": "", "until": "", "refused": "who is empty"},
            "Not unlocked: who is empty",
        ),
        ("set_stopped", {"block": 3, "missed": 3}, "The sets end here: 3 repetitions missed in a row."),
        ("quiet", {"muscle": "ql", "line_pct": 11.6}, "Quiet line of the waist: 12 % of reference."),
        (
            "ceiling",
            {"pct": 60.0, "cause": "protected stage"},
            "Top of the target: 60 % of reference (protected stage).",
        ),
        ("repetition", {"repetition": 3, "void": "veto: leaned"}, "Repetition 3 is not counted: leaned."),
        ("locked", {"words": "Not permitted yet: EXT."}, "Not permitted yet: EXT."),
        ("baseline", {"label": "Standing", "rms_uv": {}, "level_pct": {}}, "Standing: noted."),
        ("phase", {"index": 1}, ""),
    ],
)
def test_an_event_is_one_line_for_the_operator(kind: str, data: dict[str, object], said: str) -> None:
    assert notes.note(Event(1, kind, data)) == said
