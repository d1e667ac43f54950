"""The quiet rival: a line through the first tries, which stays."""

import math

import numpy as np
import pytest

from emgfeedback.training.quiet import QuietRival
from emgfeedback.values import Quiet

MUSCLES = ["gmed", "tfl", "ql"]


def hop(ql_pct: float) -> np.ndarray:
    return np.array([40.0, 99.0, ql_pct])


class Log(list):
    def __call__(self, kind: str, data) -> None:
        self.append((kind, dict(data)))


def rival(tries: int = 2, percentile: float = 40.0, ceiling: bool = False):
    log = Log()
    return QuietRival(Quiet("ql", percentile, tries, ceiling), MUSCLES, log), log


def lift(quiet: QuietRival, repetition: int, levels_pct, void: bool = False) -> float | None:
    for level_pct in levels_pct:
        quiet.add(repetition, hop(level_pct), effort=True)
    return quiet.close(repetition, void)


def test_the_line_is_the_percentile_of_all_hops_of_the_first_tries() -> None:
    quiet, log = rival(tries=2)
    assert lift(quiet, 1, range(0, 51)) is None
    assert quiet.line_pct is None
    assert lift(quiet, 2, range(51, 101)) is None
    assert quiet.line_pct == pytest.approx(40.0)
    assert log == [("quiet", {"muscle": "ql", "line_pct": pytest.approx(40.0)})]


def test_the_line_never_changes_afterwards() -> None:
    quiet, log = rival(tries=1)
    lift(quiet, 1, range(101))
    lift(quiet, 2, [500.0] * 50)
    quiet.drop(1)
    assert quiet.line_pct == pytest.approx(40.0)
    assert len(log) == 1


def test_a_repetition_gets_its_share_of_effort_time_under_the_line() -> None:
    quiet, _ = rival(tries=1)
    lift(quiet, 1, range(101))
    assert lift(quiet, 2, [30.0, 40.0, 41.0, 90.0]) == 50.0
    assert lift(quiet, 3, [5.0]) == 100.0
    assert lift(quiet, 4, []) is None


def test_hops_without_effort_or_level_say_nothing() -> None:
    quiet, _ = rival(tries=1)
    lift(quiet, 1, range(101))
    quiet.add(2, hop(99.0), effort=False)
    quiet.add(2, hop(math.nan), effort=True)
    quiet.add(2, hop(1.0), effort=True)
    assert quiet.close(2, void=False) == 100.0


def test_void_tries_and_tries_without_effort_do_not_count() -> None:
    quiet, _ = rival(tries=2)
    lift(quiet, 1, [900.0] * 100, void=True)
    lift(quiet, 2, [])
    lift(quiet, 3, range(0, 51))
    assert quiet.line_pct is None
    lift(quiet, 4, range(51, 101))
    assert quiet.line_pct == pytest.approx(40.0)


def test_a_try_that_is_vetoed_afterwards_is_taken_back() -> None:
    quiet, _ = rival(tries=2)
    lift(quiet, 1, [900.0] * 100)
    quiet.drop(1)
    lift(quiet, 2, range(0, 51))
    lift(quiet, 3, range(51, 101))
    assert quiet.line_pct == pytest.approx(40.0)


def test_a_repetition_that_was_broken_off_leaves_nothing_to_the_next() -> None:
    quiet, _ = rival(tries=1)
    quiet.add(1, hop(900.0), effort=True)
    lift(quiet, 2, range(101))
    assert quiet.line_pct == pytest.approx(40.0)


@pytest.mark.parametrize(("ceiling", "forbidden"), [(True, [False, True]), (False, [False, False])])
def test_only_a_ceiling_forbids_and_only_once_it_is_there(ceiling: bool, forbidden: list[bool]) -> None:
    quiet, _ = rival(tries=1, ceiling=ceiling)
    assert not quiet.forbids(hop(1e6))
    lift(quiet, 1, range(101))
    assert [quiet.forbids(hop(level_pct)) for level_pct in (40.0, 40.1)] == forbidden
    assert not quiet.forbids(hop(math.nan))


def test_a_rival_nobody_listens_to_has_no_line() -> None:
    log = Log()
    quiet = QuietRival(Quiet("ql", tries=1, ceiling=True), ["gmed", "tfl"], log)
    quiet.add(1, np.array([40.0, 9.0]), effort=True)
    assert quiet.close(1, void=False) is None
    assert not quiet.forbids(np.array([40.0, 9.0]))
    assert log == []
