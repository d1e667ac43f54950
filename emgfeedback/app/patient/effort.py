"""The picture of a repetition in sight: who works, what is missing first, in words of letting go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from emgfeedback.app import words
from emgfeedback.app.feed import Snapshot
from emgfeedback.app.patient.picture import (
    EASE_OFF,
    HOLD,
    LIFT,
    ONE_MOMENT,
    PRESS,
    REST,
    SOFTER,
    STAND,
    SUB_LINE_CHARACTERS,
    WELL_DONE,
    Column,
    PatientState,
    short,
    whole_s,
)
from emgfeedback.values import RIVAL, TARGET, Channel, Phase, Protocol

LONGEST_WORD = 10
HOP_ROUNDING_S = 0.03
"""A hold is counted in whole hops, so that its good seconds may fall short of its length by one."""
ALWAYS_MEANT = {"rest": REST, "relax": REST, "reference": PRESS, "test": PRESS}


def hold_of(phase: Phase, protocol: Protocol) -> float:
    """Good seconds that make a full hold in this phase; 0 where whole repetitions are judged."""
    return 0.0 if phase.rule == "rep" else phase.hold_s or protocol.hold_s


def columns_of(
    snapshot: Snapshot, protocol: Protocol, channels: Sequence[Channel], side: str
) -> tuple[Column, ...]:
    """One column a muscle that is judged, in the order of the body."""
    target = next((i for i, channel in enumerate(channels) if channel.role == TARGET), 0)
    target_level = _level(snapshot, target)
    drawn = [
        _target(snapshot, protocol, channel, index)
        if channel.role == TARGET
        else _rival(snapshot, protocol, channel, index, target_level)
        for index, channel in enumerate(channels)
        if channel.role in (TARGET, RIVAL)
    ]
    drawn.sort(key=lambda column: words.muscle(column.muscle).front if column.role == RIVAL else 0)
    return tuple(drawn if side != "left" else reversed(drawn))


def _level(snapshot: Snapshot, index: int) -> float:
    return float(snapshot.tick.shown_pct[index]) / 100.0


def _target(snapshot: Snapshot, protocol: Protocol, channel: Channel, index: int) -> Column:
    level, known = _level(snapshot, index), words.muscle(channel.muscle)
    top = math.nan if snapshot.ceiling_pct is None else snapshot.ceiling_pct / 100.0
    line = protocol.min_level_pct / 100.0
    problem = _problem(snapshot, index, TARGET)
    return Column(channel.muscle, TARGET, known.name, known.place, level, line, top, level > top, problem)


def _rival(
    snapshot: Snapshot, protocol: Protocol, channel: Channel, index: int, target_level: float
) -> Column:
    """A rival is over its own ceiling whatever the target does, over the moving line while it works."""
    level, known = _level(snapshot, index), words.muscle(channel.muscle)
    gate, ceiling_pct = protocol.min_level_pct / 100.0, protocol.rival_ceiling_pct.get(channel.muscle)
    moving = target_level / snapshot.ratio if snapshot.ratio else math.inf
    ceiling = math.inf if ceiling_pct is None else ceiling_pct / 100.0
    beyond = level > (moving if target_level >= gate else max(moving, gate)) or level > ceiling
    line = math.nan if math.isnan(moving) else min(moving, ceiling)
    return Column(
        channel.muscle,
        RIVAL,
        known.name,
        known.place,
        level,
        line if line < math.inf else math.nan,
        over=beyond and not snapshot.tick.reward.good,
        problem=_problem(snapshot, index, RIVAL),
    )


def _problem(snapshot: Snapshot, index: int, role: str) -> str:
    unknown = math.isnan(_level(snapshot, index))
    bits = int(snapshot.tick.frame.quality[index])
    return words.problem(bits, role == TARGET and not unknown) or ("no level" if unknown else "")


def effort(snapshot: Snapshot, protocol: Protocol, columns: tuple[Column, ...]) -> PatientState:
    """A work phase with live feedback."""
    tick = snapshot.tick
    hold_s = hold_of(tick.phase, protocol)
    done = 0 < hold_s < tick.good_s + HOP_ROUNDING_S or tick.reward.rewarded
    cue, sub = _advice(snapshot, protocol, columns)
    if done:
        cue, sub = WELL_DONE, f"{done_words(tick.phase.rule)} Slowly let go."
    found = tick.reward.good or done
    good_s = hold_s if done else tick.good_s
    return PatientState(
        cue,
        sub,
        tuple(replace(column, word=_status(column, cue, found, snapshot.ratio)) for column in columns),
        ring=min(1.0, good_s / hold_s) if hold_s else math.nan,
        ring_good=True,
        left_s=whole_s(hold_s - good_s) if hold_s else None,
        found=found,
    )


def done_words(rule: str) -> str:
    """What a repetition that met its line is called."""
    return "That one counted." if rule == "rep" else "That was a full hold."


def _advice(snapshot: Snapshot, protocol: Protocol, columns: tuple[Column, ...]) -> tuple[str, str]:
    """Cue word and sub-line: what is missing first."""
    tick, withheld = snapshot.tick, snapshot.tick.reward.withheld
    target = next(column for column in columns if column.role == TARGET)
    rivals = [column for column in columns if column.role == RIVAL]
    silent = next((column for column in columns if column.problem), None)
    if silent is not None:
        return ONE_MOMENT, short(f"No signal from the {silent.place}. Rest a little.")
    if tick.reward.good:
        return HOLD, _found(rivals, snapshot.ratio)
    if withheld == "swing":
        return STAND, "Stand on the trained leg."
    if target.over:
        return SOFTER, short(f"Less is enough. Stay below the top at the {target.place}.")
    return _about_rivals(tick.phase, protocol, target, rivals, withheld)


def _about_rivals(
    phase: Phase, protocol: Protocol, target: Column, rivals: Sequence[Column], withheld: str
) -> tuple[str, str]:
    if withheld.startswith("rival:"):
        place = words.muscle(withheld.removeprefix("rival:")).place
        return EASE_OFF, short(f"Let the {place} go soft: it is over its limit.")
    if withheld == "quiet" and protocol.quiet is not None:
        place = words.muscle(protocol.quiet.muscle).place
        return EASE_OFF, short(f"Let the {place} be as quiet as in your first tries.")
    lift, sentence = word_and_sentence(phase)
    leading = max(rivals, key=lambda column: column.level, default=None)
    if leading is not None and leading.over:
        coaching = protocol.coaching.get(leading.muscle) or f"Let the {leading.place} go soft."
        return EASE_OFF, short(coaching)
    if leading is not None and withheld == "ratio":
        return lift, short(f"Nearly. Let the {leading.place} go a little softer.")
    return lift, short(sentence or f"Slowly. Feel for the {target.place}.")


def word_and_sentence(phase: Phase) -> tuple[str, str]:
    """The one big word, and what stands below it: the cue without that word, or the hint."""
    first = phase.cue.split(maxsplit=1)[0].strip(".,:;!") if phase.cue.strip() else ""
    word = ALWAYS_MEANT.get(phase.kind)
    if word is None:
        otherwise = REST if phase.kind == "baseline" else LIFT
        word = first if 0 < len(first) <= LONGEST_WORD else otherwise
    sentence = phase.cue.strip()
    if sentence.rstrip(".!") == word:
        sentence = ""
    elif sentence.startswith(f"{word}. "):
        sentence = sentence.removeprefix(f"{word}. ")
    return word, sentence or phase.hint


def _found(rivals: Sequence[Column], ratio: float) -> str:
    if 0 < ratio < 1.0:
        return "Better than your start. Keep it just like this."
    places = " and ".join(column.place for column in rivals[:2])
    line = f"You found it. {places.capitalize()} stay{'s' if len(rivals) == 1 else ''} soft."
    fits = 0 < len(rivals) < 3 and len(line) <= SUB_LINE_CHARACTERS
    return line if fits else "You found it. Keep it like this."


def _status(column: Column, cue: str, found: bool, ratio: float) -> str:
    if column.problem:
        return "no signal"
    if column.role == TARGET:
        praise = "better" if 0 < ratio < 1.0 else "found it"
        return "softer" if cue == SOFTER else praise if found else ""
    return "let go" if column.over else ""
