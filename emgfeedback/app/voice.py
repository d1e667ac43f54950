"""What is said between two moments, as keys of the voice catalogue; no sound card and no clock.

`spoken` compares two pictures; `Talk` decides when there is time to say it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from emgfeedback.app.patient import picture
from emgfeedback.app.patient.picture import (
    EASE_OFF,
    GO_ON,
    PAUSED,
    REST,
    SOFTER,
    STOPPED,
    WELL_DONE,
    PatientState,
)
from emgfeedback.app.voices import catalogue, key_of_sentence

Keys = tuple[str, ...]
CUES = {
    picture.REST: "rest",
    picture.LIFT: "lift",
    picture.HOLD: "hold",
    picture.PRESS: "press",
    picture.EASE_OFF: "ease_off",
    picture.SOFTER: "softer",
    picture.STAND: "stand",
    picture.WELL_DONE: "well_done",
    picture.ONE_MOMENT: "one_moment",
    picture.REST_PLEASE: "rest_please",
    picture.GO_ON: "go_on",
    picture.STOPPED: "stopped",
    picture.NOT_TODAY: "not_today",
    picture.PAUSED: "paused",
    picture.READY: "ready",
    "Open": "open",
    "Raise": "raise",
    "Step": "step",
    "Squat": "squat",
    "Hinge": "hinge",
    "Draw": "draw",
    "Tilt": "tilt",
    "Roll": "roll",
    "Turn": "turn",
    "Bend": "bend",
    "Lie": "lie",
}
"""The large word on the screen and its key; any other word is the start of a movement, `BEGIN`."""
BEGIN = "begin"
CORRECTIONS = {"ease_off", "softer", "stand"}
CALM = {"rest", "well_done", "rest_please", "stopped", "not_today", "paused", "ready", "go_on", "one_moment"}
ALONE = {"one_moment"}
"""What is said without the line below it, for more may come at any moment."""
AGAIN = {"one_moment"}
"""What may be said more than once in a repetition."""
COUNT_FROM, COUNT_HOLD_FROM, MOST_COUNTED = 3, 5, 10
SETTLE_S = 0.3
"""How long a new word of an effort must stay before it is said."""


def spoken(before: PatientState, now: PatientState) -> Keys:
    """What is new in ``now`` and has to be said; empty when nothing is."""
    if _news(before) == _news(now):
        return ()
    if now.cue == WELL_DONE and not at_the_end(now) and not praised_anew(before, now):
        return ()
    if at_the_end(now) and before.cue == WELL_DONE:
        return ("that_was_all",)
    if now.cue == REST and before.told:
        return ("rest",) if now.told else _sentence(now)
    if begins(before, now) and now.cue in (EASE_OFF, SOFTER):
        return (CUES.get(now.asked, BEGIN),)
    return _keys(now)


def counted(before: PatientState, now: PatientState) -> Keys:
    """The number to be said when a countdown has come to its last seconds."""
    left_s = now.left_s
    if left_s is None or left_s == before.left_s or before.left_s is None:
        return ()
    aloud_from = COUNT_HOLD_FROM if now.ring_good or now.cue == GO_ON else COUNT_FROM
    return (f"count_{left_s}",) if 1 <= left_s <= aloud_from else ()


def at_the_end(state: PatientState) -> bool:
    """The words that close a session, not those that praise a hold."""
    return state.cue == WELL_DONE and not state.ring_good and state.left_s is None and not state.told


def in_effort(state: PatientState) -> bool:
    """Work is asked for, with the picture on."""
    return state.ring_good and state.cue != PAUSED


def begins(before: PatientState, now: PatientState) -> bool:
    """An effort that was not there before, or goes on after an interruption."""
    return in_effort(now) and (not in_effort(before) or now.repetition != before.repetition)


def praised_anew(before: PatientState, now: PatientState) -> bool:
    """A praise that was earned between two moments; one that is only shown again is no news."""
    if now.cue != WELL_DONE or at_the_end(now) or before.cue == WELL_DONE:
        return False
    goes_on = not before.live or before.cue == PAUSED
    return len(now.results) > len(before.results) or (in_effort(now) and not goes_on)


def _news(state: PatientState) -> tuple[object, ...]:
    cue = CUES.get(state.cue, BEGIN) if state.cue else ""
    repetition = state.repetition if cue not in CALM else 0
    return cue, _sentence(state), state.muscle, state.told, at_the_end(state), repetition


def _keys(state: PatientState) -> Keys:
    if state.told:
        return _told(state)
    if at_the_end(state):
        return "well_done", "that_was_all"
    cue = CUES.get(state.cue, BEGIN)
    if cue == "well_done" and state.ring_good:
        return cue, "let_go"
    if state.cue == STOPPED:
        return cue, "let_everything_go", "say_how_it_feels"
    if state.cue == GO_ON:
        return (cue, f"count_{state.left_s}") if 1 <= (state.left_s or 0) <= MOST_COUNTED else (cue,)
    if cue in ALONE:
        return (cue,)
    if state.muscle:
        return _sentence(state) or (f"muscle_{state.muscle}", cue)
    return cue, *_sentence(state)


def _sentence(state: PatientState) -> Keys:
    """The line below the large word where it can be said, else what the leading rival is told."""
    known = key_of_sentence().get(state.sub, "")
    if not known and state.cue == EASE_OFF:
        over = [column for column in state.columns if column.over]
        leading = max(over, key=lambda column: column.level, default=None)
        known = f"soft_{leading.muscle}" if leading else ""
    return (known,) if known in catalogue() else ()


def _told(state: PatientState) -> Keys:
    """How a repetition without a picture went, in whole seconds rounded down."""
    first = CUES.get(state.cue, BEGIN)
    last = state.results[-1] if state.results else None
    if last is None:
        return (first,)
    hold_s = state.hold_s if last.hold_s is None else last.hold_s
    if last.rule == "rep" or not hold_s:
        return first, "that_counted" if last.achieved else "it_is_let_go"
    held_s = math.floor(min(last.good_s, hold_s) + 1e-9)
    if held_s > MOST_COUNTED:
        return (first,)
    return (first, "you_held", f"count_{held_s}") if held_s else (first, "it_is_let_go")


class Talk:
    """Says one thing at a time: phases at once, one correction in a repetition, numbers where there is room.

    A word of an effort must stay for `SETTLE_S`; what was corrected in vain is said in the rest after it.
    ``length_s`` gives the length of keys when spoken, and monotonic seconds are handed in.
    """

    def __init__(self, length_s: Callable[[Sequence[str]], float]) -> None:
        self._length_s = length_s
        self._before = PatientState("")
        self._new: tuple[str, float] = ("", -math.inf)
        self._quiet_from_s = -math.inf
        self._said: set[str] = set()
        self._kept: Keys = ()

    def step(self, state: PatientState, now_s: float) -> Keys:
        """What is to be said at ``now_s``, mostly nothing."""
        if begins(self._before, state):
            self._said, self._kept = set(), ()
        if not self._settled(state, now_s):
            return ()
        keys = self._chosen(state, now_s)
        if keys:
            self._quiet_from_s = now_s + self._length_s(keys)
        return keys

    def _settled(self, state: PatientState, now_s: float) -> bool:
        """Whether the word of an effort is no flicker."""
        before = self._before
        same_effort = in_effort(state) and not begins(before, state)
        if not same_effort or state.cue in (before.cue, WELL_DONE):
            self._new = "", now_s
            return True
        if state.cue != self._new[0]:
            self._new = state.cue, now_s
        return now_s - self._new[1] >= SETTLE_S

    def _chosen(self, state: PatientState, now_s: float) -> Keys:
        before, keys = self._before, spoken(self._before, state)
        busy = now_s < self._quiet_from_s
        correction = in_effort(state) and keys[:1] and keys[0] in CORRECTIONS
        if correction and busy and not self._said & CORRECTIONS:
            return ()
        self._before = state
        if not keys:
            return () if busy else counted(before, state)
        if not in_effort(state):
            return self._with_kept(keys)
        if state.cue in (EASE_OFF, SOFTER) and not correction:
            self._before = replace(state, cue="")
        if correction and self._said & CORRECTIONS:
            self._kept = keys[-1:]
            return ()
        if keys[0] in self._said - AGAIN:
            return ()
        self._said.update(keys)
        return keys

    def _with_kept(self, keys: Keys) -> Keys:
        """A rest begins with what could not be said before it."""
        kept, self._kept = self._kept, ()
        useful = keys[0] == "rest" and kept and not set(kept) & self._said and "well_done" not in self._said
        return (*keys, "next_time", *kept) if useful else keys
