"""How a session runs: its parts in words and minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from emgfeedback.reports.plain_words import listed, minutes, place, plain
from emgfeedback.values import Phase, Protocol

_FADE = ("always", "3 of 4 times", "half the time", "1 of 4 times")
_SCHEDULES = {
    "always": "always",
    "alternate": "every other time",
    "after": "told afterwards",
    "off": "no",
    "sham": "made up",
}
_ROLES = {"start": "Your start", "probe": "Without help", "retest": "Test again"}


def timetable(protocol: Protocol) -> Iterator[str]:
    """Yield a Markdown table of the parts of a session, with its whole length."""
    blocks = [tuple(group) for _, group in groupby(protocol.phases, key=lambda phase: phase.block)]
    rests = [block for block in blocks if all(phase.kind == "relax" for phase in block)]
    yield "| part | what you do | how often | min:s | picture |"
    yield "|---|---|---|---|---|"
    sets = 0
    for block in (block for block in blocks if block not in rests):
        sets += any(phase.kind == "work" for phase in block)
        yield f"| {' | '.join(_row(protocol, block, sets))} |"
    if rests:
        yield f"| Rests between | Sit or lie as you like. | {len(rests)} × | {_length(chain(*rests))} | no |"
    yield f"| **together** | | | **{_length(protocol.phases)}** | |"


def _length(phases: Iterable[Phase]) -> str:
    return minutes(sum(phase.seconds for phase in phases))


def _row(protocol: Protocol, block: Sequence[Phase], number: int) -> tuple[str, ...]:
    moved = [phase for phase in block if phase.repetition]
    seconds = _length(block)
    label = plain(block[0].label)
    if not moved:
        return label or _quiet_part(block), _setting_up(block), "once", seconds, "no"
    doing = " ".join(plain(cue) for cue in dict.fromkeys(phase.cue for phase in moved))
    name = label or _ROLES.get(block[0].role) or (f"Set {number}" if moved[0].kind == "work" else "Watched")
    return name, doing, _times(protocol, block, moved), seconds, _picture(protocol, moved, number)


def _quiet_part(block: Sequence[Phase]) -> str:
    return "Setting up" if any(phase.kind in ("reference", "test") for phase in block) else "Lie still"


def _setting_up(block: Sequence[Phase]) -> str:
    pressed = dict.fromkeys(place(phase.muscle) for phase in block if phase.kind in ("reference", "test"))
    still = "Rest; the quiet level is read"
    return f"Rest, then press with one muscle after the other: {listed(pressed)}" if pressed else still


def _times(protocol: Protocol, block: Sequence[Phase], moved: Sequence[Phase]) -> str:
    lengths = listed((f"{length:g} s" for length in dict.fromkeys(phase.seconds for phase in moved)), "or")
    held = dict.fromkeys(_hold_s(protocol, phase) for phase in moved if phase.kind == "work")
    hold = "".join(f", hold {hold_s:g} s" for hold_s in held if hold_s)
    pauses = dict.fromkeys(phase.seconds for phase in block if phase.kind == "relax")
    pause = f", then {listed((f'{length:g} s' for length in pauses), 'or')} rest" if pauses else ""
    return f"{len(moved)} × {lengths}{hold}{pause}"


def _hold_s(protocol: Protocol, phase: Phase) -> float:
    return (phase.hold_s or protocol.hold_s) if phase.rule == "hold" else 0.0


def _picture(protocol: Protocol, moved: Sequence[Phase], number: int) -> str:
    if moved[0].kind == "observe":
        return "no"
    if protocol.schedule == "fade":
        return _FADE[number - 1] if number <= len(_FADE) else "no"
    return _SCHEDULES[protocol.schedule]
