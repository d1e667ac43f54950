"""What a session taught, as plain values and in words."""

import json
import math

import pytest

from emgfeedback.cli.common import lesson_lines, repetition_line
from emgfeedback.run.lessons import Lessons, finite_json, lessons_to_json
from emgfeedback.values import Event


def repetition(number: int, block: int, margin_ln: float, role: str = "", **about: object) -> dict:
    feedback = "off" if role else "live"
    told = {
        "repetition": number,
        "block": block,
        "role": role,
        "label": role,
        "feedback": feedback,
        "met": True,
        "met_fixed": False,
        "rewarded": feedback == "live",
        "margin_median_ln": margin_ln,
        "ratio_median_ln": {"tfl": margin_ln, "ql": margin_ln + 0.1},
        "good_s": 4.0,
        "longest_s": 3.0,
        "share_median": 0.4,
        "leader": "gmed",
        "tweak": {},
        "helps": {},
        "void": "",
    }
    return {**told, **about}


DONE = [
    *(repetition(i, 1, -0.9 + 0.01 * i, "start") for i in range(1, 6)),
    repetition(6, 2, -0.6),
    repetition(7, 2, -0.6, feedback="off", rewarded=False),
    *(repetition(i, 3, -0.2 + 0.01 * i, "probe", tweak={"label": "belt", "level": 3}) for i in range(8, 13)),
]


def told() -> dict:
    lessons = Lessons()
    lessons.add(Event(10, "ratio", {"from": 1.32, "to": 0.43, "cause": "start block"}))
    lessons.add(Event(20, "tweak", {"label": "belt", "level": 3}))
    made = lessons_to_json(lessons, DONE)
    return {**made, "repetitions": DONE, "rewards": 1, "rule": {"ratio": 1.32}}


def test_the_lessons_are_plain_json() -> None:
    made = told()
    json.dumps(made, allow_nan=False)
    assert [line["ratio"] for line in made["lines"]] == [1.32, 0.43]
    assert made["retests"][0]["verdict"] == "beyond"
    assert made["retests"][0]["tweak"] == "belt"
    assert made["seen_and_quiet"] == {
        "seen": 1,
        "seen_margin_ln": -0.6,
        "quiet": 1,
        "quiet_margin_ln": -0.6,
    }


def test_the_summary_says_them_in_words() -> None:
    rewards, quiet, line, belt = lesson_lines(told())
    assert rewards == "rewards: 1 of 1 repetitions with feedback"
    assert quiet == "quiet: 1 of 1 met the line unaided"
    assert line == "line: 1.32, 0.43 : 1; 0 met the fixed 1.32 : 1"
    assert belt.startswith("belt: x2.")


@pytest.mark.parametrize(
    ("about", "end"),
    [
        ({}, " - rewarded"),
        ({"void": "veto: leaned"}, " - void: veto: leaned"),
        ({"feedback": "off", "rewarded": False}, " - quiet, line met"),
        ({"feedback": "off", "rewarded": False, "met": False}, " - quiet"),
        ({"rewarded": False}, "gmed led"),
    ],
)
def test_a_repetition_says_whether_it_was_seen(about: dict, end: str) -> None:
    assert repetition_line(repetition(1, 2, 0.1, **about)).endswith(end)


def test_what_is_not_finite_is_null() -> None:
    assert finite_json({"a": [math.nan, (1.0, math.inf)]}) == {"a": [None, [1.0, None]]}
