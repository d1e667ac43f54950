"""Reading an exercise file as it is parsed, before it is known to be sound.

A sheet is the parsed TOML in which every value that is wrong by itself was replaced by None, so that one
mistake neither hides nor causes another. What a sheet does not say is None here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emgfeedback.training.protocol_errors import Loc

CONTRACTING = ("reference", "test")
CALIBRATING = ("rest", *CONTRACTING)
EXERCISING = ("work", "observe")

Sheet = dict[str, Any]
Placed = list[tuple[Loc, Sheet]]
Found = Iterator[tuple[Loc, str]]


def table_of(sheet: Sheet, name: str) -> Sheet:
    """Return a table, empty where it is missing or wrong."""
    return sheet.get(name) or {}


def blocks_of(sheet: Sheet) -> Placed:
    """Return every block with its place."""
    return [(("block", b), block or {}) for b, block in enumerate(sheet.get("block") or [])]


def phases_of(loc: Loc, block: Sheet) -> Placed:
    """Return the phases of a block as they are written, with their places."""
    return [((*loc, "phase", p), phase or {}) for p, phase in enumerate(block.get("phase") or [])]


def all_phases(sheet: Sheet) -> Placed:
    """Return the phases of all blocks, with their places."""
    return [placed for loc, block in blocks_of(sheet) for placed in phases_of(loc, block)]


def kinds_of(phases: Placed) -> list[str]:
    """Return the kinds of phases, or nothing unless all of them are known."""
    kinds = [phase.get("kind") for _, phase in phases]
    return [kind for kind in kinds if kind] if all(kinds) else []


def muscles_of(sheet: Sheet) -> list[str]:
    """Return target and rivals, or nothing unless all of them are sound."""
    muscles = [sheet.get("target"), *(sheet.get("rivals") or [None])]
    return [muscle for muscle in muscles if muscle] if all(muscles) else []


def watched(sheet: Sheet) -> list[str]:
    """Return the muscles that are shown and not judged."""
    return [muscle for muscle in sheet.get("watch") or [] if muscle]


def repetitions(loc: Loc, block: Sheet, *kinds: str) -> int:
    """Count the repetitions that a block makes of these kinds of phases."""
    count = sum(phase.get("kind") in kinds for _, phase in phases_of(loc, block))
    return count * (block.get("repeat", 1) or 1)
