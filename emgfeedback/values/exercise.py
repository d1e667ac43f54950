"""What an exercise file says, checked and expanded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a protocol with one instruction.

    ``kind`` is ``rest`` (calibrating), ``reference`` or ``test`` (one muscle), ``work``, ``relax``,
    ``observe`` (no feedback) or ``baseline`` (quiet, reported). ``repetition`` counts work and observe
    phases from 1; elsewhere it is 0. ``block`` numbers the ``[[block]]`` tables of the file from 1; a block
    with work is a set. ``role`` of the block is ``start``, ``probe``, ``retest`` or empty. A work phase has
    a ``rule``, ``hold`` or ``rep``, and a ``feedback``: ``live``, ``after`` (told once it is over), ``off``
    or ``sham``.
    """

    kind: str
    seconds: float
    cue: str
    hint: str = ""
    muscle: str = ""
    repetition: int = 0
    block: int = 0
    role: str = ""
    label: str = ""
    rule: str = "hold"
    hold_s: float = 0.0
    needs: tuple[str, ...] = ()
    feedback: str = "live"


@dataclass(frozen=True, slots=True)
class Shaping:
    """How the display line follows a person, in ln units: start, step, success limits in %, top ratio."""

    above_ln: float = 0.10
    step_ln: float = 0.10
    harder_above_pct: float = 85.0
    easier_below_pct: float = 60.0
    top_ratio: float = 2.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """A rival that should stay quiet: at or below its own ``percentile`` of the first ``tries``.

    With ``ceiling`` a hop above it is not good; without, it is shown and logged only.
    """

    muscle: str
    percentile: float = 40.0
    tries: int = 5
    ceiling: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """A way to do an exercise that may ask for more permissions, such as a band."""

    name: str
    text: str
    needs: tuple[str, ...] = ()
    other_needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """An exercise file, checked and expanded to a flat list of phases.

    ``needs`` and ``load`` (NWB, PWB, WB2, WB1 or DYN) are those of the trained leg, ``other_needs`` and
    ``other_load`` those of the other one. ``watch`` are muscles that are shown and not judged. ``unit_s`` of
    good time is a step of a long hold, ``stop_after`` the missed repetitions in a row that end the sets.
    """

    id: str
    name: str
    phases: tuple[Phase, ...]
    target: str
    rivals: tuple[str, ...]
    hold_s: float
    ratio: float
    min_level_pct: float
    ceiling_pct: float | None
    sides: str
    coaching: Mapping[str, str]
    position: str = ""
    steps: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    provenance: str = ""
    text: str = ""
    stage: str = ""
    load: str = "NWB"
    other_needs: tuple[str, ...] = ()
    other_load: str = "NWB"
    options: tuple[Option, ...] = ()
    watch: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    schedule: str = "always"
    shaping: Shaping | None = None
    quiet: Quiet | None = None
    rival_ceiling_pct: Mapping[str, float] = field(default_factory=dict)
    unit_s: float = 0.0
    stop_after: int = 0

    @property
    def repetitions(self) -> int:
        """How many work and observe phases there are."""
        return max((phase.repetition for phase in self.phases), default=0)
