"""The voice: what it says and when, and a whole session that is only heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import app_kit as kit
import pytest
import run_kit

from emgfeedback.app.feed import Feed
from emgfeedback.app.patient import state
from emgfeedback.app.patient.picture import PatientState
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.sound import Tone, rung, tone
from emgfeedback.app.voice import Talk, counted, spoken
from emgfeedback.app.voices import LANGUAGES, OUT_HZ, catalogue, clip, utterance
from emgfeedback.sources.patient.patient import Patient
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.values import Phase, Protocol, Tick

HOP_S = 0.02
REPO = Path(__file__).resolve().parent.parent
FILES = {path.name: path.read_text(encoding="utf-8") for path in (REPO / "protocols").glob("*.toml")}


def pictured(*hops: Tick, protocol: Protocol = kit.PROTOCOL, silent_s: float = 0.0) -> PatientState:
    feed = Feed(kit.INFO, protocol)
    for one in hops:
        feed.on_tick(one)
    return patient_state(feed.snapshot, protocol, feed.channels, silent_s=silent_s)


NOTHING = PatientState("")
COACHED = replace(kit.PROTOCOL, coaching={"ql": "Let the waist go long."})
PRESS_WAIST = Phase("reference", 5.0, "Waist: pull the hip up to the ribs.", muscle="ql")
BELLY = Phase("reference", 5.0, "Brace as before a cough.", muscle="brace")
AFTER = kit.work(2, feedback="after", hold_s=6.0)


@pytest.mark.parametrize(
    ("hop", "keys"),
    [
        ({"phase": kit.REST}, ("rest",)),
        ({"phase": Phase("relax", 6.0, "Rest. Next: waist.")}, ("rest", "next_ql")),
        ({"phase": Phase("relax", 6.0, "Lower slowly and rest.")}, ("rest", "lower_slowly")),
        ({"phase": PRESS_WAIST}, ("reference_ql",)),
        ({"phase": BELLY}, ("muscle_brace", "press")),
        ({"phase": kit.OBSERVE}, ("lift",)),
        ({"phase": Phase("observe", 8.0, "Plain swing.", repetition=1)}, ("begin",)),
        ({"phase": Phase("baseline", 8.0, "Lie still. The quiet level.")}, ("lie",)),
        ({"levels": (20, 3, 2), "withheld": "gate"}, ("lift",)),
        ({"good": True}, ("hold",)),
        ({"good": True, "good_s": 6.0, "rewarded": True}, ("well_done", "let_go")),
        ({"levels": (60, 0, 2), "quality": (0, 8, 0)}, ("one_moment",)),
        ({"levels": (60, 3, 2), "withheld": "swing"}, ("stand",)),
        ({"withheld": "locked"}, ("not_today",)),
        ({"state": "paused"}, ("paused",)),
        ({"state": "ready"}, ("ready",)),
        ({"state": "locked"}, ("stopped", "let_everything_go", "say_how_it_feels")),
        ({"state": "done"}, ("well_done", "that_was_all")),
        ({"phase": kit.WAITING, "state": "waiting", "left_s": 5.0}, ("go_on", "count_5")),
    ],
)
def test_each_moment_has_its_words(hop, keys):
    now = pictured(kit.tick(**hop), protocol=COACHED)
    assert spoken(NOTHING, now) == keys
    assert spoken(now, now) == ()
    assert all(len(clip(key, language)) for key in keys for language in LANGUAGES)


def test_an_effort_is_corrected_with_the_words_of_the_exercise_or_else_by_place():
    lift = pictured(kit.tick((20, 3, 2), withheld="gate"), protocol=COACHED)
    waist = kit.tick((60, 5, 80), withheld="ratio")
    front = kit.tick((60, 80, 5), withheld="ratio")
    assert spoken(lift, pictured(waist, protocol=COACHED)) == ("ease_off", "coach_waist_long")
    assert spoken(lift, pictured(front, protocol=COACHED)) == ("ease_off", "soft_tfl")
    own = replace(COACHED, coaching={"ql": "Words of one clinic."})
    assert spoken(lift, pictured(waist, protocol=own)) == ("ease_off", "soft_ql")


def test_an_effort_begins_with_what_is_asked_even_if_a_rival_works_already():
    rest = pictured(kit.tick(phase=kit.RELAX))
    assert spoken(rest, pictured(kit.tick((60, 5, 80), withheld="ratio"))) == ("lift",)


def test_a_repetition_without_a_picture_is_told_afterwards_and_in_whole_seconds():
    results = ((4.7, ("rest", "you_held", "count_4")), (0.4, ("rest", "it_is_let_go")))
    for good_s, keys in results:
        event = kit.finished(2, good_s, False, feedback="after", met=False, hold_s=6.0)
        over, rest = kit.tick(phase=AFTER, events=(event,)), {"phase": replace(kit.RELAX, seconds=20.0)}
        told = pictured(over, kit.tick(left_s=19.0, **rest))
        assert spoken(pictured(kit.tick(phase=AFTER)), told) == keys
        assert spoken(told, pictured(over, kit.tick(left_s=11.0, **rest))) == ("let_everything_go",)


def test_the_last_seconds_are_counted():
    def left(seconds: float, **about) -> PatientState:
        return pictured(kit.tick(left_s=seconds, **about))

    assert counted(left(4, phase=kit.REST), left(3, phase=kit.REST)) == ("count_3",)
    assert counted(left(5, phase=kit.REST), left(4, phase=kit.REST)) == ()
    assert counted(left(1, phase=kit.REST), left(0, phase=kit.REST)) == ()
    holding = [pictured(kit.tick(good=True, good_s=good_s)) for good_s in (0.9, 1.1)]
    assert counted(*holding) == ("count_5",)


class Ear:
    """Hears pictures in session time: what was said, what rang, and how it sounded."""

    def __init__(self, protocol: Protocol) -> None:
        self.feed, self.protocol = Feed(kit.INFO, protocol), protocol
        self.talk = Talk(lambda keys: len(utterance(keys)) / OUT_HZ)
        self.before, self.now_s = NOTHING, 0.0
        self.log: list[tuple[float, str]] = []
        self.tones: list[Tone] = []

    def on_chunk(self, chunk) -> None:
        pass

    def on_tick(self, tick: Tick) -> None:
        self.feed.on_tick(tick)
        self.hear(patient_state(self.feed.snapshot, self.protocol, self.feed.channels))

    def hear(self, now: PatientState) -> None:
        self.tones.append(tone(now))
        if name := rung(self.before, now):
            self.log.append((round(self.now_s, 2), f"*{name}"))
        if keys := self.talk.step(now, self.now_s):
            self.log.append((round(self.now_s, 2), " ".join(keys)))
        self.before, self.now_s = now, self.now_s + HOP_S

    def stay(self, seconds: float, silent_s: float | None = None, **hop) -> Ear:
        """The same hop for a while, its time going down; ``silent_s`` on: nothing comes any more."""
        left_s = hop.pop("left_s", seconds)
        for number in range(round(seconds / HOP_S)):
            past_s = number * HOP_S
            if silent_s is None:
                self.on_tick(kit.tick(left_s=left_s - past_s, **hop))
                hop.pop("events", None)
            else:
                snapshot, channels = self.feed.snapshot, self.feed.channels
                self.hear(patient_state(snapshot, self.protocol, channels, silent_s=silent_s + past_s))
        return self

    def said(self) -> list[str]:
        """The log without times and without counting."""
        return [what for _, what in self.log if not what.startswith("count_")]


LIFTING = {"levels": (20, 5, 3), "withheld": "gate"}
GOOD = {"levels": (60, 20, 15), "good": True}
BAD = {"levels": (60, 5, 80), "withheld": "ratio"}


def hold(ear: Ear, seconds: float, done: bool = False, **hop) -> None:
    """Good seconds that add up."""
    for number in range(round(seconds / HOP_S)):
        good_s = min(6.0, (number + 1) * HOP_S)
        ear.on_tick(kit.tick(good_s=good_s, rewarded=good_s >= 6.0, left_s=9.0, **GOOD | hop))


def session() -> Ear:
    """Rest, references, a good, a bad, an interrupted and a painful repetition, and the end."""
    ear = Ear(COACHED)
    ear.stay(10.0, phase=kit.REST, levels=(1, 1, 1)).stay(5.0, phase=PRESS_WAIST)
    ear.stay(6.0, phase=kit.RELAX)
    ear.stay(1.0, phase=kit.work(1), **LIFTING)
    hold(ear, 7.0, phase=kit.work(1))
    ear.stay(6.0, phase=kit.RELAX, events=(kit.finished(1, 6.0, True),))
    ear.stay(2.0, phase=kit.work(2), **LIFTING).stay(8.0, phase=kit.work(2), **BAD)
    ear.stay(6.0, phase=kit.RELAX, events=(kit.finished(2, 0.0, False),))
    ear.stay(2.0, phase=kit.work(3), **LIFTING).stay(2.0, silent_s=0.3)
    lost = kit.finished(3, 0.0, False, void="board lost")
    ear.stay(5.0, phase=kit.WAITING, state="waiting", events=(lost,))
    ear.stay(2.0, phase=kit.work(3), **LIFTING).stay(3.0, state="locked")
    ear.stay(1.0, phase=kit.work(3), state="paused", **LIFTING)
    return ear.stay(1.0, phase=kit.work(3), **LIFTING).stay(2.0, phase=kit.RELAX, state="done")


def test_a_whole_session_can_be_followed_with_the_screen_off():
    assert session().said() == [
        "rest",
        "reference_ql",
        "rest let_everything_go",
        "lift",
        "hold",
        "*rewarded",
        "well_done let_go",
        "rest let_everything_go",
        "lift",
        "ease_off coach_waist_long",
        "*over",
        "rest let_everything_go",
        "lift",
        "*lost",
        "one_moment",
        "rest_please",
        "go_on count_5",
        "lift",
        "*stopped",
        "stopped let_everything_go say_how_it_feels",
        "paused",
        "lift",
        "*end",
        "well_done that_was_all",
    ]


def test_in_the_session_the_hold_is_counted_down_and_nothing_is_counted_into_a_word():
    log = session().log
    counts = [(at_s, what) for at_s, what in log if what.startswith("count_")]
    in_hold = [what for at_s, what in counts if 22.0 < at_s < 30.0]
    assert in_hold == ["count_5", "count_4", "count_3", "count_2", "count_1"]
    said = [(at_s, len(utterance(what.split())) / OUT_HZ) for at_s, what in log if what[0] != "*"]
    for at_s, what in counts:
        assert not any(one_s < at_s < one_s + length_s for one_s, length_s in said), (at_s, what)


def test_while_the_board_is_lost_or_all_is_stopped_there_is_no_tone():
    ear = session()
    for name in ("*lost", "*stopped"):
        at = round(next(at_s for at_s, what in ear.log if what == name) / HOP_S)
        assert all(one.hz == 0.0 and not one.left for one in ear.tones[at + 1 : at + 90])
    assert any(one.left for one in ear.tones)
    assert any(one.hz == 440.0 for one in ear.tones)


def heard_of(feedback: str, hops: Sequence[dict]) -> Ear:
    phase = replace(kit.work(2, feedback=feedback), kind="observe" if feedback == "observe" else "work")
    ear = Ear(COACHED).stay(4.0, phase=kit.RELAX)
    for hop in hops:
        ear.stay(2.5, phase=phase, **hop)
    good = hops[0] is GOOD
    event = kit.finished(2, 6.0 if good else 0.0, False, feedback="off", met=good)
    return ear.stay(6.0, phase=kit.RELAX, events=(event,))


@pytest.mark.parametrize("feedback", ["off", "sham", "observe"])
def test_without_a_picture_it_sounds_the_same_whatever_the_person_does(feedback):
    broken = {"levels": (60, 0, 2), "quality": (0, 8, 0)}
    ears = [heard_of(feedback, hops) for hops in ((GOOD, GOOD), (BAD, BAD), (LIFTING, broken))]
    assert ears[0].log == ears[1].log == ears[2].log
    assert ears[0].tones == ears[1].tones == ears[2].tones
    assert ears[0].said() == ["rest let_everything_go", "lift", "*over", "rest let_everything_go"]
    assert set(ears[0].tones) == {Tone()}


def test_a_flicker_is_not_spoken_and_a_repetition_is_corrected_once():
    ear = Ear(COACHED).stay(3.0, phase=kit.RELAX).stay(2.0, **LIFTING)
    for _ in range(10):
        ear.stay(0.1, **BAD).stay(0.1, **GOOD)
    assert ear.said()[1:] == ["lift"]
    ear.stay(3.0, **BAD).stay(1.0, **LIFTING).stay(3.0, **BAD).stay(1.0, **GOOD).stay(2.0, **BAD)
    assert ear.said()[1:] == ["lift", "ease_off coach_waist_long", "hold"]


def test_a_second_kind_of_correction_waits_for_the_rest():
    ear = Ear(COACHED).stay(3.0, phase=kit.RELAX).stay(2.0, **LIFTING).stay(3.0, **BAD)
    ear.stay(3.0, levels=(60, 80, 5), withheld="ratio")
    ear.stay(3.0, phase=kit.RELAX, events=(kit.finished(2, 0.0, False),))
    assert ear.said()[-1] == "rest let_everything_go next_time soft_tfl"


def test_a_correction_waits_until_nobody_speaks_and_a_phase_does_not():
    ear = Ear(COACHED).stay(1.0, phase=kit.RELAX).stay(3.0, **BAD)
    begun, corrected = ear.log[-2:]
    assert (begun[1], corrected[1]) == ("lift", "ease_off coach_waist_long")
    assert corrected[0] >= begun[0] + len(clip("lift", "en")) / OUT_HZ
    ear.stay(0.5, phase=kit.RELAX)
    assert ear.log[-1] == (4.0, "rest let_everything_go")


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_exercise_begins_a_phase_in_silence(name):
    exercise = parse_protocol(FILES[name], name)
    for phase in exercise.phases:
        now = pictured(kit.tick(LIFTING["levels"], phase, withheld="gate"), protocol=exercise)
        keys = spoken(NOTHING, now)
        assert keys, phase
        assert all(key in catalogue() for key in keys), phase
        if phase.kind == "reference":
            assert keys[0].startswith(("reference_", "muscle_")), phase


def test_a_simulated_session_is_heard_from_rest_to_end():
    phases = run_kit.calibrating(*run_kit.repetitions(1, work_s=6.0), Phase("relax", 1.0, "Rest"))
    job = run_kit.patient_job(Patient("learner", seed=1), run_kit.protocol(phases))
    ear = Ear(job.protocol)
    ear.feed = Feed(job.info, job.protocol)
    job.run([ear])
    said = ear.said()
    assert said[:2] == ["rest", "muscle_gmed press"]
    assert [what for what in said if what.startswith("muscle_")][1:] == [
        "muscle_tfl press",
        "muscle_ql press",
    ]
    assert said[-2:] == ["*end", "well_done that_was_all"]
    assert "lift" in said


def test_the_praise_lasts_no_longer_than_the_words_of_the_screen():
    assert utterance(("well_done", "let_go")).size / OUT_HZ < state.PRAISE_S
