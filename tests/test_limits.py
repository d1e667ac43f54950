"""The limits file of a person: what is not said is locked, what cannot be meant is refused with its line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emgfeedback.errors import InputError
from emgfeedback.training.forms import MAXIMA, REFERENCES, TESTS, Form
from emgfeedback.training.limits import limits_for, limits_to_toml, parse_limits
from emgfeedback.training.permissions import (
    KEYS,
    LOCKED,
    SQUEEZE,
    STAGES,
    WEIGHT_BEARING,
    Grant,
    Limits,
    Permissions,
    missing,
    no_limits,
    not_permitted,
)
from emgfeedback.training.safety import (
    AFTER_SURGERY,
    CONTRAINDICATIONS,
    ELECTRICAL,
    PROTECTED_STAGES,
    SAFETY,
    SKIN,
    STOP_RULES,
    protected_ceiling_pct,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "limits.md"
TODAY = "2026-11-20"
TEXT = """\
[left]
no_limits = { who = "A. Smith", until = 2027-01-31 }

[right]
procedure = "periacetabular osteotomy"
approach = "anterior"
surgery_on = 2026-09-01
healing = true
weight_bearing = "toe-touch"
stage = "S0"

[[right.permit]]
key = "RES"
who = "A. Smith"
why = "week 8"
until = "2026-12-31"
"""


def wrong(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_limits(text, "P7.toml")
    return str(caught.value).splitlines()


def test_a_file_says_what_each_leg_may_do() -> None:
    assert parse_limits(TEXT, "P7.toml") == {
        "left": no_limits("A. Smith", "2027-01-31"),
        "right": Permissions(
            (Grant("RES", "A. Smith", "week 8", "2026-12-31"),),
            weight_bearing="toe-touch",
            stage="S0",
            procedure="periacetabular osteotomy",
            approach="anterior",
            surgery_on="2026-09-01",
            healing=True,
        ),
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "[right]\n", "\ufeff[left]\n"])
def test_what_a_file_does_not_say_is_locked(text: str) -> None:
    assert parse_limits(text, "P7.toml") == {"left": LOCKED, "right": LOCKED}


def test_the_side_that_is_trained_decides_which_leg_is_which() -> None:
    sides = parse_limits(TEXT, "P7.toml")
    assert limits_for(sides, "right") == Limits(sides["right"], sides["left"])
    assert limits_for(sides, "left") == Limits(sides["left"], sides["right"])
    assert limits_for({"left": sides["left"]}, "right") == Limits(LOCKED, sides["left"])
    with pytest.raises(InputError, match="side 'both' is not known; write left or right"):
        limits_for(sides, "both")


@pytest.mark.parametrize(
    ("said", "healing"),
    [
        ('procedure = "osteotomy"', True),
        ('procedure = "osteotomy"\nhealing = false', False),
        ("", False),
        ("healing = true", True),
    ],
)
def test_after_an_operation_the_bone_counts_as_not_healed_until_somebody_says_so(
    said: str, healing: bool
) -> None:
    permit = f'[[left.permit]]\nkey = "ROLL"\nwho = "A"\nwhy = "B"\nuntil = {TODAY}\n'
    leg = parse_limits(f"[left]\n{said}\n{permit}", "P7.toml")["left"]
    assert leg.healing is healing
    assert missing(("ROLL",), leg, TODAY) == (("ROLL",) if healing else ())


PERMIT = '[[left.permit]]\nkey = "RES"\nwho = "A"\nwhy = "B"\nuntil = 2026-12-31\n'


SIGNED = "[left]\nno_limits = { who = 'A', until = 2027-01-31 }\n"


@pytest.mark.parametrize(
    ("text", "line", "found", "advice"),
    [
        ("left = 3", 1, "left is not a table", "write [left]"),
        ("[top]\n", 1, "unknown key top", "write one of left, right"),
        ("[rihgt]\n", 1, "unknown key rihgt", "did you mean right?"),
        ("[left]\n\nwieght_bearing = 'full'", 3, "wieght_bearing", "did you mean weight_bearing?"),
        ("[left]\nweight_bearing = 'some'", 2, "'some' is not known", "write one of none, toe-touch,"),
        ("[left]\nweight_bearing = 20", 2, "is not a text in quotes", "write one of none, toe-touch,"),
        ("[left]\nstage = 'S9'", 2, "stage 'S9' is not known", "write one of S0"),
        ("[left]\nhealing = 'no'", 2, "healing is not true or false", "write true while"),
        ("[left]\nsurgery_on = 'May'", 2, "surgery on 'May' is no date", "such as 2026-09-01"),
        ("[left]\nsurgery_on = '2026-02-30'", 2, "'2026-02-30' is no date", "such as 2026-09-01"),
        ("[left]\nsurgery_on = 08:30:00", 2, "'08:30:00' is no date", "such as 2026-09-01"),
        ('[left]\nprocedure = "a\\u0007"', 2, "procedure is not one line", "write it shorter"),
        (f"[left]\napproach = '{'a' * 201}'", 2, "at most 200 characters", "write it shorter"),
        (PERMIT.replace("RES", "HOP"), 1, "[[left.permit]] 1: permission 'HOP'", "write one of ABD, RES"),
        (PERMIT.replace("RES", "res"), 1, "permission 'res' is not known", "write one of ABD, RES"),
        (PERMIT.replace('"A"', '" "'), 1, "who is empty", "every permission carries a name"),
        (PERMIT.replace('why = "B"\n', ""), 1, "why is missing", "write the reason"),
        (PERMIT.replace("2026-12-31", "'soon'"), 1, "until 'soon' is no date", "such as 2027-01-31"),
        (PERMIT.replace('"A"', "2026-12-31"), 3, "who is not a text", "the name of the clinician"),
        (PERMIT + "by = 'A'\n", 6, "unknown key by", "write one of key, who, why, until"),
        (PERMIT + PERMIT, 6, "[[left.permit]] 2: key RES is permitted twice", "write it once"),
        ("[left.permit]\nkey = 'RES'", 1, "permit is not a list", "in double brackets"),
        ("[left]\npermit = ['RES']", 2, "1: is no table", "in double brackets"),
        (SIGNED.replace(", until = 2027-01-31", ""), 2, "no_limits: until is missing", "write the last day"),
        (SIGNED.replace("'A'", "''"), 2, "no_limits: who is empty", "every permission carries a name"),
        ("[left]\nno_limits = true", 2, "no_limits is not a table", 'write { who = "A. Smith"'),
        (SIGNED + "procedure = 'x'", 2, "no_limits: stands beside procedure", "write it alone"),
        ("[left\n", 1, "not TOML", "correct this line"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence_with_its_line(
    text: str, line: int, found: str, advice: str
) -> None:
    (message,) = wrong(text)
    assert re.match(rf"P7\.toml: line {line}\b", message)
    before, _, after = message.partition(";")
    assert found in before
    assert advice in after


@pytest.mark.parametrize(
    "text", ["name = 'X'", "[left]\nName = 'X'", PERMIT + "patient = 'X'\n", "birthday = 1"]
)
def test_a_name_of_a_patient_is_refused_with_the_reason(text: str) -> None:
    (line,) = wrong(text)
    assert "is refused, because limits carry no names of patients; name the file by their code" in line
    assert "'X'" not in line


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    text = "[left]\nstage = 'S9'\nname = 'X'\n[right]\nhealing = 1\nweight_bearing = 'most'\n[middle]\n"
    assert [re.findall(r"line (\d+)", line) for line in wrong(text)] == [["2"], ["3"], ["5"], ["6"], ["7"]]


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 60_000,
        "#" * 200_000,
        "a = " + "9" * 1900,
        "\n" * 100_001,
        "a" * 3000,
        'left = "\\ud800"',
    ],
)
def test_junk_is_refused_without_a_traceback(text: str) -> None:
    assert all(line.startswith("P7.toml: ") for line in wrong(text))


words = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)
days = st.dates().map(lambda day: day.isoformat())
grants = st.builds(Grant, st.sampled_from((*KEYS, SQUEEZE)), words, words, days)
legs = st.builds(
    Permissions,
    grants=st.lists(grants, max_size=4, unique_by=lambda grant: grant.key).map(tuple),
    weight_bearing=st.sampled_from(("", *WEIGHT_BEARING)),
    stage=st.sampled_from(("", *STAGES)),
    procedure=st.just("") | words,
    approach=st.just("") | words,
    surgery_on=st.just("") | days,
    healing=st.booleans(),
)


@given(left=legs | st.builds(no_limits, words, days), right=legs)
def test_what_is_saved_is_read_back_the_same(left: Permissions, right: Permissions) -> None:
    sides = {"left": left, "right": right}
    assert parse_limits(limits_to_toml(sides), "saved") == sides


def test_of_two_grants_of_one_key_the_one_that_holds_longest_is_saved() -> None:
    long, short = (Grant("RES", "A", "B", until) for until in ("2026-12-31", "2026-11-01"))
    saved = limits_to_toml({"left": Permissions((long, short))})
    assert parse_limits(saved, "saved")["left"].grants == (long,)
    assert limits_to_toml({}) == limits_to_toml({"right": LOCKED}) == ""


def test_the_example_of_the_page_is_read_and_means_what_the_page_says() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    limits = limits_for(parse_limits(example, "example"), "right")
    assert not_permitted(KEYS, "DYN", limits.other, "2026-11-20") == ()
    assert "RES" not in missing(KEYS, limits.trained, "2026-11-20")
    assert not_permitted((), "PWB", limits.trained, "2026-11-20") == ("weight bearing: partial",)
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{word}`" in page for word in (*KEYS, SQUEEZE, *WEIGHT_BEARING))


PLACES = {
    "gmed": "side of hip",
    "tfl": "front of hip",
    "ql": "waist",
    "brace": "belly",
    "extension": "buttock",
}


@pytest.mark.parametrize(("word", "table"), [("test", TESTS), ("reference", REFERENCES), ("maximal", MAXIMA)])
def test_the_page_names_the_needs_of_every_contraction(word: str, table: dict[str, tuple[Form, ...]]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for muscle, forms in table.items():
        (cells,) = re.findall(rf"^\| {word}, {PLACES[muscle]} \| (.*?) \|(.*)\|$", page, re.MULTILINE)
        assert cells[0] == (", ".join(forms[0].needs) or "nothing")
        gentle = [", ".join(form.needs) or "nothing" for form in forms[1:]]
        assert cells[1].strip().partition(":")[0] == (*gentle, "none" if word == "maximal" else "")[0]


def test_the_safety_texts_are_short_drafts_for_a_clinician_and_promise_nothing() -> None:
    for page in SAFETY:
        assert page.review == "Draft text: a clinician must approve it."
        assert page.sentences
        for sentence in page.sentences:
            assert sentence.endswith(".")
            assert len(sentence) <= 110
            assert not re.search(r"\b(cure|heals|guarantee|will help|safe)\b", sentence, re.IGNORECASE)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (STOP_RULES, ("above 3 of 10", "clicks", "groin", "numb", "dizzy", "calf", "wound")),
        (CONTRAINDICATIONS, ("operation", "heart", "epilepsy", "pacemaker", "impedance")),
        (ELECTRICAL, ("battery", "charge", "isolator", "electrosurgery", "defibrillator", "stimulation")),
        (SKIN, ("adhesives", "wound", "rash", "infection", "six weeks", "fragile", "itches", "red")),
        (AFTER_SURGERY, ("surgeon", "locked", "weeks", "who gave it, why", "dose")),
    ],
)
def test_the_safety_texts_leave_nothing_of_their_source_out(page, words: tuple[str, ...]) -> None:
    text = " ".join(page.sentences)
    assert [word for word in words if word not in text] == []


def test_a_protected_stage_has_a_ceiling_by_the_kind_of_reference() -> None:
    assert PROTECTED_STAGES == ("S0",)
    kinds = ("mvic", "submaximal", "session_peak", "none")
    assert [protected_ceiling_pct(kind) for kind in kinds] == [60, 120, 120, 120]
