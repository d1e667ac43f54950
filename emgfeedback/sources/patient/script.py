"""What the simulated person does with the muscles: by the clock, or by obeying the session."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from emgfeedback.errors import UsageError
from emgfeedback.sources.patient.body import MUSCLES
from emgfeedback.values import Floats, Phase, Tick

BYSTANDER = 0.07
"""Level of the other muscles while one gives its reference contraction."""

Levels = Mapping[str, float]

UNTAUGHT: Levels = {"gmed": 0.25, "tfl": 0.31, "ql": 0.60}
"""Preferred side-lying abduction: GMed and QL of Cynn 2006 (Arch Phys Med Rehabil 87:1454), and the TFL of
Physical Therapy Korea 31(2):123."""

TAUGHT: Levels = {"gmed": 0.50, "tfl": 0.15, "ql": 0.15}
"""GMed near the 46 %MVIC of Cynn 2006 after lumbar stabilisation, with both rivals clearly let go."""

RIGHT: Levels = {"gmed": 0.50, "tfl": 0.10, "ql": 0.10}
"""As taught, with rivals that stay under a ceiling of 20 % as well."""

ALIASES = {"qlc": "ql", "rf": "ql", "vl": "tfl", "ut": "tfl", "vmo": "gmed", "lt": "gmed"}
"""Muscles of other montages and the one of the three that answers for them."""

START_RATIO, BEST_RATIO = 0.41, 0.90
"""GMed / QL of the improver: before (Cynn 2006, without stabilisation), and the most it gets to."""

GAIN_LN, WOBBLE_LN, TFL_OF_QL = 0.03, 0.04, 0.85
"""What the improver gains with each repetition, its spread (SD), and its TFL as a part of its QL."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a timed script: levels are fractions of the reference; a muscle not named rests."""

    seconds: float
    levels: Levels = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.levels) - set(MUSCLES))
        if unknown:
            names = ", ".join(MUSCLES)
            raise UsageError(
                f"simulated patient: it has no muscle {', '.join(unknown)}; name some of {names}"
            )
        if not all(0.0 <= value < math.inf for value in (self.seconds, *self.levels.values())):
            raise UsageError(f"simulated patient: {self} cannot be; write seconds and levels from 0")


@dataclass(frozen=True, slots=True)
class Script:
    """How a person who obeys the phases works; ``detached`` says how the TFL electrode fails, if it does.

    The first ``untaught_repetitions`` are done in the untaught way, the others with ``work``; a person that
    ``improves`` works as `improved` says.
    """

    work: Levels
    untaught_repetitions: int = 0
    detached: str = ""
    improves: bool = False

    def levels(self, state: str, phase: Phase, seed: int = 0) -> Levels:
        """Levels that the person gives in a phase, as fractions of the reference."""
        if state != "running":
            return {}
        if phase.kind in ("reference", "test"):
            tensed = ALIASES.get(phase.muscle, phase.muscle)
            return {muscle: 1.0 if muscle == tensed else BYSTANDER for muscle in MUSCLES}
        if phase.kind not in ("work", "observe"):
            return {}
        if self.improves:
            return improved(phase, seed)
        return UNTAUGHT if phase.repetition <= self.untaught_repetitions else self.work


def improved(phase: Phase, seed: int) -> Levels:
    """Levels of a slow learner: at `START_RATIO` in a start block, then better with each repetition.

    GMed rises as much as QL falls; both waver a little from one repetition to the next.
    """
    best_ln = math.log(BEST_RATIO / START_RATIO)
    gained_ln = 0.0 if phase.role == "start" else min(best_ln, GAIN_LN * phase.repetition)
    gained_ln += WOBBLE_LN * float(np.random.default_rng([seed, 2, phase.repetition]).standard_normal())
    gmed, ql = UNTAUGHT["gmed"], UNTAUGHT["gmed"] / START_RATIO
    more = math.exp(gained_ln / 2)
    return {"gmed": gmed * more, "tfl": TFL_OF_QL * ql / more, "ql": ql / more}


TFL_LEADS: Levels = {"gmed": 0.50, "tfl": 0.60, "ql": 0.15}

SCRIPTS: dict[str, Script] = {
    "learner": Script(TAUGHT, untaught_repetitions=2),
    "untaught": Script(UNTAUGHT),
    "taught": Script(TAUGHT),
    "right": Script(RIGHT),
    "improver": Script(UNTAUGHT, improves=True),
    "cheat-tfl": Script({"gmed": 0.35, "tfl": 0.60, "ql": 0.12}),
    "cheat-ql": Script({"gmed": 0.35, "tfl": 0.12, "ql": 0.60}),
    "rest": Script({}),
    "equal": Script({"gmed": 0.40, "tfl": 0.40, "ql": 0.40}),
    "pair": Script({"gmed": 0.40, "tfl": 0.40, "ql": 0.10}),
    "detached-rail": Script(TFL_LEADS, detached="rail"),
    "detached-mains": Script(TFL_LEADS, detached="mains"),
    "detached-quiet": Script(TFL_LEADS, detached="quiet"),
}
"""All people by name. Where the TFL electrode falls off, TFL leads: its silence must not look like
a lead of GMed."""


@dataclass(frozen=True, slots=True)
class Turn:
    """From ``sample`` on, the muscles move from one set of levels (3,) to another."""

    sample: int
    origin: Floats
    goal: Floats

    def activation(self, first: int, end: int, rise_samples: int) -> Floats:
        """Levels (n, 3) of samples ``first`` to ``end``: a smooth step, then exactly the goal."""
        part = np.clip((np.arange(first, end) - self.sample) / rise_samples, 0.0, 1.0)
        step = part * part * (3.0 - 2.0 * part)
        return self.origin + (self.goal - self.origin) * step[:, None]


class Effort:
    """Activation of each muscle over all time: the moments of change, from which any sample follows."""

    def __init__(self, rise_samples: int) -> None:
        self.rise_samples = max(1, rise_samples)
        self.turns = [Turn(0, np.zeros(len(MUSCLES)), np.zeros(len(MUSCLES)))]

    def aim(self, sample: int, levels: Levels) -> None:
        """Move to ``levels`` from ``sample`` on, and forget what was planned for then or later."""
        goal = np.array([levels.get(muscle, 0.0) for muscle in MUSCLES])
        origin = self.activation(sample, sample + 1)[0]
        while self.turns and self.turns[-1].sample >= sample:
            self.turns.pop()
        self.turns.append(Turn(sample, origin, goal))

    def activation(self, first: int, end: int) -> Floats:
        """True levels (n, 3) of samples ``first`` to ``end``, as fractions of the reference."""
        starts = [turn.sample for turn in self.turns]
        turns = self.turns[bisect_right(starts, first) - 1 : bisect_right(starts, max(first, end - 1))]
        cuts = [first, *(turn.sample for turn in turns[1:]), end]
        return np.concatenate(
            [
                turn.activation(*cut, self.rise_samples)
                for turn, cut in zip(turns, pairwise(cuts), strict=True)
            ]
        )


class Attention:
    """Notices what is new in the ticks, and how long the person takes to react to it."""

    def __init__(self, fs_hz: float, rng: np.random.Generator) -> None:
        self._fs_hz = fs_hz
        self._rng = rng
        self._seen = ("ready", -1)

    def reaction_samples(self, tick: Tick) -> int | None:
        """Samples until the person reacts to this tick (0.35 to 0.60 s); None when it asks nothing new."""
        now = (tick.state, tick.phase_index)
        if now == self._seen:
            return None
        self._seen = now
        return round(self._rng.uniform(0.35, 0.60) * self._fs_hz)
