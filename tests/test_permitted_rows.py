"""Every row against every set of permissions: open exactly when nothing that it needs is missing.

What should hold is computed here from sets alone, beside the code that decides.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from emgfeedback.training.forms import MAXIMA, REFERENCES, TESTS, Form
from emgfeedback.training.limits import limits_for
from emgfeedback.training.permissions import (
    KEYS,
    LOCKED,
    SQUEEZE,
    WEIGHT_BEARING,
    Grant,
    Limits,
    Permissions,
    choose,
    exercise_locks,
    form_for,
    form_locks,
    no_limits,
)
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.values import Phase, Protocol

ROWS = sorted((Path(__file__).resolve().parent.parent / "protocols").glob("*.toml"))
TODAY, YESTERDAY, LAST_DAY = "2026-11-20", "2026-11-19", "2026-12-31"
HEALTHY = no_limits("A. Smith", LAST_DAY)
ENOUGH = {
    "NWB": {"", "none", "toe-touch", "partial", "full"},
    "PWB": {"partial", "full"},
    "WB2": {"full"},
    "WB1": {"full"},
    "DYN": {"full"},
}
KINDS = ("submaximal", "mvic")


def asked(needs: tuple[str, ...], load: str) -> frozenset[str]:
    return frozenset(needs) | ({"SLS"} if load in ("WB1", "DYN") else set())


def granted(keys: frozenset[str], weight: str = "full", until: str = LAST_DAY) -> Permissions:
    return Permissions(tuple(Grant(key, "A. Smith", "week 8", until) for key in sorted(keys)), weight)


@cache
def every_set(*more: str) -> tuple[tuple[frozenset[str], Permissions], ...]:
    """All 2 to the power of 11 sets of keys (12 with the squeeze), each as the permissions of a leg."""
    keys = (*KEYS, *more)
    return tuple(
        (frozenset(chosen), granted(frozenset(chosen)))
        for count in range(len(keys) + 1)
        for chosen in combinations(keys, count)
    )


@cache
def row(file: Path) -> Protocol:
    return parse_protocol(file.read_text(encoding="utf-8"), file.name)


each_row = pytest.mark.parametrize("file", ROWS, ids=lambda file: file.stem)


def test_there_are_rows_and_sets_to_try() -> None:
    assert ROWS
    assert len(KEYS) == 11
    assert len(every_set()) == 2048


@each_row
def test_a_row_is_open_exactly_when_its_leg_is_granted_every_need(file: Path) -> None:
    protocol = row(file)
    needs = asked(protocol.needs, protocol.load)
    for keys, leg in every_set():
        locks = exercise_locks(protocol, Limits(leg, HEALTHY), TODAY)
        assert set(locks) == needs - keys, sorted(keys)
        assert len(locks) == len(set(locks))


@each_row
def test_what_the_other_leg_does_is_asked_of_the_other_leg(file: Path) -> None:
    protocol = row(file)
    needs = asked(protocol.other_needs, protocol.other_load)
    for keys, leg in every_set():
        locks = exercise_locks(protocol, Limits(HEALTHY, leg), TODAY)
        assert set(locks) == {f"other leg: {key}" for key in needs - keys}, sorted(keys)


@each_row
def test_each_need_alone_locks_and_is_named_and_each_key_alone_opens_nothing_else(file: Path) -> None:
    protocol = row(file)
    needs = asked(protocol.needs, protocol.load)
    for key in needs:
        locks = exercise_locks(protocol, Limits(granted(frozenset(KEYS) - {key}), HEALTHY), TODAY)
        assert locks == (key,)
    for key in KEYS:
        alone = exercise_locks(protocol, Limits(granted(frozenset({key})), HEALTHY), TODAY)
        assert bool(alone) == (not needs <= {key})
    assert not exercise_locks(protocol, Limits(HEALTHY, HEALTHY), TODAY)


@each_row
def test_a_row_asks_for_the_weight_that_it_puts_on_each_leg(file: Path) -> None:
    protocol = row(file)
    for weight in ("", *WEIGHT_BEARING):
        leg = granted(frozenset(KEYS), weight)
        trained = exercise_locks(protocol, Limits(leg, HEALTHY), TODAY)
        other = exercise_locks(protocol, Limits(HEALTHY, leg), TODAY)
        assert (not trained) == (weight in ENOUGH[protocol.load])
        assert (not other) == (weight in ENOUGH[protocol.other_load])
        assert all(lock.startswith("weight bearing: ") for lock in trained)
        assert all(lock.startswith("other leg: weight bearing: ") for lock in other)


@each_row
def test_nobody_asked_a_day_over_or_the_wrong_side_is_locked_like_nothing_granted(file: Path) -> None:
    protocol = row(file)
    needs = asked(protocol.needs, protocol.load) | {
        f"other leg: {key}" for key in asked(protocol.other_needs, protocol.other_load)
    }
    over = granted(frozenset(KEYS), until=YESTERDAY)
    assert set(exercise_locks(protocol, Limits(over, over), TODAY)) == needs
    assert set(exercise_locks(protocol, Limits(HEALTHY, HEALTHY), "")) == needs
    heavy = protocol.load != "NWB" or protocol.other_load != "NWB"
    assert bool(exercise_locks(protocol, Limits(), TODAY)) == bool(needs or heavy)
    left_only = {"left": HEALTHY}
    mine = bool(asked(protocol.needs, protocol.load)) or protocol.load != "NWB"
    theirs = bool(asked(protocol.other_needs, protocol.other_load)) or protocol.other_load != "NWB"
    assert bool(exercise_locks(protocol, limits_for(left_only, "right"), TODAY)) == mine
    assert bool(exercise_locks(protocol, limits_for(left_only, "left"), TODAY)) == theirs


@each_row
def test_an_option_asks_for_its_needs_on_top(file: Path) -> None:
    protocol = row(file)
    for option in protocol.options:
        needs = asked(protocol.needs, protocol.load) | set(option.needs)
        others = asked(protocol.other_needs, protocol.other_load) | set(option.other_needs)
        for key in KEYS:
            leg = granted(frozenset(KEYS) - {key})
            trained = exercise_locks(protocol, Limits(leg, HEALTHY), TODAY, [option])
            other = exercise_locks(protocol, Limits(HEALTHY, leg), TODAY, [option])
            assert trained == ((key,) if key in needs else ())
            assert other == ((f"other leg: {key}",) if key in others else ())


@each_row
def test_rolling_stays_locked_while_a_bone_heals_whoever_granted_it(file: Path) -> None:
    protocol = row(file)
    locks = exercise_locks(protocol, Limits(replace(HEALTHY, healing=True), HEALTHY), TODAY)
    assert locks == (("ROLL",) if "ROLL" in protocol.needs else ())


def test_the_foam_roller_is_a_row_that_asks_for_rolling() -> None:
    rolling = [protocol.id for protocol in map(row, ROWS) if "ROLL" in protocol.needs]
    assert rolling == ["E10"]


def table_forms() -> Iterator[tuple[str, tuple[Form, ...]]]:
    for name, table in (("test", TESTS), ("reference", REFERENCES), ("maximum", MAXIMA)):
        yield from ((f"{name}-{muscle}", forms) for muscle, forms in table.items())


@pytest.mark.parametrize("forms", [pytest.param(forms, id=name) for name, forms in table_forms()])
def test_the_fullest_form_that_is_permitted_is_chosen_from_every_set(forms: tuple[Form, ...]) -> None:
    for keys, leg in every_set(SQUEEZE):
        open_forms = [form for form in forms if set(form.needs) <= keys]
        assert choose(forms, leg, TODAY) == (open_forms[0] if open_forms else None), sorted(keys)


def contractions() -> list[Phase]:
    """Every test and reference phase of the rows, those that ask the same once."""
    phases = [phase for file in ROWS for phase in row(file).phases if phase.kind in ("test", "reference")]
    return list({(phase.kind, phase.muscle, phase.needs): phase for phase in phases}.values())


def ways_to_do(phase: Phase, kind: str) -> list[set[str]]:
    """The sets of keys of which any one lets a contraction be done in one form or another."""
    muscle = {"qlc": "ql"}.get(phase.muscle, phase.muscle)
    own = set(phase.needs)
    table = TESTS if phase.kind == "test" else REFERENCES
    if kind == "mvic" and muscle in MAXIMA:
        return [set(MAXIMA[muscle][0].needs) | own]
    if kind == "mvic" and muscle not in table:
        return [own | {"MAX"}]
    forms = [set(form.needs) for form in table.get(muscle, ())]
    return [own, *forms[-1:]] if own or not forms else forms


@pytest.mark.parametrize("kind", KINDS)
def test_no_contraction_of_any_row_is_done_without_the_needs_of_one_of_its_forms(kind: str) -> None:
    assert contractions()
    for phase in contractions():
        ways = ways_to_do(phase, kind)
        for keys, leg in every_set(SQUEEZE):
            form = form_for(phase, kind, leg, TODAY)
            assert (form is not None) == any(way <= keys for way in ways), (phase, sorted(keys))
            assert form is None or set(form.needs) <= keys
            assert bool(form_locks(phase, kind, leg, TODAY)) == (form is None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_contraction_is_locked_again_when_its_day_is_over_or_nobody_was_asked(kind: str) -> None:
    over = granted(frozenset((*KEYS, SQUEEZE)), until=YESTERDAY)
    for phase in contractions():
        free = set() in ways_to_do(phase, kind)
        assert (form_for(phase, kind, over, TODAY) is not None) == free
        assert (form_for(phase, kind, LOCKED, TODAY) is not None) == free
        assert form_for(phase, kind, HEALTHY, TODAY) is not None


def test_every_maximal_contraction_of_a_row_needs_its_key() -> None:
    everything_else = granted(frozenset(KEYS) - {"MAX"})
    for phase in contractions():
        if phase.muscle not in ("brace", "extension"):
            assert form_for(phase, "mvic", everything_else, TODAY) is None
            assert "MAX" in form_locks(phase, "mvic", everything_else, TODAY)
