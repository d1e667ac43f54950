"""What the patient is told: derived from the state alone and honest about the unknown."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import app_kit as kit
import pytest

from emgfeedback.app.feed import Feed
from emgfeedback.app.patient.state import PatientState, patient_state
from emgfeedback.app.patient.steady import Steady
from emgfeedback.values import RIVAL, Channel, Event, Phase, Protocol, Quality, Quiet

NAN = math.nan


def told(
    *,
    protocol: Protocol = kit.PROTOCOL,
    side: str = "right",
    silent_s: float = 0.0,
    results=kit.RESULTS,
    info=kit.INFO,
    **hop,
) -> PatientState:
    feed = Feed(info, protocol)
    feed.on_chunk(kit.chunk(0))
    feed.on_tick(kit.tick(hop.get("levels", (60, 20, 15)), events=results))
    feed.on_tick(kit.tick(**hop))
    return patient_state(feed.snapshot, protocol, feed.channels, side, silent_s)


def column(state: PatientState, muscle: str):
    return next(c for c in state.columns if c.muscle == muscle)


def test_a_good_hop_says_hold_and_counts_down_the_good_seconds():
    state = told(levels=(62, 14, 10), good=True, good_s=2.4)
    assert state.cue == "Hold"
    assert state.found
    assert state.left_s == 4
    assert state.ring == pytest.approx(0.4)
    assert state.describe() == "Hold, Waist (QL site) off, GMed on, TFL off, 4 s"
    assert state.sub == "You found it. Waist and front of hip stay soft."


def test_the_line_of_a_rival_moves_with_the_target():
    low, high = told(levels=(30, 5, 5)), told(levels=(60, 5, 5))
    assert column(low, "tfl").line == pytest.approx(0.30 / 1.32)
    assert column(high, "tfl").line == pytest.approx(0.60 / 1.32)
    assert column(high, "gmed").line == pytest.approx(0.10)


def test_the_line_follows_the_ratio_in_use_and_not_the_one_of_the_file():
    harder = Event(5, "ratio", {"from": 1.32, "to": 2.0, "cause": "operator"})
    assert column(told(levels=(60, 5, 5), events=(harder,)), "tfl").line == pytest.approx(0.30)


def test_a_rival_over_its_line_is_asked_to_let_go_in_its_own_words():
    state = told(levels=(28, 62, 10), withheld="ratio")
    assert state.cue == "Ease off"
    assert state.sub == kit.PROTOCOL.coaching["tfl"]
    assert column(state, "tfl").over
    assert column(state, "tfl").word == "let go"
    assert not column(state, "ql").over


def test_the_leading_rival_is_coached_when_both_are_over():
    assert told(levels=(20, 40, 60), withheld="ratio").sub == kit.PROTOCOL.coaching["ql"]


def test_muscles_at_rest_are_not_scolded_although_the_line_is_near_zero():
    state = told(levels=(2, 3, 4), withheld="gate")
    assert state.cue == "Lift"
    assert not any(c.over for c in state.columns)


def test_a_working_rival_is_seen_before_the_target_wakes():
    assert told(levels=(4, 60, 5), withheld="gate").cue == "Ease off"


def test_inside_the_lines_but_not_yet_on_says_nearly():
    state = told(levels=(60, 43, 10), withheld="ratio")
    assert state.cue == "Lift"
    assert state.sub.startswith("Nearly. Let the front of hip")


def test_above_the_ceiling_the_word_is_softer():
    protected = replace(kit.PROTOCOL, ceiling_pct=60.0)
    state = told(protocol=protected, levels=(75, 10, 10), withheld="ceiling")
    assert state.cue == "Softer"
    assert column(state, "gmed").top == pytest.approx(0.6)


@pytest.mark.parametrize("flag", list(Quality))
def test_a_rival_that_cannot_be_trusted_has_no_signal_and_is_never_quiet(flag):
    state = told(levels=(62, 0.0, 10), quality=(0, int(flag), 0), withheld="quality:tfl")
    tfl = column(state, "tfl")
    assert tfl.problem
    assert tfl.word == "no signal"
    assert not state.found
    assert state.cue == "One moment"
    assert "TFL no signal" in state.describe()
    assert "TFL off" not in state.describe()


def test_a_single_muscle_without_a_level_has_no_signal():
    assert column(told(levels=(62, NAN, 10), withheld="quality:tfl"), "tfl").problem


def test_observing_gives_no_feedback():
    state = told(levels=(62, 14, 10), phase=kit.OBSERVE, good=True, left_s=3.2)
    assert state.columns == ()
    assert not state.found
    assert not state.ring_good
    assert (state.cue, state.left_s) == ("Lift", 4)


@pytest.mark.parametrize("phase", [kit.REST, kit.PRESS])
def test_measuring_phases_are_calm_screens_with_a_countdown(phase):
    state = told(levels=(NAN, NAN, NAN), phase=phase, left_s=2.0)
    assert state.columns == ()
    assert (state.cue, state.left_s) == ({"rest": "Rest", "reference": "Press"}[phase.kind], 2)


@pytest.mark.parametrize(
    ("kind", "cue", "word", "line"),
    [
        ("rest", "Rest. Let everything go loose.", "Rest", "Let everything go loose."),
        ("relax", "Lower slowly and rest.", "Rest", "Lower slowly and rest."),
        ("relax", "Rest.", "Rest", "the hint"),
        ("reference", "Side of hip: press the leg up.", "Press", "Side of hip: press the leg up."),
        ("observe", "Open the knee and hold.", "Open", "Open the knee and hold."),
        (
            "observe",
            "Unbelievably long first words are no cue.",
            "Lift",
            "Unbelievably long first words are no cue.",
        ),
    ],
)
def test_a_cue_sentence_becomes_one_big_word_and_a_line(kind, cue, word, line):
    phase = Phase(kind, 5.0, cue, "the hint", muscle="gmed", repetition=1)
    state = told(levels=(NAN, NAN, NAN), phase=phase)
    assert (state.cue, state.sub) == (word, line)


def test_a_reference_names_the_place_to_press():
    assert told(levels=(NAN,) * 3, phase=kit.PRESS).place == "side of hip"


def test_without_a_calibration_a_work_phase_gives_no_feedback():
    state = told(levels=(NAN, NAN, NAN), withheld="uncalibrated")
    assert state.columns == ()
    assert not state.found


def test_lost_samples_in_all_channels_are_one_moment():
    state = told(levels=(NAN, NAN, NAN), quality=(64, 64, 64), withheld="quality:gmed")
    assert state.cue == "One moment"
    assert all(c.problem for c in state.columns)


def test_a_full_hold_is_done_even_when_whole_hops_fall_short_of_it():
    protocol = replace(kit.PROTOCOL, hold_s=5.0)
    state = told(protocol=protocol, levels=(62, 14, 10), good=True, good_s=208 * 0.024)
    assert (state.cue, state.ring, state.left_s) == ("Well done", 1.0, 0)


def test_the_rest_after_a_full_hold_says_well_done_and_then_rest():
    assert told(levels=(4, 3, 2), phase=kit.RELAX, left_s=5.0).cue == "Well done"
    assert told(levels=(4, 3, 2), phase=kit.RELAX, left_s=2.0).cue == "Rest"
    partial = (kit.RESULTS[0], kit.finished(2, 2.0, False))
    assert told(levels=(4, 3, 2), phase=kit.RELAX, left_s=5.0, results=partial).cue == "Rest"


def test_pause_stall_ready_and_done_say_so_and_reward_nothing():
    assert told(state="paused", good=True).cue == "Paused"
    assert told(silent_s=0.4, good=True).cue == "One moment"
    assert not told(silent_s=0.4, good=True).found
    assert told(state="ready", phase=Phase("ready", 0.0, "Ready")).cue == "Ready"
    assert told(state="done", phase=Phase("done", 0.0, "Well done")).cue == "Well done"
    assert patient_state(None, kit.PROTOCOL, kit.INFO.channels).cue == "Ready"


def test_columns_stand_like_the_body_and_swap_for_the_left():
    assert [c.muscle for c in told().columns] == ["ql", "gmed", "tfl"]
    assert [c.muscle for c in told(side="left").columns] == ["tfl", "gmed", "ql"]


def test_one_rival_and_unknown_muscles_make_columns_too():
    one = replace(kit.INFO, channels=kit.INFO.channels[:2])
    state = told(info=one, levels=(62, 14), quality=(0, 0), good=True)
    assert state.sub == "You found it. Front of hip stays soft."
    more = replace(kit.INFO, channels=(*kit.INFO.channels, Channel("4", "abc", "right", RIVAL)))
    state = told(info=more, levels=(62, 14, 10, 12), quality=(0,) * 4, good=True)
    assert column(state, "abc").name == "ABC"
    assert len(state.columns) == 4


def test_no_claim_of_leading_while_the_line_is_below_one():
    easy = replace(kit.PROTOCOL, ratio=0.9)
    assert told(protocol=easy, good=True).sub.startswith("Better than your start")


def test_under_a_line_below_one_the_target_is_better_and_has_not_found_it():
    easier = Event(5, "ratio", {"from": 1.32, "to": 0.6, "cause": "start block"})
    state = told(levels=(30, 40, 10), good=True, events=(easier,))
    assert column(state, "gmed").word == "better"
    assert "found" not in state.sub
    assert column(state, "tfl").line == pytest.approx(0.30 / 0.6)


def test_a_rival_over_its_own_ceiling_is_named_and_asked_to_go_soft():
    protocol = replace(kit.PROTOCOL, rival_ceiling_pct={"tfl": 15.0})
    state = told(protocol=protocol, levels=(60, 20, 5), withheld="rival:tfl")
    assert (state.cue, state.sub) == ("Ease off", "Let the front of hip go soft: it is over its limit.")
    assert column(state, "tfl").over
    assert column(state, "tfl").line == pytest.approx(0.15)
    assert column(state, "ql").line == pytest.approx(0.60 / 1.32)


def test_where_no_ratio_is_asked_only_a_ceiling_is_a_line():
    protocol = replace(kit.PROTOCOL, ratio=0.0, rival_ceiling_pct={"tfl": 15.0})
    state = told(protocol=protocol, levels=(4, 20, 50), withheld="gate")
    assert column(state, "tfl").over
    assert math.isnan(column(state, "ql").line)
    assert not column(state, "ql").over
    assert told(protocol=protocol, levels=(60, 5, 50), good=True).cue == "Hold"


def test_the_quiet_muscle_over_its_line_and_the_swinging_leg_are_told_in_plain_words():
    protocol = replace(kit.PROTOCOL, quiet=Quiet("ql", ceiling=True))
    state = told(protocol=protocol, levels=(60, 5, 20), withheld="quiet")
    assert (state.cue, state.sub) == ("Ease off", "Let the waist be as quiet as in your first tries.")
    swing = told(levels=(60, 5, 20), withheld="swing")
    assert (swing.cue, swing.sub) == ("Stand", "Stand on the trained leg.")


def test_a_ceiling_that_came_with_the_calibration_is_the_top():
    protected = Event(5, "ceiling", {"pct": 60.0, "cause": "protected stage"})
    state = told(levels=(75, 10, 10), withheld="ceiling", events=(protected,))
    assert state.cue == "Softer"
    assert column(state, "gmed").top == pytest.approx(0.6)


def test_each_phase_has_its_own_hold_and_whole_repetitions_have_none():
    state = told(phase=kit.work(3, hold_s=20.0), good=True, good_s=6.0)
    assert (state.ring, state.left_s) == (pytest.approx(0.3), 14)
    whole = told(phase=kit.work(3, rule="rep"), good=True, good_s=6.0)
    assert (whole.cue, whole.left_s) == ("Hold", None)
    assert math.isnan(whole.ring)


def test_a_baseline_is_a_calm_screen():
    state = told(levels=(4, 3, 2), phase=Phase("baseline", 60.0, "Lie quietly."), left_s=30.0)
    assert (state.cue, state.columns, state.left_s) == ("Lie", (), 30)


def test_sub_lines_are_at_most_sixty_characters():
    long = "Take the leg a little back and let the front of the hip become soft like butter in the sun."
    wordy = replace(kit.PROTOCOL, coaching={"tfl": long}, name=long)
    phase = replace(kit.RELAX, hint=long)
    states = [
        told(protocol=wordy, levels=(28, 62, 10), withheld="ratio"),
        told(phase=phase, left_s=1.0),
        patient_state(None, wordy, kit.INFO.channels),
    ]
    assert all(0 < len(state.sub) <= 60 for state in states)


def test_results_so_far_travel_with_the_picture():
    state = told(phase=kit.work(3))
    assert (state.repetition, state.repetitions) == (3, 5)
    assert [result.rewarded for result in state.results] == [True, True]


def test_side_line_and_share_travel_with_the_picture():
    harder = Event(5, "ratio", {"from": 1.32, "to": 2.0, "cause": "operator"})
    state = told(levels=(60, 20, 20), side="left", events=(harder,))
    assert (state.side, state.ratio, state.share) == ("left", 2.0, pytest.approx(0.6))
    assert math.isnan(told(protocol=replace(kit.PROTOCOL, ratio=0.0)).ratio)
    assert math.isnan(told(levels=(4, 3, 2), phase=kit.RELAX).share)


def test_what_is_asked_and_its_time_do_not_depend_on_what_the_muscles_do():
    good = told(levels=(62, 14, 10), good=True, good_s=2.4, left_s=6.6)
    bad = told(levels=(9, 62, 40), withheld="ratio", left_s=6.6)
    for state in (good, bad):
        assert (state.asked, state.asked_sub, state.clock_s) == ("Lift", "Slowly, leg slightly back.", 7)
    assert (good.cue, bad.cue) == ("Hold", "Ease off")


def test_a_picture_without_levels_has_no_share_and_no_trail():
    for phase in (kit.OBSERVE, kit.REST, kit.work(2, feedback="off")):
        steady = Steady()
        steady.step(told(good=True), 10.0)
        shown = steady.step(told(levels=(60, 20, 15), phase=phase), 10.02)
        assert (shown.parts, shown.trail) == ((), ())
        assert math.isnan(shown.share)


def test_drawn_levels_ease_towards_the_measured_with_80_ms():
    steady = Steady()
    steady.step(told(levels=(0, 0, 0)), 0.0)
    shown = steady.step(told(levels=(100, 0, 0)), 0.080)
    assert column(shown, "gmed").level == pytest.approx(1 - math.exp(-1), abs=0.01)


def test_the_drawing_bridges_dropouts_of_300_ms_and_no_longer():
    good, off = told(good=True, good_s=2.0), told(levels=(28, 62, 10), withheld="ratio", good_s=2.0)
    steady = Steady()
    steady.step(good, 10.0)
    assert steady.step(off, 10.2).cue == "Hold"
    assert steady.step(off, 10.35).cue == "Ease off"
    assert steady.step(good, 10.36).cue == "Hold"


def test_a_lost_electrode_is_drawn_at_once_while_words_are_bridged():
    steady = Steady()
    steady.step(told(good=True), 10.0)
    shown = steady.step(told(levels=(62, 0, 10), quality=(0, 8, 0), withheld="quality:tfl"), 10.02)
    assert column(shown, "tfl").problem
    assert column(shown, "tfl").word == "no signal"


def test_pause_is_shown_at_once():
    steady = Steady()
    steady.step(told(good=True), 10.0)
    assert steady.step(told(state="paused"), 10.02).cue == "Paused"


def test_the_glow_fades_and_never_flashes():
    steady, strengths = Steady(), []
    for hop in range(100):
        steady.step(told(good=hop % 2 == 0, levels=(60, 43, 10), withheld="ratio"), hop * 0.02)
        strengths.append(steady.glow)
    steps = [abs(b - a) for a, b in itertools.pairwise(strengths)]
    assert max(steps[1:]) < 0.15
    assert min(strengths[30:]) > 0.9
