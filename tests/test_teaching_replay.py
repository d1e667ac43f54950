"""A whole lesson, with everything that can happen in it, replays to the same bit."""

from pathlib import Path

import pytest
from test_live_replay import Operator, replayed, same

from emgfeedback.cli.protocols import load_protocol
from emgfeedback.run.job import live_job
from emgfeedback.run.outcome import Outcome
from emgfeedback.run.terms import Terms
from emgfeedback.sources.patient import Patient
from emgfeedback.storage.recording import open_recording
from emgfeedback.training.permissions import LOCKED, Grant, Limits, unlock
from emgfeedback.values import Recording

GRANT = {"who": "A. Smith", "why": "week 9", "until": "2099-12-31"}
ACTS = [
    (95.0, "pause", {}),
    (97.0, "resume", {}),
    (100.0, "unlock", {"key": "EXT", **GRANT}),
    (192.0, "veto", {"why": "rolled back"}),
    (209.0, "pain", {}),
    (215.0, "pain", {"score": 4}),
    (218.0, "acknowledge", {"who": "A. Smith"}),
    (219.0, "resume", {}),
    (240.0, "veto", {"repetition": 2, "why": "leaned"}),
    (250.0, "skip", {}),
    (260.0, "tweak", {"label": "toes down", "level": 3}),
    (300.0, "ratio", {"ratio": 0.8}),
    (400.0, "veto", {"repetition": 2, "why": "leaned", "undo": True}),
    *((410.0 + 0.2 * i, "skip", {}) for i in range(24)),
]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Recording]:
    """E03 with a person who may not stretch the hip until a clinician says so."""
    leg = LOCKED
    for key in ("ABD", "LONG", "RES", "FLEX"):
        leg = unlock(leg, Grant(key=key, **GRANT))
    patient = Patient("improver", seed=5, n_channels=3, chunk_s=1.0)
    job = live_job(
        patient,
        {"gmed": "1", "tfl": "2", "ql": "3"},
        "right",
        load_protocol("E03"),
        50.0,
        library=tmp_path_factory.mktemp("lesson"),
        meta={"participant": "T1", "version": "test", "source": "test", "seed": 5, "simulated": True},
        sinks=(patient,),
        terms=Terms(Limits(leg, LOCKED), schedule_seed=11),
    )
    job.commands.post("start")
    outcome = job.run((Operator(job, ACTS),))
    return outcome, open_recording(Path(str(job.recording_path)))


def test_the_lesson_had_all_of_it(lesson: tuple[Outcome, Recording]) -> None:
    told = lesson[0].to_json()
    assert told["locked"], "hip extension was locked at first"
    assert told["unlocked"][0]["key"] == "EXT"
    assert [pain["score"] for pain in told["pain"]] == [None, 4.0]
    voids = {one["void"] for one in told["repetitions"]}
    assert {"veto: rolled back", "pain", ""} <= voids
    assert {one["role"] for one in told["repetitions"]} == {"start", "", "probe"}
    assert {one["feedback"] for one in told["repetitions"]} == {"live", "off"}
    assert [line["cause"] for line in told["lines"]][:2] == ["", "start block"]
    assert "operator" in [line["cause"] for line in told["lines"]]


@pytest.mark.parametrize("sizes", [(1,), (7, 250), (10**9,)], ids=["one by one", "odd", "whole"])
def test_it_replays_to_the_same_bit(lesson: tuple[Outcome, Recording], sizes: tuple[int, ...]) -> None:
    outcome, recording = lesson
    if sizes == (1,):
        sizes = (5, 1, 1, 1)
    assert same(replayed(recording, sizes), outcome)


def test_quiet_repetitions_and_the_probe_were_never_rewarded(lesson: tuple[Outcome, Recording]) -> None:
    quiet = [one for one in lesson[0].repetitions if one["feedback"] == "off"]
    assert len(quiet) >= 10
    assert not any(one["rewarded"] for one in quiet)
