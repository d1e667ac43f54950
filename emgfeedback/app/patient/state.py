"""What the patient is told right now, derived purely from a snapshot and the protocol; no Qt, no clock.

`PatientState` feeds every patient view.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emgfeedback.app import words
from emgfeedback.app.feed import Snapshot
from emgfeedback.app.patient.effort import columns_of, done_words, effort, hold_of, word_and_sentence
from emgfeedback.app.patient.picture import (
    GO_ON,
    HOLD,
    NOT_TODAY,
    ONE_MOMENT,
    PAUSED,
    READY,
    REST_PLEASE,
    STOPPED,
    WELL_DONE,
    share_of,
    short,
    whole_s,
)
from emgfeedback.app.patient.picture import PatientState as PatientState
from emgfeedback.app.result import Result
from emgfeedback.values import RIVAL, Channel, Phase, Protocol, Tick

REST_AFTER_S = 1.0
"""How long a silence is "One moment"; then the patient is asked to rest."""
PRAISE_S, TOLD_S = 3.0, 8.0
"""How long the rest after a repetition says "Well done", and how a quiet one went."""
NO_PICTURE = "No picture this time: feel for it."
TOLD_LATER = "No picture this time. Afterwards you are told how it went."


def patient_state(
    snapshot: Snapshot | None,
    protocol: Protocol,
    channels: Sequence[Channel],
    side: str = "right",
    silent_s: float = 0.0,
) -> PatientState:
    """Derive the picture for one moment.

    Parameters
    ----------
    snapshot : the newest state of the run, or None before the first hop
    channels : the used channels, in the order of the tick's arrays
    side : ``left`` or ``right``, the trained side of the body; it orders the columns
    silent_s : how long nothing came, so that nothing shown may claim to be current; 0 when all is well
    """
    if snapshot is None:
        return PatientState(READY, short(protocol.name))
    tick = snapshot.tick
    if tick.state == "locked":
        return PatientState(STOPPED, "Let everything go. Say how it feels.")
    state = _by_state(snapshot, protocol, channels, side)
    if silent_s and tick.state != "done":
        state = _silent(state, silent_s)
    word, sentence = word_and_sentence(tick.phase)
    return replace(
        state,
        side=side,
        ratio=snapshot.ratio if snapshot.ratio > 0 else math.nan,
        share=share_of(state),
        asked=word,
        asked_sub=short(sentence),
        clock_s=whole_s(tick.phase_left_s),
        repetition=tick.phase.repetition or (snapshot.results[-1].repetition if snapshot.results else 0),
        repetitions=protocol.repetitions,
        results=tuple(result.blind() for result in snapshot.results),
        hold_s=hold_of(tick.phase, protocol),
        units=snapshot.units,
    )


def _by_state(snapshot: Snapshot, protocol: Protocol, channels: Sequence[Channel], side: str) -> PatientState:
    tick = snapshot.tick
    if tick.state == "ready":
        position = protocol.position or "Find a comfortable position."
        return PatientState(READY, short(position), hint="Let everything go. We begin in a moment.")
    if tick.state == "done":
        return PatientState(WELL_DONE, "That was all for now. Rest as long as you like.")
    if tick.phase.kind == "waiting":
        return _waiting(snapshot)
    state = _by_phase(snapshot, protocol, channels, side)
    if tick.state == "paused":
        return replace(state, cue=PAUSED, sub="Let everything go. We go on in a moment.", found=False)
    return state


def _waiting(snapshot: Snapshot) -> PatientState:
    """The board is back: count down to the phase that was interrupted."""
    tick = snapshot.tick
    again = bool(snapshot.results) and bool(snapshot.results[-1].void)
    sub = "Rest until then. This repetition starts again." if again else "Rest until then."
    left_s = max(1, whole_s(tick.phase_left_s))
    return PatientState(GO_ON, sub, ring=_elapsed(tick), left_s=left_s, live=False)


def _silent(state: PatientState, silent_s: float) -> PatientState:
    """Nothing comes: calm words, and nothing that could be taken for a level of now."""
    cue, sub = ONE_MOMENT, "Let everything go."
    if silent_s >= REST_AFTER_S:
        cue, sub = REST_PLEASE, "One moment. We go on when the sensors are back."
    if state.cue == PAUSED:
        cue, sub = state.cue, state.sub
    columns = tuple(replace(column, word="") for column in state.columns)
    ring = state.ring if columns else math.nan
    return PatientState(cue, sub, columns, ring=ring, live=False)


def _by_phase(snapshot: Snapshot, protocol: Protocol, channels: Sequence[Channel], side: str) -> PatientState:
    tick = snapshot.tick
    phase = tick.phase
    if snapshot.not_permitted:
        left_s = whole_s(tick.phase_left_s)
        return PatientState(NOT_TODAY, "Let everything go. The next part comes by itself.", left_s=left_s)
    if _unseen(phase):
        return _quiet(tick)
    if phase.kind == "work" and not _uncalibrated(tick):
        return effort(snapshot, protocol, columns_of(snapshot, protocol, channels, side))
    word, sentence, hint = _instruction(phase)
    left_s = whole_s(tick.phase_left_s)
    waiting = PatientState(word, short(sentence), hint=hint, ring=_elapsed(tick), left_s=left_s)
    if phase.kind in ("reference", "test"):
        role = next((c.role for c in channels if c.muscle == phase.muscle), RIVAL)
        return replace(waiting, place=words.muscle(phase.muscle).place, muscle=phase.muscle, role=role)
    if phase.kind == "relax" and not _uncalibrated(tick):
        if _beside_unseen(snapshot, protocol):
            return _told(snapshot, protocol, waiting)
        waiting = replace(waiting, columns=columns_of(snapshot, protocol, channels, side))
        if _praised(snapshot):
            done = done_words(snapshot.results[-1].rule)
            return replace(waiting, cue=WELL_DONE, sub=f"{done} Now let go.")
    return waiting


def _instruction(phase: Phase) -> tuple[str, str, str]:
    """The big word, the line below it, and what else there is to say."""
    word, sentence = word_and_sentence(phase)
    return word, sentence, phase.hint if sentence != phase.hint else ""


def _unseen(phase: Phase) -> bool:
    """Nothing in the picture may depend on what the muscles do."""
    return phase.kind == "observe" or (phase.kind == "work" and phase.feedback != "live")


def _quiet(tick: Tick) -> PatientState:
    """A repetition without feedback: the instruction and the seconds left, the same for everybody.

    A sham shows what was drawn for it, where there is something.
    """
    phase = tick.phase
    word, sentence, hint = _instruction(phase)
    if phase.kind == "work":
        why = TOLD_LATER if phase.feedback == "after" else NO_PICTURE
        hint = " ".join(filter(None, (hint, why)))
    asked = PatientState(word, short(sentence), hint=hint, left_s=whole_s(tick.phase_left_s))
    if tick.sham_good is None:
        return asked
    ring = min(1.0, tick.sham_good_s / phase.hold_s) if phase.hold_s else math.nan
    cue = HOLD if tick.sham_good else word
    return replace(asked, cue=cue, hint=phase.hint, found=tick.sham_good, ring=ring, ring_good=True)


def _beside_unseen(snapshot: Snapshot, protocol: Protocol) -> bool:
    """The repetition before this pause, or the one after it, is one without feedback."""
    before = snapshot.results[-1] if snapshot.results else None
    if before is not None and before.feedback != "live":
        return True
    to_come = protocol.phases[max(0, snapshot.tick.phase_index) :]
    after = next((phase for phase in to_come if phase.repetition), None)
    return after is not None and _unseen(after)


def _told(snapshot: Snapshot, protocol: Protocol, waiting: PatientState) -> PatientState:
    """The pause beside a repetition without feedback: calm, and a while after it how it went, if told."""
    last = snapshot.results[-1] if snapshot.results else None
    if last is None or last.feedback != "after" or not last.counts or _since_s(snapshot.tick) >= TOLD_S:
        return waiting
    sub, hint = _how_it_went(last, protocol)
    cue = WELL_DONE if _praised(snapshot) else waiting.cue
    return replace(waiting, cue=cue, sub=sub, hint=hint, told=" ".join(filter(None, (sub, hint))))


def _how_it_went(result: Result, protocol: Protocol) -> tuple[str, str]:
    """What was held, and by whom, in kind words."""
    hold_s = protocol.hold_s if result.hold_s is None else result.hold_s
    if result.rule == "rep" or not hold_s:
        said = done_words("rep") if result.achieved else "This one is let go. The next one comes."
    else:
        said = f"You held {min(result.good_s, hold_s):.1f} of {hold_s:g} s."
    if math.isnan(result.share_median):
        return said, ""
    place = words.muscle(protocol.target).place.capitalize()
    return said, f"{place} did {100 * result.share_median:.0f} % of the work."


def _uncalibrated(tick: Tick) -> bool:
    """No level is known although nothing is wrong: there is no reference yet, so there is no feedback."""
    return not np.any(tick.frame.quality) and bool(np.all(np.isnan(tick.level_pct)))


def _praised(snapshot: Snapshot) -> bool:
    last = snapshot.results[-1] if snapshot.results else None
    well = last is not None and last.rewarded and last.counts and last.seen
    return well and _since_s(snapshot.tick) < PRAISE_S


def _since_s(tick: Tick) -> float:
    return tick.phase.seconds - tick.phase_left_s


def _elapsed(tick: Tick) -> float:
    seconds = tick.phase.seconds
    return 1.0 - min(1.0, max(0.0, tick.phase_left_s / seconds)) if seconds else math.nan
