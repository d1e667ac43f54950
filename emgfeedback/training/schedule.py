"""Who is told what: the repetitions with and without feedback, and how both went."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any

import numpy as np

from emgfeedback.values import Phase, Protocol

FADE_PCT = (100, 75, 50, 25, 0)
"""Part of the repetitions of sets 1, 2, 3, 4 and all later ones that is seen."""

SEEN, QUIET = ("live",), ("after", "off")
"""Feedback while it goes on, and none while it goes on; sham is neither."""

Draw = Callable[[int], np.random.Generator]


@dataclass(frozen=True, slots=True)
class SeenAndQuiet:
    """Repetitions with and without feedback, and the median of their margins, None where there is none.

    The margin of the quiet ones is what the person can do unaided.
    """

    seen: int
    seen_margin_ln: float | None
    quiet: int
    quiet_margin_ln: float | None


def scheduled(protocol: Protocol, draw: Draw) -> Protocol:
    """Give every work phase its feedback by the protocol's schedule; one in a block with a role has none.

    ``always``, ``after``, ``off`` and ``sham`` are the same throughout; ``alternate`` shows every other
    repetition, from the first on; ``fade`` shows `FADE_PCT` of each set, which ones by chance. In healthy
    adults who trained a force, what faded feedback taught was kept for a week, while constant feedback
    taught nothing (Aoyagi et al. 2019, doi:10.1589/jpts.31.687).

    Parameters
    ----------
    draw : seeded generator of the block of that number; the same ones always give the same protocol
    """
    works = [phase for phase in protocol.phases if phase.kind == "work" and not phase.role]
    feedback = _SCHEDULES[protocol.schedule](works, draw)
    told = {phase.repetition: given for phase, given in zip(works, feedback, strict=True)}
    phases = (
        replace(phase, feedback=told.get(phase.repetition, "off")) if phase.kind == "work" else phase
        for phase in protocol.phases
    )
    return replace(protocol, phases=tuple(phases))


def _same(feedback: str) -> Callable[[Sequence[Phase], Draw], list[str]]:
    return lambda works, draw: [feedback] * len(works)


def _alternate(works: Sequence[Phase], draw: Draw) -> list[str]:
    return list(islice(cycle(("live", "off")), len(works)))


def _fade(works: Sequence[Phase], draw: Draw) -> list[str]:
    told = []
    for nth, block in enumerate(dict.fromkeys(phase.block for phase in works)):
        n = sum(phase.block == block for phase in works)
        shown = math.floor(n * FADE_PCT[min(nth, len(FADE_PCT) - 1)] / 100 + 0.5)
        seen = set(draw(block).permutation(n)[:shown].tolist())
        told += ["live" if i in seen else "off" for i in range(n)]
    return told


_SCHEDULES = {
    "always": _same("live"),
    "fade": _fade,
    "alternate": _alternate,
    "after": _same("after"),
    "off": _same("off"),
    "sham": _same("sham"),
}


def seen_and_quiet(repetitions: Sequence[Mapping[str, Any]]) -> SeenAndQuiet:
    """How the repetitions of the sets went with and without feedback.

    Start, probe and retest blocks are left out, for they are not done between the seen ones, and so are
    void repetitions and those without a known margin.

    Parameters
    ----------
    repetitions : data of ``repetition`` events: ``feedback``, ``role``, ``margin_median_ln``, ``void``
    """
    seen, quiet = (
        [
            float(one["margin_median_ln"])
            for one in repetitions
            if not one["void"]
            and not one["role"]
            and one["feedback"] in kinds
            and one["margin_median_ln"] is not None
        ]
        for kinds in (SEEN, QUIET)
    )
    medians = (statistics.median(margins) if margins else None for margins in (seen, quiet))
    return SeenAndQuiet(len(seen), next(medians), len(quiet), next(medians))
