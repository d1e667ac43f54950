"""What stands behind the workstation: persons in small files, and runs that are ready to go."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from emgfeedback.app.pages.doors import SIMULATED, Order, Person
from emgfeedback.cli.main import COMMANDS
from emgfeedback.cli.permits import limits_of
from emgfeedback.cli.workstation import Persons, doors_to, exercises, kept_in
from emgfeedback.errors import InputError, SourceError, UsageError
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.storage.recording import open_recording
from emgfeedback.training.permissions import LOCKED, Grant, Permissions, no_limits

LATER = "2999-01-31"
FREE = no_limits("A. Smith", LATER)
OPERATED = Permissions(
    (Grant("ABD", "A. Smith", "week 8", LATER),),
    "toe-touch",
    "S1",
    "osteotomy",
    "anterior",
    "2026-09-25",
    True,
)
PERSON = Person("P7K", "left", {"left": OPERATED, "right": FREE})


@pytest.fixture
def doors(tmp_path):
    return doors_to(tmp_path / "data", tmp_path / "library")


def test_a_person_comes_back_as_it_was_kept(tmp_path):
    persons = Persons(tmp_path)
    assert persons.last() == ""
    assert persons.load("P7K") is None
    persons.save(PERSON)
    persons.save(replace(PERSON, code="P2", side="right"))
    assert Persons(tmp_path).load("P7K") == PERSON
    assert Persons(tmp_path).last() == "P2"
    (tmp_path / "persons" / "P2.toml").unlink()
    assert persons.last() == ""


def test_a_person_of_whom_nothing_is_known_is_locked(tmp_path):
    persons = Persons(tmp_path)
    persons.save(Person("P1", "right", {}))
    assert persons.load("P1") == Person("P1", "right", {"left": LOCKED, "right": LOCKED})


def test_the_file_of_a_person_is_a_limits_file_of_the_command_line(tmp_path):
    Persons(tmp_path).save(PERSON)
    limits = limits_of(None, tmp_path / "persons" / "P7K.toml", "left")
    assert limits is not None
    assert (limits.trained, limits.other) == (OPERATED, FREE)


@pytest.mark.parametrize("code", ["../../x", "", "Jane Doe", "NUL", "a" * 33])
def test_a_code_that_is_none_reaches_no_file(tmp_path, code):
    persons = Persons(tmp_path / "data")
    with pytest.raises(UsageError, match="code"):
        persons.save(replace(PERSON, code=code))
    with pytest.raises(UsageError, match="code"):
        persons.load(code)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("content", [b"[left]\nnope = 1\n", b"\xff\xfe", b"[left"])
def test_a_damaged_file_is_a_sentence_that_names_it(tmp_path, content):
    persons = Persons(tmp_path)
    persons.save(PERSON)
    (tmp_path / "persons" / "P7K.toml").write_bytes(content)
    with pytest.raises(InputError, match=r"P7K"):
        persons.load("P7K")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"last": 7, "sides": 3}', '{"sides": {"P7K": "up"}}'])
def test_a_damaged_index_costs_no_limits(tmp_path, content):
    persons = Persons(tmp_path)
    persons.save(PERSON)
    (tmp_path / "persons.json").write_text(content, encoding="utf-8")
    assert persons.last() == ""
    assert persons.load("P7K") == replace(PERSON, side="right")
    persons.save(PERSON)
    assert persons.load("P7K") == PERSON


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be kept .*; make room in"):
        Persons(tmp_path / "data").save(PERSON)


def test_persons_stand_apart_from_the_recordings(doors, tmp_path):
    doors.save(PERSON)
    assert not (tmp_path / "library").exists()
    assert doors.load("P7K") == PERSON
    assert doors.last() == "P7K"


def test_all_exercises_but_the_demo_are_offered_by_stage():
    offered = exercises()
    assert {one.slug for one in offered} == {
        file.stem for file in packaged_dir("protocols").glob("*.toml") if file.stem != "demo"
    }
    stages = [one.protocol.stage for one in offered]
    assert stages == sorted(stages)


def test_recordings_are_listed_newest_first(tmp_path):
    assert kept_in(tmp_path / "nothing") == []
    for age_s, name in enumerate(("sub-P1_task-E03_run-01", "sub-P1_ses-2_task-E05_run-12", "sub-P1_other")):
        file = tmp_path / "sub-P1" / "emg" / f"{name}_emg.bdf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
        os.utime(file, (1_790_000_000 - age_s, 1_790_000_000 - age_s))
    kept = kept_in(tmp_path)
    assert [(one.code, one.exercise) for one in kept] == [("P1", "E03, run 1"), ("P1", "E05, run 12")]


def ran(job):
    """A second of a run, and its recording."""
    job.commands.post("start")
    job.commands.post("stop", not_before=round(job.info.fs_hz))
    job.run()
    return open_recording(Path(job.recording_path))


def test_try_it_is_a_simulation_that_is_recorded(doors, tmp_path):
    job = doors.try_it()
    assert job.simulated
    recording = ran(job)
    assert recording.meta["participant"] == "demo"
    assert [one.code for one in doors.kept()] == ["demo"]
    assert Path(recording.path).is_relative_to(tmp_path / "library")


def test_a_run_has_the_person_the_leg_and_the_limits(doors):
    job = doors.live(Order("clamshell-band", ("band",), PERSON, SIMULATED, ""))
    meta = ran(job).meta
    assert (meta["participant"], meta["side"]) == ("P7K", "left")
    assert meta["terms"]["limits"]["trained"]["procedure"] == "osteotomy"
    assert meta["terms"]["limits"]["other"]["stage"] == "S5"
    assert meta["terms"]["options"] == ["band"]
    assert meta["montage"] == {"gmed": "gmed", "tfl": "tfl", "ql": "ql"}


def test_without_a_person_a_simulation_has_no_limits(doors):
    job = doors.live(Order("hip-hitch", (), None, SIMULATED, ""))
    assert ran(job).meta["terms"]["limits"]["trained"]["weight_bearing"] == "full"


def test_the_same_run_can_be_put_together_again(doors):
    job = doors.live(Order("clamshell", (), PERSON, SIMULATED, ""))
    again = job.again()
    assert again is not job
    assert again.again is not None
    assert again.protocol == job.protocol


@pytest.mark.parametrize(
    ("order", "error", "words"),
    [
        (
            Order("hip-hitch", (), PERSON, SIMULATED, "gmed=1,tfl=2,ql=3"),
            UsageError,
            "opposite to the trained",
        ),
        (Order("clamshell", (), PERSON, SIMULATED, "gmed"), UsageError, "is not muscle=channel"),
        (Order("clamshell", (), PERSON, "cyton:/dev/no-such-port", ""), SourceError, "there is no port"),
        (Order("clamshell", (), PERSON, "file:no-such.bdf", ""), InputError, "no-such.bdf"),
        (Order("clamshell", (), PERSON, "bogus:1", ""), UsageError, "bogus"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_and_leaves_nothing(doors, tmp_path, order, error, words):
    with pytest.raises(error, match=words):
        doors.live(order)
    assert not (tmp_path / "library").exists()


def test_a_recording_is_replayed_at_its_own_speed(doors):
    (file,) = packaged_dir("recordings").glob("sub-*/emg/*_emg.bdf")
    job = doors.replay(str(file), "")
    assert job.replay
    assert job.protocol.id == "demo"
    assert job.recording_path == str(file)


def test_a_file_of_another_program_asks_which_channel_is_which_muscle(doors, tmp_path):
    file = tmp_path / "other.csv"
    rows = "\n".join(f"{i / 250:.3f},{i % 7},{i % 5},{i % 3}" for i in range(1000))
    file.write_text(f"time,a,b,c\n{rows}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"other\.csv: which channel is which muscle\? .*1: a, 2: b"):
        doors.replay(str(file), "")
    job = doors.replay(str(file), "gmed=a,tfl=2,ql=3")
    assert job.protocol.id == "observe"
    with pytest.raises(InputError):
        doors.replay(str(tmp_path / "missing.bdf"), "")


def test_without_a_screen_it_says_so_in_a_sentence(cli, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    ran_ = cli()
    assert (ran_.code, ran_.out) == (2, "")
    assert "the workstation needs a screen, and there is no display; see emgfeedback --help" in ran_.err


def test_with_a_screen_the_workstation_opens(cli, monkeypatch):
    import emgfeedback.app.main as app

    opened = []
    monkeypatch.setattr(app, "why_no_window", lambda: "")
    monkeypatch.setattr(app, "open_workstation", lambda doors: opened.append(doors) or 0)
    assert cli().code == 0
    assert opened[0].last() == ""


def test_the_help_has_the_same_commands_as_before(cli):
    said = cli("--help").out
    assert all(f"  {name} " in said for name in COMMANDS)
    assert "workstation" not in COMMANDS
