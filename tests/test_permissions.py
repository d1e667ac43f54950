"""Permissions: unknown is locked, a date ends them, and a locked test has a form of low load or none."""

import pytest

from emgfeedback.errors import InputError
from emgfeedback.training.permissions import (
    KEYS,
    LOCKED,
    MAXIMA,
    REFERENCES,
    TESTS,
    Grant,
    Permissions,
    choose,
    may_bear,
    missing,
    no_limits,
    permit,
)
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.values import Phase, Protocol

TODAY = "2026-11-20"
HEALTHY = no_limits("A. Smith", "2026-12-31")


def granted(*keys: str, stage: str = "") -> Permissions:
    return Permissions(tuple(Grant(key, "A. Smith", "week 8", "2026-12-31") for key in keys), stage=stage)


def check(*muscles: str) -> Protocol:
    phases = [Phase("rest", 10, "Rest"), *(Phase("test", 5, "Press", muscle=muscle) for muscle in muscles)]
    return Protocol(
        "P", "P", tuple(phases), "gmed", ("tfl", "ql"), 0.0, 1.32, 10.0, None, "open", coaching={}
    )


@pytest.mark.parametrize("key", KEYS)
def test_what_is_unknown_is_locked_and_what_is_granted_is_open(key: str) -> None:
    assert missing((key,), LOCKED, TODAY) == (key,)
    assert missing((key,), granted(key), TODAY) == ()
    assert missing((key,), granted(*(other for other in KEYS if other != key)), TODAY) == (key,)


def test_a_key_that_nobody_knows_is_locked_even_without_limits() -> None:
    assert missing(("ABD", "JUMP"), HEALTHY, TODAY) == ("JUMP",)


def test_a_grant_holds_through_its_last_day_and_not_longer() -> None:
    given = Permissions((Grant("ABD", "A. Smith", "week 8", "2026-11-20"),))
    assert missing(("ABD",), given, "2026-11-20") == ()
    assert missing(("ABD",), given, "2026-11-21") == ("ABD",)


def test_no_limits_is_an_entry_with_a_name_and_a_date_and_never_a_blank() -> None:
    assert missing(KEYS, HEALTHY, TODAY) == ()
    assert missing(KEYS, HEALTHY, "2027-01-01") == KEYS
    with pytest.raises(InputError, match="who is empty"):
        no_limits(" ", "2026-12-31")
    with pytest.raises(InputError, match="until '' is no date"):
        no_limits("A. Smith", "")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Grant("HOP", "A", "B", TODAY), "'HOP' is not known; write one of ABD"),
        (lambda: Grant("ABD", "A", "", TODAY), "why is empty"),
        (lambda: Permissions(weight_bearing="some"), "'some' is not known; write one of none"),
        (lambda: Permissions(stage="S9"), "'S9' is not known; write one of S0"),
        (lambda: may_bear("WB3", HEALTHY, TODAY), "'WB3' is not known; write one of NWB"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(make, why: str) -> None:
    with pytest.raises(InputError, match=why):
        make()


def test_weight_bearing_opens_classes_and_one_leg_asks_for_its_key() -> None:
    partial = Permissions(weight_bearing="partial")
    assert [load for load in ("NWB", "PWB", "WB2", "WB1", "DYN") if may_bear(load, partial, TODAY)] == [
        "NWB",
        "PWB",
    ]
    full = Permissions(weight_bearing="full")
    assert [load for load in ("WB2", "WB1", "DYN") if may_bear(load, full, TODAY)] == ["WB2"]
    assert may_bear("DYN", HEALTHY, TODAY)
    assert [load for load in ("NWB", "PWB") if may_bear(load, LOCKED, TODAY)] == ["NWB"]


@pytest.mark.parametrize(
    ("muscle", "keys", "form"),
    [
        ("gmed", ("RES", "LONG", "EXT"), "full"),
        ("gmed", ("RES", "LONG"), "low-load"),
        ("gmed", ("LONG", "EXT"), "not tested: needs RES"),
        ("tfl", ("FLEX", "ABD", "RES", "IR"), "full"),
        ("tfl", ("FLEX", "ABD", "RES"), "low-load"),
        ("tfl", ("ABD", "RES", "IR"), "not tested: needs FLEX"),
        ("ql", ("LONG",), "full"),
        ("ql", (), "low-load"),
        ("brace", (), "full"),
        ("extension", ("EXT",), "full"),
        ("extension", (), "not tested: needs SQUEEZE"),
        ("extension", ("SQUEEZE",), "low-load"),
    ],
)
def test_a_locked_test_takes_its_low_load_form_or_is_not_tested(muscle: str, keys: tuple, form: str) -> None:
    permitted, became = permit(check(muscle), granted(*keys), TODAY)
    assert became == {muscle: form}
    assert len(permitted.phases) == (1 if form.startswith("not") else 2)
    if form == "low-load":
        assert permitted.phases[1].cue == TESTS[muscle][-1].cue


def test_a_gluteal_squeeze_opens_with_the_stage_after_the_protected_one() -> None:
    squeeze = TESTS["extension"]
    assert choose(squeeze, granted(stage="S0"), TODAY) is None
    assert choose(squeeze, granted(stage="S1"), TODAY) == squeeze[-1]


def test_tests_of_muscles_without_a_table_stay_as_they_are() -> None:
    assert permit(check("vmo"), LOCKED, TODAY) == (check("vmo"), {})


def test_a_maximal_contraction_needs_its_key_at_every_stage_and_has_no_easy_form() -> None:
    for forms in MAXIMA.values():
        assert len(forms) == 1
        assert "MAX" in forms[0].needs
        assert choose(forms, granted(*(key for key in KEYS if key != "MAX"), stage="S5"), TODAY) is None


def test_every_muscle_of_the_programme_has_forms_and_every_need_is_a_known_key() -> None:
    assert set(TESTS) == {"gmed", "tfl", "ql", *NEIGHBOURS}
    assert set(REFERENCES) == set(MAXIMA) == {"gmed", "tfl", "ql"}
    for forms in (*TESTS.values(), *REFERENCES.values(), *MAXIMA.values()):
        assert all(need in (*KEYS, "SQUEEZE") for form in forms for need in form.needs)
        assert [form.low_load for form in forms] == sorted(form.low_load for form in forms)
        assert all(len(form.cue) <= 60 for form in forms)
