"""What a session taught: lines, retests, seen and quiet repetitions, baselines, pain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from emgfeedback.training.retest import fade_level, helps_table, retests
from emgfeedback.training.schedule import seen_and_quiet
from emgfeedback.training.shaping import lines_of
from emgfeedback.values import Event

LESSONS = ("ratio", "tweak", "baseline", "pain", "acknowledge", "unlock", "quiet", "set_stopped", "ceiling")


@dataclass(slots=True)
class Lessons:
    """The events of a session that are about its teaching, in order."""

    events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Keep one."""
        self.events.append(event)

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The data of all events of a kind."""
        return [event.data for event in self.events if event.kind == kind]


def lessons_to_json(lessons: Lessons, repetitions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Plain values: every display line, the tweak log, and what was done unaided."""
    known = [one for one in repetitions if "role" in one]
    return {
        "lines": [asdict(line) for line in lines_of(lessons.events)],
        "retests": [finite_json(asdict(one)) for one in retests(known, lessons.of("tweak"))],
        "helps": [finite_json(asdict(one)) for one in helps_table(known)],
        "seen_and_quiet": asdict(seen_and_quiet(known)),
        "fade_level": fade_level(_levels(known)) if lessons.of("tweak") else None,
        **{name: lessons.of(kind) for name, kind in _LISTS.items()},
    }


_LISTS = {
    "baselines": "baseline",
    "pain": "pain",
    "acknowledged": "acknowledge",
    "unlocked": "unlock",
    "quiet": "quiet",
    "sets_stopped": "set_stopped",
    "ceilings": "ceiling",
}


def _levels(repetitions: Sequence[Mapping[str, Any]]) -> list[tuple[int, list[float]]]:
    """Level of the tweak and margins of each retest block, in order."""
    blocks: dict[int, tuple[int, list[float]]] = {}
    for one in repetitions:
        level, margin_ln = one["tweak"].get("level"), one["margin_median_ln"]
        if one["role"] == "retest" and not one["void"] and level is not None and margin_ln is not None:
            blocks.setdefault(one["block"], (level, []))[1].append(margin_ln)
    return list(blocks.values())


def finite_json(value: Any) -> Any:
    """The same with None for what is not finite, in all depths."""
    if isinstance(value, Mapping):
        return {key: finite_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite_json(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
