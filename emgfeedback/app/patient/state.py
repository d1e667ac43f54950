"""What the patient is told right now, derived purely from a snapshot and the protocol; no Qt, no clock.

`PatientState` feeds every patient view.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emgfeedback.app import words
from emgfeedback.app.feed import Result, Snapshot
from emgfeedback.values import RIVAL, TARGET, Channel, Phase, Protocol, Tick

SUB_LINE_CHARACTERS, LONGEST_WORD = 60, 10
HOLD, LIFT, EASE_OFF, SOFTER, REST, PRESS = "Hold", "Lift", "Ease off", "Softer", "Rest", "Press"
WELL_DONE, ONE_MOMENT, PAUSED, READY = "Well done", "One moment", "Paused", "Ready"
REST_PLEASE, GO_ON = "Rest, please", "We go on in"
REST_AFTER_S = 1.0
"""How long a silence is "One moment"; then the patient is asked to rest."""
HOP_ROUNDING_S = 0.03
"""A hold is counted in whole hops, so that its good seconds may fall short of ``hold_s`` by one."""
PRAISE_S = 3.0
"""How long the rest after a rewarded repetition says "Well done"."""


@dataclass(frozen=True, slots=True)
class Column:
    """One muscle. ``level``, ``line`` and ``top`` are fractions of reference; NaN is unknown or not set.

    ``line`` is the gate of the target and the moving ceiling of a rival; ``over`` is past that line for a
    rival, past the top for the target. ``problem`` names why there is no trustworthy signal.
    """

    muscle: str
    role: str
    name: str
    place: str
    level: float
    line: float
    top: float = math.nan
    over: bool = False
    problem: str = ""
    word: str = ""

    @property
    def on(self) -> bool:
        """The target works above its gate, or the rival past its line."""
        return not self.problem and (self.level >= self.line if self.role == TARGET else self.over)


@dataclass(frozen=True, slots=True)
class PatientState:
    """One picture for the patient.

    ``columns`` are in the order of the body and empty where no feedback is given; ``ring`` is the filled
    fraction, ``ring_good`` says that it counts good seconds; ``left_s`` is the whole number inside it.
    ``live`` is False while nothing current is known: columns then show the last levels as past.
    ``hint`` is shown only where there are no columns. ``muscle``, ``role`` and ``place`` name the one muscle
    that a reference contraction is about.
    """

    cue: str
    sub: str = ""
    columns: tuple[Column, ...] = ()
    ring: float = math.nan
    ring_good: bool = False
    left_s: int | None = None
    found: bool = False
    live: bool = True
    hint: str = ""
    place: str = ""
    muscle: str = ""
    role: str = ""
    repetition: int = 0
    repetitions: int = 0
    results: tuple[Result, ...] = ()
    hold_s: float = 0.0

    def describe(self) -> str:
        """The picture in one line, for tests and for screen readers."""
        parts = [self.cue, *(_spoken(column) for column in self.columns if self.live)]
        if self.left_s is not None:
            parts.append(f"{self.left_s} s")
        return ", ".join(parts)


def _spoken(column: Column) -> str:
    short = words.muscle(column.muscle).short
    return f"{short} no signal" if column.problem else f"{short} {'on' if column.on else 'off'}"


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
        return PatientState(READY, _short(protocol.name))
    tick = snapshot.tick
    state = _by_state(snapshot, protocol, channels, side)
    if silent_s and tick.state != "done":
        state = _silent(state, silent_s)
    return replace(
        state,
        repetition=tick.phase.repetition or _repetition(snapshot.results),
        repetitions=protocol.repetitions,
        results=snapshot.results,
        hold_s=protocol.hold_s,
    )


def _by_state(snapshot: Snapshot, protocol: Protocol, channels: Sequence[Channel], side: str) -> PatientState:
    tick = snapshot.tick
    if tick.state == "ready":
        position = protocol.position or "Find a comfortable position."
        return PatientState(READY, _short(position), hint="Let everything go. We begin in a moment.")
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
    left_s = max(1, _whole_s(tick.phase_left_s))
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


def _repetition(results: Sequence[Result]) -> int:
    """The repetition that a phase without a number belongs to: the void one, or the last that counts."""
    if results and results[-1].void:
        return results[-1].repetition
    return sum(not result.void for result in results)


def _by_phase(snapshot: Snapshot, protocol: Protocol, channels: Sequence[Channel], side: str) -> PatientState:
    tick = snapshot.tick
    phase = tick.phase
    if phase.kind == "work" and not _uncalibrated(tick):
        return _work(snapshot, protocol, _columns(snapshot, protocol, channels, side))
    left_s = _whole_s(tick.phase_left_s)
    word, sentence = _word_and_sentence(phase)
    hint = phase.hint if sentence != phase.hint else ""
    waiting = PatientState(word, _short(sentence), hint=hint, ring=_elapsed(tick), left_s=left_s)
    if phase.kind in ("reference", "test"):
        role = next((c.role for c in channels if c.muscle == phase.muscle), RIVAL)
        return replace(waiting, place=words.muscle(phase.muscle).place, muscle=phase.muscle, role=role)
    if phase.kind == "relax" and not _uncalibrated(tick):
        waiting = replace(waiting, columns=_columns(snapshot, protocol, channels, side))
        if _praised(snapshot, phase):
            return replace(waiting, cue=WELL_DONE, sub="That was a full hold. Now let go.")
    return waiting


def _word_and_sentence(phase: Phase) -> tuple[str, str]:
    """The one big word, and what stands below it: the cue without that word, or the hint."""
    first = phase.cue.split(maxsplit=1)[0].strip(".,:;!") if phase.cue.strip() else ""
    word = {"rest": REST, "relax": REST, "reference": PRESS, "test": PRESS}.get(phase.kind)
    if word is None:
        word = first if 0 < len(first) <= LONGEST_WORD else LIFT
    sentence = phase.cue.strip()
    if sentence.rstrip(".!") == word:
        sentence = ""
    elif sentence.startswith(f"{word}. "):
        sentence = sentence.removeprefix(f"{word}. ")
    return word, sentence or phase.hint


def _uncalibrated(tick: Tick) -> bool:
    """No level is known although nothing is wrong: there is no reference yet, so there is no feedback."""
    return not np.any(tick.frame.quality) and bool(np.all(np.isnan(tick.level_pct)))


def _praised(snapshot: Snapshot, phase: Phase) -> bool:
    since_s = phase.seconds - snapshot.tick.phase_left_s
    return bool(snapshot.results) and snapshot.results[-1].rewarded and since_s < PRAISE_S


def _whole_s(left_s: float) -> int:
    return max(0, math.ceil(left_s - 1e-9))


def _elapsed(tick: Tick) -> float:
    seconds = tick.phase.seconds
    return 1.0 - min(1.0, max(0.0, tick.phase_left_s / seconds)) if seconds else math.nan


def _level(tick: Tick, index: int) -> float:
    return float(tick.shown_pct[index]) / 100.0


def _columns(
    snapshot: Snapshot, protocol: Protocol, channels: Sequence[Channel], side: str
) -> tuple[Column, ...]:
    tick = snapshot.tick
    target_index = next((i for i, c in enumerate(channels) if c.role == TARGET), 0)
    target_level = _level(tick, target_index)
    gate = protocol.min_level_pct / 100.0
    drawn = []
    for index, channel in enumerate(channels):
        if channel.role not in (TARGET, RIVAL):
            continue
        level, known = _level(tick, index), words.muscle(channel.muscle)
        bits = int(tick.frame.quality[index])
        unknown = math.isnan(level)
        problem = words.problem(bits, channel.role == TARGET and not unknown)
        problem = problem or ("no level" if unknown else "")
        if channel.role == TARGET:
            top = math.nan if protocol.ceiling_pct is None else protocol.ceiling_pct / 100.0
            line, over = gate, level > top
        else:
            top, line = math.nan, target_level / snapshot.ratio
            over = not tick.reward.good and level > (line if target_level >= gate else max(line, gate))
        drawn.append(
            Column(channel.muscle, channel.role, known.name, known.place, level, line, top, over, problem)
        )
    drawn.sort(key=lambda column: words.muscle(column.muscle).front if column.role == RIVAL else 0)
    return tuple(drawn if side != "left" else reversed(drawn))


def _work(snapshot: Snapshot, protocol: Protocol, columns: tuple[Column, ...]) -> PatientState:
    tick = snapshot.tick
    done = 0 < protocol.hold_s < tick.good_s + HOP_ROUNDING_S or tick.reward.rewarded
    cue, sub = _advice(snapshot, protocol, columns)
    if done:
        cue, sub = WELL_DONE, "That was a full hold. Slowly let go."
    found = tick.reward.good or done
    good_s = protocol.hold_s if done else tick.good_s
    return PatientState(
        cue,
        sub,
        tuple(replace(column, word=_status(column, cue, found)) for column in columns),
        ring=min(1.0, good_s / protocol.hold_s) if protocol.hold_s else math.nan,
        ring_good=True,
        left_s=_whole_s(protocol.hold_s - good_s) if protocol.hold_s else None,
        found=found,
    )


def _advice(snapshot: Snapshot, protocol: Protocol, columns: tuple[Column, ...]) -> tuple[str, str]:
    """Cue word and sub-line of a work phase: what is missing first, in words of letting go."""
    tick = snapshot.tick
    target = next(column for column in columns if column.role == TARGET)
    rivals = [column for column in columns if column.role == RIVAL]
    silent = next((column for column in columns if column.problem), None)
    if silent is not None:
        return ONE_MOMENT, _short(f"No signal from the {silent.place}. Rest a little.")
    if tick.reward.good:
        return HOLD, _found(rivals, snapshot.ratio)
    if target.over:
        return SOFTER, _short(f"Less is enough. Stay below the top at the {target.place}.")
    lift, sentence = _word_and_sentence(tick.phase)
    leading = max(rivals, key=lambda column: column.level, default=None)
    if leading is not None and leading.over:
        coaching = protocol.coaching.get(leading.muscle) or f"Let the {leading.place} go soft."
        return EASE_OFF, _short(coaching)
    if leading is not None and tick.reward.withheld == "ratio":
        return lift, _short(f"Nearly. Let the {leading.place} go a little softer.")
    return lift, _short(sentence or f"Slowly. Feel for the {target.place}.")


def _found(rivals: Sequence[Column], ratio: float) -> str:
    if ratio < 1.0:
        return "Better than your start. Keep it just like this."
    places = " and ".join(column.place for column in rivals[:2])
    line = f"You found it. {places.capitalize()} stay{'s' if len(rivals) == 1 else ''} soft."
    fits = 0 < len(rivals) < 3 and len(line) <= SUB_LINE_CHARACTERS
    return line if fits else "You found it. Keep it like this."


def _status(column: Column, cue: str, found: bool) -> str:
    if column.problem:
        return "no signal"
    if column.role == TARGET:
        return "softer" if cue == SOFTER else "found it" if found else ""
    return "let go" if column.over else ""


def _short(text: str) -> str:
    return textwrap.shorten(text, SUB_LINE_CHARACTERS, placeholder=" …") if text else ""
