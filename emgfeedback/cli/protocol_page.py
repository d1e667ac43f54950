"""An exercise on the terminal: what it asks, what it rewards, and a dry run in words and seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from emgfeedback.reports.plain_words import listed, permitted, weight_and_needs
from emgfeedback.values import Phase, Protocol

CALIBRATING = ("rest", "reference", "test", "baseline")

DOSES = {
    "quoted": "Dose in the source: {} (a quotation; confirm with a clinician)",
    "rebuilt": "Dose, rebuilt where the source is cut: {} (confirm with a clinician)",
    "proposed": "Dose, a proposal of the project: {} (confirm with a clinician)",
}
ROLES = {"start": "start block", "probe": "probe", "retest": "retest"}
SEEN = {"live": "seen", "after": "after", "off": "quiet", "sham": "sham"}
SCHEDULES = {
    "always": "every repetition is seen",
    "fade": "100, 75, 50, 25 and 0 % of the sets are seen; which repetitions is drawn for each session",
    "alternate": "every other repetition is seen",
    "after": "told when a repetition is over",
    "off": "none is seen",
    "sham": "not the person's own, for a study that asks for it",
}


def page(protocol: Protocol, sheet: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that describe an exercise to a person; ``sheet`` is its parsed TOML."""
    yield f"{protocol.id}  {protocol.name}"
    yield f"From: {protocol.provenance}"
    yield from _asked_of_the_person(protocol, sheet)
    yield from (f"Note: {note}" for note in protocol.notes)
    if sheet.get("equipment"):
        yield f"Equipment: {', '.join(sheet['equipment'])}"
    yield from (f"{key.title()}: {sheet[key]}" for key in ("position", "landmark") if sheet.get(key))
    yield from _teaching(protocol)
    yield from (f"When {muscle} leads: {line}" for muscle, line in protocol.coaching.items())
    yield from (f"{number:3}. {step}" for number, step in enumerate(protocol.steps, start=1))
    yield from (f"When it is easy: {step}" for step in sheet.get("progression", ()))
    yield from timeline(protocol.phases)


def _asked_of_the_person(protocol: Protocol, sheet: Mapping[str, Any]) -> Iterator[str]:
    if protocol.stage:
        yield f"Stage: {protocol.stage}"
    if sheet.get("dose"):
        yield DOSES[sheet.get("dose_is") or "quoted"].format(sheet["dose"])
    yield f"Trained leg: {_leg(protocol.load, protocol.needs)}"
    yield f"Other leg: {_leg(protocol.other_load, protocol.other_needs)}"
    asked = dict.fromkeys(need for phase in protocol.phases for need in phase.needs)
    if more := permitted([need for need in asked if need not in protocol.needs]):
        yield f"Some phases also ask for: {'; '.join(more)}"
    for option in protocol.options:
        more = [*permitted(option.needs), *(f"other leg: {need}" for need in permitted(option.other_needs))]
        asks = f" It also asks for {'; '.join(more)}" if more else ""
        yield f"Option {option.name}: {option.text}{asks}"
    yield f"Sides: {protocol.sides}; {_recorded(protocol, sheet)}"


def _leg(load: str, needs: Sequence[str]) -> str:
    """Say what a leg carries, and what of it a clinician must permit."""
    carries, *keys = weight_and_needs(load, needs)
    return f"{carries}; a clinician must permit {'; '.join(keys)}" if keys else carries


def _recorded(protocol: Protocol, sheet: Mapping[str, Any]) -> str:
    """Name the muscles that are judged, those that are only shown, and those whose place is unverified."""
    parts = [f"{protocol.target} against {listed(protocol.rivals)}"]
    parts += [f"{listed(protocol.watch)} is shown and not judged"] if protocol.watch else []
    unsure = sheet.get("unverified", ())
    parts += [f"the place of {listed(unsure)} is unverified here"] if unsure else []
    return "; ".join(parts)


def _teaching(protocol: Protocol) -> Iterator[str]:
    """Yield what earns a reward, how the line moves, and what is seen."""
    works = _works(protocol.phases)
    if not works:
        yield "Reward: none; the muscles are observed, without feedback"
        return
    yield f"Good: {_good(protocol)}"
    yield f"Reward: {_reward(works)}"
    if protocol.unit_s:
        yield f"Steps of a hold: every {protocol.unit_s:g} s of good time"
    if protocol.stop_after:
        yield f"The sets end after {protocol.stop_after} misses in a row"
    if protocol.shaping:
        top = f"up to {protocol.shaping.top_ratio:g} : 1; {protocol.ratio:g} : 1 is scored beside it"
        yield f"Line: begins just above the person's start block and follows, {top}"
    if protocol.quiet:
        quiet = protocol.quiet
        ends = "a moment above it is not good" if quiet.ceiling else "shown and logged"
        yield f"Quiet: {quiet.muscle}, against percentile {quiet.percentile:g} of {quiet.tries} tries; {ends}"
    yield f"Feedback: {SCHEDULES[protocol.schedule]}"


def _works(phases: Sequence[Phase]) -> list[Phase]:
    return [phase for phase in phases if phase.kind == "work"]


def _reward(works: Sequence[Phase]) -> str:
    holds = dict.fromkeys(f"{phase.hold_s:g} s" for phase in works if phase.rule == "hold")
    rewards = [f"{listed(holds, 'or')} of good time in one attempt"] if holds else []
    if any(phase.rule == "rep" for phase in works):
        rewards.append("a repetition that is good through its middle")
    return ", or ".join(rewards)


def _good(protocol: Protocol) -> str:
    ratio = f" at {protocol.ratio:g} times {listed(protocol.rivals)} or more," if protocol.ratio else ""
    ceiling = f" and at most {protocol.ceiling_pct:g} %" if protocol.ceiling_pct is not None else ""
    rivals = "".join(f"; {m} at most {pct:g} %" for m, pct in protocol.rival_ceiling_pct.items())
    level = f"at least {protocol.min_level_pct:g} %{ceiling} of its reference"
    return f"{protocol.target}{ratio} {level}{rivals}"


def timeline(phases: Sequence[Phase]) -> Iterator[str]:
    """Yield a dry run: every block with what it is, every phase with its start, length, kind and words."""
    yield f"Timeline ({clock(sum(phase.seconds for phase in phases))}):"
    sets = len({phase.block for phase in _works(phases)})
    start_s, number = 0.0, 0
    for _, group in groupby(phases, key=lambda phase: phase.block):
        block = tuple(group)
        number += bool(_works(block))
        yield f"{clock(start_s):>7} {_title(block, number, sets)}"
        for phase in block:
            yield f"{clock(start_s):>7} {phase.seconds:5g} s  {_line(phase)}"
            start_s += phase.seconds
    yield f"{clock(start_s):>7} end"


def _title(block: Sequence[Phase], number: int, sets: int) -> str:
    kinds = {phase.kind for phase in block}
    if _works(block):
        name = f"set {number} of {sets}"
    elif "observe" in kinds:
        name = ROLES.get(block[0].role, "observed")
    else:
        name = "set-up" if kinds & set(CALIBRATING) else "pause"
    own = block[0].label
    label = f' "{own}"' if own and own.casefold() != name else ""
    return f"-- {name}{label}: {', '.join(_facts(block))}"


def _facts(block: Sequence[Phase]) -> Iterator[str]:
    """Yield the length of a block, and for exercise how often, by which rule, and how much is seen."""
    yield clock(sum(phase.seconds for phase in block))
    moved = [phase for phase in block if phase.repetition]
    if not moved:
        return
    yield f"{len(moved)} repetition{'s' * (len(moved) > 1)}"
    works = _works(block)
    asked = ("whole repetitions" if phase.rule == "rep" else f"hold {phase.hold_s:g} s" for phase in works)
    yield from dict.fromkeys(asked)
    seen = sum(phase.feedback == "live" for phase in works)
    told = {phase.feedback for phase in works} & {"after", "sham"}
    if told:
        yield "told afterwards" if "after" in told else "sham feedback"
    else:
        yield "all seen" if seen == len(moved) else f"{seen} of {len(moved)} seen" if seen else "none seen"


def _line(phase: Phase) -> str:
    what = phase.muscle or (f"#{phase.repetition}" if phase.repetition else "")
    seen = SEEN[phase.feedback] if phase.kind == "work" else "quiet" if phase.kind == "observe" else ""
    instruction = f"{phase.cue}  ({phase.hint})" if phase.hint else phase.cue
    needs = f"  [{' '.join(phase.needs)}]" if phase.needs else ""
    return f"{phase.kind:9} {what:9} {seen:5}  {instruction}{needs}"


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds, to a tenth where there is one."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:04.1f}".removesuffix(".0")
