"""Mistakes in exercise files: each is told with its line, what was found and what to write."""

import math
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_kit import EXAMPLE, changed

from emgfeedback.errors import ProtocolError
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.training.protocol_errors import line_numbers

REPO = Path(__file__).resolve().parent.parent
DEMO = (REPO / "protocols" / "demo.toml").read_text(encoding="utf-8")


def mistakes(text: str) -> list[str]:
    """Return the lines of the error that a text causes."""
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, "x.toml")
    return str(caught.value).splitlines()


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    windows = "\ufeff" + EXAMPLE.replace("\n", "\r\n")
    assert parse_protocol(windows, "x.toml").phases == parse_protocol(EXAMPLE, "x.toml").phases
    wrong = "\ufeff" + changed(("seconds = 8", "seconds = 0")).replace("\n", "\r\n")
    assert [line.split(":")[1] for line in mistakes(wrong)] == [" line 35"]


def test_three_mistakes_give_three_lines_with_their_line_numbers() -> None:
    text = changed(
        ("hold_s = 3", "hold_s = 0"), ("seconds = 8", "seconds = -5"), ('muscle = "vl"', 'muscle = "vll"')
    )
    assert mistakes(text) == [
        "x.toml: line 9: [reward]: hold_s = 0 is below 0.1; "
        "write the good seconds that earn a reward, from 0.1 to 3600, such as 3",
        'x.toml: line 27: phase 3 "reference": muscle = "vll" is neither target nor rival; '
        "write one of vmo, vl",
        'x.toml: line 35: phase 4 "work": seconds = -5 is below 0.1; '
        "write a number of seconds such as 10, from 0.1 to 3600",
    ]


TOLD = [
    ("schema = 1", "schema = 2", "1: schema = 2 is above 1; write schema = 1"),
    ("schema = 1", "schema = true", "1: schema = true is not a whole number; write schema = 1"),
    ('id = "X1"', 'id = "../x"', '2: id = "../x" cannot be used; write 1 to 32 letters and digits'),
    ('name = "Example"', "", "1: name is missing; write a name"),
    ('["vl"]', '["vl", "VL"]', '5: rivals entry 2 = "VL" is not known; write 1 to 7 muscle codes'),
    ('["vl"]', "[]", "5: rivals is empty; write 1 to 7 muscle codes"),
    ('["vl"]', '["vl", "vmo"]', '5: "vmo" is the target and a rival; write another muscle'),
    ('["vl"]', '["vl", "vl"]', '5: "vl" stands twice in rivals; write it once'),
    ('["vl"]', '["vl"]\nneeds = ["ABC"]', '6: needs entry 1 = "ABC" is not known; write a list'),
    ('["vl"]', '["vl"]\nsides = "left"', '6: sides = "left" is not known; write "open", "stance"'),
    ("hold_s = 3", "hold = 3", "9: [reward]: unknown key hold; did you mean hold_s?"),
    ("hold_s = 3", "", "7: [reward]: hold_s is missing; write hold_s = 3"),
    ("hold_s = 3", "hold_s = 9", '35: phase 4 "work": seconds = 8 is shorter than hold_s = 9; write 9'),
    ("hold_s = 3", "hold_s = 3\nratio = 0.1", "10: [reward]: ratio = 0.1 is below 0.2; write how many"),
    ("hold_s = 3", "hold_s = 3\nratio = nan", "10: [reward]: ratio = nan is not a finite number; write"),
    ("hold_s = 3", "hold_s = 3\nceiling_pct = 5", "10: [reward]: ceiling_pct = 5 is not above min_level"),
    ("hold_s = 3", "hold_s = 3\ntarget = 'a'", "10: [reward]: key target does not belong here; write it"),
    ("hold_s = 3", "hold_s = 3\nmuscle = 'a'", "10: [reward]: key muscle does not belong here; write it"),
    ("hold_s = 3", "hold_s = 3\n[coaching]\nvm = 'Ease.'", "11: [coaching]: vm is not a rival; write"),
    ('rule = "hold"', 'rule = "observe"', "9: [reward]: hold_s has no meaning with rule ="),
    ('kind = "work"', 'kind = "relax"', '8: [reward]: rule = "hold" without a work phase; write one'),
    ("repeat = 3", "repeat = 0", "31: block 2: repeat = 0 is below 1; write a whole number"),
    ("repeat = 3", "repeat = 2.5", "31: block 2: repeat = 2.5 is not a whole number; write"),
    ("repeat = 3", "repeat = 1000", "30: block 2: makes 2003 phases in all; write at most 1000"),
    ("seconds = 8", "seconds = 8\nhint = ''", '36: phase 4 "work": hint = "" is empty; write one line'),
    ("seconds = 8", "seconds = 3601", '35: phase 4 "work": seconds = 3601 is above 3600; write'),
    ("seconds = 8", "seconds = inf", '35: phase 4 "work": seconds = inf is not a finite number; write'),
    ("seconds = 8", "seconds = nan", '35: phase 4 "work": seconds = nan is not a finite number; write'),
    ("seconds = 8", 'seconds = "8"', '35: phase 4 "work": seconds = "8" is not a number; write'),
    ("seconds = 8", "seconds = true", '35: phase 4 "work": seconds = true is not a number; write'),
    ("seconds = 8", "secnds = 8", '35: phase 4 "work": unknown key secnds; did you mean seconds?'),
    ("seconds = 8", "seconds = 8\nreps = 5", '36: phase 4 "work": unknown key reps; write one of kind,'),
    ("seconds = 8", "seconds = 8\nmuscle = 'vl'", '36: phase 4 "work": muscle = "vl" belongs to a ref'),
    ("seconds = 10", "seconds = 4", '15: phase 1 "rest": seconds = 4 is too short to calibrate; write 5'),
    ('muscle = "vl"', "", '24: phase 3 "reference": muscle is missing; write muscle = and one of vmo, vl'),
    ('muscle = "vl"', 'muscle = "vmo"', '33: phase 4 "work": no reference of "vl" stands before it;'),
    ('kind = "rest"', 'kind = "relax"', '13: phase 1 "relax": stands before the rest is measured;'),
    ('kind = "relax"', 'kind = "rest"', '39: phase 5 "rest": kind = "rest" comes after exercise'),
    ('kind = "work"', 'kind = "hold"', '34: phase 4 "hold": kind = "hold" is not known; write "rest"'),
    ("Press and hold.", "Press " * 12, '36: phase 4 "work": cue = "Press Press'),
    ("Press and hold.", "Press\\u001b[31m", '36: phase 4 "work": cue = "Press?[31m" cannot be used; write'),
]


@pytest.mark.parametrize(("old", "new", "told"), TOLD)
def test_each_mistake_is_told_with_its_line_and_what_to_write(old: str, new: str, told: str) -> None:
    assert any(line.startswith(f"x.toml: line {told}") for line in mistakes(changed((old, new))))


def test_four_hours_are_the_limit() -> None:
    fits = changed(("repeat = 3", "repeat = 4"), ("seconds = 8", "seconds = 3590"))
    assert parse_protocol(fits, "x.toml").repetitions == 4
    assert mistakes(fits.replace("3590", "3595")) == [
        "x.toml: line 30: block 2: makes 14416 s in all; write at most 14400 (4 hours)"
    ]


def test_a_thousand_phases_are_the_limit() -> None:
    text = changed(("repeat = 3", "repeat = 498"), ("seconds = 8", "seconds = 3"))
    assert len(parse_protocol(text, "x.toml").phases) == 999
    assert "makes 1001 phases" in mistakes(text.replace("498", "499"))[0]


def test_one_mistake_does_not_cause_another_line() -> None:
    assert len(mistakes(changed(('kind = "work"', 'knid = "work"')))) == 1
    assert len(mistakes(changed(('target = "vmo"', "target = 3")))) == 1
    assert len(mistakes(changed(('muscle = "vmo"', "muscle = 3")))) == 1
    assert len(mistakes(changed(("seconds = 8", 'seconds = "8"')))) == 1


def test_mistakes_between_values_are_told_together_with_wrong_values() -> None:
    told = mistakes(
        changed(("hold_s = 3", "hold_s = 9"), ('id = "X1"', "id = 7"), ("seconds = 4", "seconds = 0"))
    )
    assert [line.split(":")[1] for line in told] == [" line 2", " line 35", " line 40"]


def test_text_that_is_not_toml_is_told_with_line_and_column() -> None:
    assert mistakes(changed(("repeat = 3", "repeat 3")))[0].startswith(
        "x.toml: line 31, column 8: not TOML: "
    )
    assert mistakes("schema = 1\nid = ")[0].startswith("x.toml: line 2")


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "a = [\n" + "[\n" * 5000, "a = " + "9" * 5000, "a = 0x" + "f" * 9000, "x" * 20000],
    ids=["deep", "deep-lines", "digits", "hex", "line"],
)
def test_hostile_text_is_one_clear_sentence(text: str) -> None:
    assert mistakes(text)[0].startswith("x.toml")
    assert len(mistakes(text)[0]) < 300


def test_a_flood_of_mistakes_is_cut() -> None:
    told = mistakes("".join(f"hold_{i} = 1\n" for i in range(5000)) + EXAMPLE)
    assert len(told) == 101
    assert told[-1] == "x.toml: and more mistakes; correct these first"


def test_lines_are_found_in_spite_of_strings_comments_and_lists() -> None:
    text = (
        'a = """\n[not.a.table]\nb = 1\n"""\n'  # 1-4
        "c = [ # ]\n  [1], '[[x]]', \"= {\",\n]\n"  # 5-7
        "d.e = { f = 1 }\n"  # 8
        "[[block]]\n[[block.phase]]\n'kind' = 1\n"  # 9-11
        "[[block]]\n[[block.phase]]\n[[block.phase]]\nkind = 2 # kind = 3\n"  # 12-15
        "[ block.phase.more ]\nx = '''y''''\n"  # 16-17
    )
    lines = line_numbers(text)
    assert tomllib.loads(text)["block"][1]["phase"][1]["more"] == {"x": "y'"}
    assert lines == {
        ("a",): 1,
        ("c",): 5,
        ("d",): 8,
        ("d", "e"): 8,
        ("block", 0): 9,
        ("block", 0, "phase", 0): 10,
        ("block", 0, "phase", 0, "kind"): 11,
        ("block", 1): 12,
        ("block", 1, "phase", 0): 13,
        ("block", 1, "phase", 1): 14,
        ("block", 1, "phase", 1, "kind"): 15,
        ("block", 1, "phase", 1, "more"): 16,
        ("block", 1, "phase", 1, "more", "x"): 17,
    }


FRAGMENTS = [
    *(
        "",
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "#",
        '"',
        "'''",
        "\n",
        "\r",
        "\x00",
        '"\\u0000"',
        "[[]]",
        "[block]\n",
    ),
    *("3", "-1", "nan", "inf", "1e999", "true", "0xffffffffffffffffffffff", "2020-01-01"),
    *(
        "[[block]]\n",
        "[[block.phase]]\n",
        "[reward]\n",
        "muscle = 'x'\n",
        "coaching.tfl = 1\n",
        "kind",
        "schema",
    ),
]


@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(DEMO)), st.integers(0, 40), st.sampled_from(FRAGMENTS) | st.text(max_size=8)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_mutated_files_give_a_protocol_or_a_protocol_error(edits: list[tuple[int, int, str]]) -> None:
    text = DEMO
    for start, length, fragment in edits:
        text = text[:start] + fragment + text[start + length :]
    try:
        protocol = parse_protocol(text, "mutant.toml")
    except ProtocolError as error:
        strange = [line for line in str(error).split("\n") if not line.startswith("mutant.toml: ")]
        assert not strange
    else:
        assert all(math.isfinite(phase.seconds) and phase.seconds > 0 for phase in protocol.phases)


@given(
    line=st.integers(0, DEMO.count("\n")),
    value=st.sampled_from(
        ["3", "-1.5", "nan", "true", '""', '"gmed"', "[]", "[1]", "{}", "[{}]", "{a = 1}", "07:00:00"]
    ),
)
def test_any_value_of_any_type_for_any_key_is_told_on_its_line(line: int, value: str) -> None:
    lines = DEMO.split("\n")
    key = re.match(r"(\w+) = [^\[]", lines[line] + " ")
    if key is None:
        return
    lines[line] = f"{key[1]} = {value}"
    try:
        parse_protocol("\n".join(lines), "x.toml")
    except ProtocolError as error:
        told = str(error)
        assert f"line {line + 1}: " in told or "phase 9" in told or "[coaching]" in told or "[reward]" in told
