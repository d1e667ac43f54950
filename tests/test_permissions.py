"""Permissions: unknown is locked, a date ends them, and a locked test has a form of low load or none."""

import json
from dataclasses import replace

import pytest

from emgfeedback.errors import InputError
from emgfeedback.training.forms import MAXIMA, REFERENCES, TESTS
from emgfeedback.training.permissions import (
    KEY_WORDS,
    KEYS,
    LOCKED,
    NOBODY_ASKED,
    SQUEEZE,
    Grant,
    Limits,
    Permissions,
    choose,
    exercise_locks,
    form_for,
    form_locks,
    is_day,
    limits_from_json,
    limits_to_json,
    missing,
    no_limits,
    not_permitted,
    unlock,
    weeks_since,
    words,
)
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.values import Option, Phase, Protocol

TODAY = "2026-11-20"
HEALTHY = no_limits("A. Smith", "2026-12-31")


def granted(*keys: str, stage: str = "") -> Permissions:
    return Permissions(tuple(Grant(key, "A. Smith", "week 8", "2026-12-31") for key in keys), stage=stage)


EXERCISE = Protocol("P", "P", (), "gmed", ("tfl", "ql"), 0.0, 1.32, 10.0, None, "open", coaching={})


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
        (lambda: Grant("ABD", "A\nB", "C", TODAY), "who is not one line of at most 200"),
        (lambda: Grant("ABD", "A", "B" * 201, TODAY), "why is not one line of at most 200"),
        (lambda: Grant("ABD", "A", "B", "2026-02-30"), "until '2026-02-30' is no date"),
        (lambda: Grant("ABD", "A", "B", "２０２７-01-31"), "is no date"),
        (lambda: Permissions(surgery_on="2026"), "surgery on '2026' is no date"),
        (lambda: Permissions(procedure="a\tb"), "procedure is not one line"),
        (lambda: not_permitted((), "", HEALTHY, TODAY), "weight-bearing class '' is not known"),
        (lambda: not_permitted((), "WB3", HEALTHY, TODAY), "'WB3' is not known; write one of NWB"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(make, why: str) -> None:
    with pytest.raises(InputError, match=why):
        make()


@pytest.mark.parametrize("today", ["", "today", "2026-13-01", "20261120"])
def test_on_a_day_that_nobody_knows_every_grant_is_over(today: str) -> None:
    assert missing(KEYS, HEALTHY, today) == KEYS


def test_the_time_of_day_does_not_end_a_grant_early() -> None:
    given = Permissions((Grant("ABD", "A. Smith", "week 8", "2026-11-20"),))
    assert missing(("ABD",), given, "2026-11-20T23:59:59+01:00") == ()


def test_weight_bearing_opens_classes_and_one_leg_asks_for_its_key() -> None:
    def open_to(leg: Permissions) -> list[str]:
        classes = ("NWB", "PWB", "WB2", "WB1", "DYN")
        return [load for load in classes if not not_permitted((), load, leg, TODAY)]

    assert open_to(Permissions(weight_bearing="partial")) == ["NWB", "PWB"]
    assert open_to(Permissions(weight_bearing="full")) == ["NWB", "PWB", "WB2"]
    assert open_to(HEALTHY) == ["NWB", "PWB", "WB2", "WB1", "DYN"]
    assert open_to(LOCKED) == ["NWB"]


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
    phase = Phase("test", 5, "Press", muscle=muscle)
    chosen = form_for(phase, "submaximal", granted(*keys), TODAY)
    if chosen is None:
        locked = form_locks(phase, "submaximal", granted(*keys), TODAY)
        assert form == f"not tested: needs {', '.join(locked)}"
    else:
        assert chosen == TESTS[muscle][-1 if form == "low-load" else 0]
        assert chosen.low_load == (form == "low-load")


def test_a_gluteal_squeeze_opens_with_the_stage_after_the_protected_one() -> None:
    squeeze = TESTS["extension"]
    assert choose(squeeze, granted(stage="S0"), TODAY) is None
    assert choose(squeeze, granted(stage="S1"), TODAY) == squeeze[-1]


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


def test_what_one_leg_lacks_names_keys_first_and_the_weight_after_them() -> None:
    assert not_permitted(("ABD", "RES"), "NWB", granted("ABD"), TODAY) == ("RES",)
    assert not_permitted(("RES",), "PWB", LOCKED, TODAY) == ("RES", "weight bearing: partial")
    assert not_permitted(("SLS", "RES"), "WB1", LOCKED, TODAY) == ("SLS", "RES", "weight bearing: full")
    assert not_permitted((), "DYN", Permissions(weight_bearing="full"), TODAY) == ("SLS",)
    assert not_permitted(("RES",), "DYN", HEALTHY, TODAY) == ()


def test_an_exercise_asks_each_leg_for_its_own_needs_and_options_come_on_top() -> None:
    band = Option("band", "Band round the thighs", needs=("RES",), other_needs=("RES",))
    press = replace(EXERCISE, needs=("ABD",), load="WB1", other_needs=("LONG",), options=(band,))
    assert exercise_locks(press, NOBODY_ASKED, TODAY) == (
        "ABD",
        "SLS",
        "weight bearing: full",
        "other leg: LONG",
    )
    assert exercise_locks(press, Limits(HEALTHY, LOCKED), TODAY) == ("other leg: LONG",)
    assert exercise_locks(press, Limits(HEALTHY, granted("LONG")), TODAY) == ()
    assert exercise_locks(press, Limits(HEALTHY, granted("LONG")), TODAY, [band]) == ("other leg: RES",)


@pytest.mark.parametrize(
    ("locks", "sentence"),
    [
        ((), ""),
        (("RES",), "Not permitted yet: resisted abduction. A clinician can unlock it by name."),
        (
            ("RES", "SLS"),
            "Not permitted yet: resisted abduction, single-leg stance. A clinician can unlock them by name.",
        ),
        (
            ("weight bearing: full", "other leg: LONG", "other leg: weight bearing: partial"),
            "Not permitted yet: full weight bearing, long lever on the other leg, "
            "partial weight bearing on the other leg. A clinician can unlock them by name.",
        ),
    ],
)
def test_what_is_missing_is_said_in_one_plain_sentence(locks: tuple[str, ...], sentence: str) -> None:
    assert words(locks) == sentence


def test_every_key_has_words() -> None:
    assert set(KEY_WORDS) == {*KEYS, SQUEEZE}
    assert all(key not in words((key,)) for key in KEY_WORDS)


def test_rolling_is_locked_while_the_bone_heals_even_where_it_is_granted() -> None:
    healing = replace(HEALTHY, healing=True)
    assert missing(KEYS, healing, TODAY) == ("ROLL",)
    assert missing(("ROLL",), unlock(healing, Grant("ROLL", "A", "B", TODAY), TODAY), TODAY) == ("ROLL",)
    assert missing(("ROLL",), HEALTHY, TODAY) == ()


def test_an_unlock_opens_its_key_on_its_leg_until_its_day() -> None:
    given = unlock(LOCKED, Grant("RES", "A. Smith", "week 8", "2026-11-30"), TODAY)
    assert missing(("RES", "ABD"), given, TODAY) == ("ABD",)
    assert missing(("RES",), given, "2026-12-01") == ("RES",)
    assert missing(("RES",), LOCKED, TODAY) == ("RES",)


def test_a_later_word_on_a_key_takes_the_place_of_the_earlier_one() -> None:
    shorter = Grant("RES", "B. Jones", "sore", TODAY)
    given = unlock(granted("RES", "ABD"), shorter, TODAY)
    assert [grant for grant in given.grants if grant.key == "RES"] == [shorter]
    assert missing(("RES", "ABD"), given, "2026-11-21") == ("RES",)


def test_an_unlock_that_is_already_over_is_refused() -> None:
    with pytest.raises(InputError, match="until 2026-11-19 is over; write 2026-11-20 or a later day"):
        unlock(LOCKED, Grant("RES", "A", "B", "2026-11-19"), f"{TODAY}T09:00:00")


@pytest.mark.parametrize(
    ("surgery_on", "today", "weeks"),
    [
        ("2026-11-20", TODAY, 0),
        ("2026-11-13", TODAY, 1),
        ("2026-11-14", TODAY, 0),
        ("2026-01-01", "2026-12-31T10:00:00", 52),
        ("2026-11-21", TODAY, None),
        ("", TODAY, None),
        ("2026-11-13", "", None),
    ],
)
def test_weeks_since_surgery_are_information_and_unlock_nothing(
    surgery_on: str, today: str, weeks: int | None
) -> None:
    assert weeks_since(surgery_on, today) == weeks
    years_ago = Permissions(procedure="osteotomy", surgery_on="2001-01-01")
    assert missing((*KEYS, SQUEEZE), years_ago, TODAY) == (*KEYS, SQUEEZE)


def test_a_day_is_a_day_of_the_calendar() -> None:
    assert [text for text in ("2028-02-29", "2027-02-29", "1970-01-01", "2026-1-1") if is_day(text)] == [
        "2028-02-29",
        "1970-01-01",
    ]


def test_limits_come_back_from_a_recording_as_they_went_in() -> None:
    leg = Permissions(HEALTHY.grants, "partial", "S2", "osteotomy", "anterior", "2026-09-01", healing=True)
    limits = Limits(leg, granted("RES"))
    assert limits_from_json(json.loads(json.dumps(limits_to_json(limits)))) == limits


def test_an_old_recording_says_nothing_of_the_other_leg_nor_of_surgery() -> None:
    old = {
        "grants": [{"key": "RES", "who": "command line", "why": "--permit", "until": TODAY}],
        "weight_bearing": "",
        "stage": "",
    }
    limits = limits_from_json(old)
    assert missing(("RES",), limits.trained, TODAY) == ()
    assert limits.other == LOCKED


def test_the_waist_of_the_other_side_asks_the_other_leg() -> None:
    limits = Limits(HEALTHY, LOCKED)
    assert [limits.leg_of(muscle) for muscle in ("gmed", "ql", "qlc")] == [HEALTHY, HEALTHY, LOCKED]


def reference(muscle: str, *needs: str, kind: str = "reference") -> Phase:
    return Phase(kind, 5, "Press here.", "Like this.", muscle=muscle, needs=needs)


def form_words(phase: Phase, kind: str, *keys: str) -> str | None:
    form = form_for(phase, kind, granted(*keys), TODAY)
    return form.cue if form else None


def test_a_phase_that_names_its_needs_keeps_its_words_where_they_are_permitted() -> None:
    assert form_words(reference("gmed", "RES", "LONG"), "submaximal", "RES", "LONG") == "Press here."
    assert form_words(reference("gmed", "RES", "LONG"), "submaximal", "RES") == REFERENCES["gmed"][1].cue
    assert form_words(reference("gmed", "RES", "LONG"), "submaximal", "LONG") is None
    assert form_words(reference("gmed", "ABD"), "submaximal", "RES", "LONG") == REFERENCES["gmed"][1].cue
    assert form_words(reference("qlc", "LONG"), "submaximal") == REFERENCES["ql"][0].cue
    assert form_words(reference("gmed", "RES", kind="test"), "submaximal", "RES") == "Press here."


def test_a_phase_that_names_no_needs_asks_for_those_of_the_full_form() -> None:
    assert form_words(reference("gmed"), "submaximal", "RES", "LONG") == "Press here."
    assert form_words(reference("gmed"), "submaximal", "RES") == REFERENCES["gmed"][1].cue
    assert form_words(reference("gmed"), "submaximal") is None
    assert form_words(reference("qlc"), "submaximal") == "Press here."
    full, gentle = TESTS["gmed"]
    assert form_words(reference("gmed", kind="test"), "submaximal", "RES", "LONG", "EXT") == full.cue
    assert form_words(reference("gmed", kind="test"), "submaximal", "RES") == gentle.cue


def test_a_muscle_that_the_tables_do_not_know_asks_for_what_its_phase_says() -> None:
    assert form_words(reference("vmo"), "submaximal") == "Press here."
    assert form_words(reference("vmo", "FLEX"), "submaximal") is None
    assert form_words(reference("vmo", "FLEX"), "submaximal", "FLEX") == "Press here."


def test_a_maximal_reference_takes_the_maximal_words_and_every_key_that_either_asks_for() -> None:
    assert form_words(reference("gmed"), "mvic", "MAX", "RES", "ABD", "LONG") == MAXIMA["gmed"][0].cue
    assert form_words(reference("gmed", "EXT"), "mvic", "MAX", "RES", "ABD", "LONG") is None
    assert form_words(reference("gmed", "RES"), "mvic", "RES", "ABD", "LONG") is None
    assert form_words(reference("qlc"), "mvic", "MAX", "LONG") == MAXIMA["ql"][0].cue
    assert form_words(reference("vmo"), "mvic") is None
    assert form_words(reference("vmo"), "mvic", "MAX") == "Press here."
    assert form_words(reference("brace", kind="test"), "mvic") == TESTS["brace"][0].cue


def test_a_contraction_that_is_not_done_says_what_its_easiest_form_lacks() -> None:
    assert form_locks(reference("gmed", "RES", "LONG"), "submaximal", LOCKED, TODAY) == ("RES",)
    assert form_locks(reference("tfl"), "submaximal", LOCKED, TODAY) == ("FLEX",)
    assert form_locks(reference("vmo", "FLEX"), "submaximal", LOCKED, TODAY) == ("FLEX",)
    assert form_locks(reference("gmed"), "mvic", granted("RES", "ABD", "LONG"), TODAY) == ("MAX",)
    assert form_locks(reference("gmed"), "submaximal", granted("RES"), TODAY) == ()
