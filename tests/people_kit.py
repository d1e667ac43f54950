"""Simulated people sent through every exercise, without a disk: what each of them was told.

A test of the program, not of the therapy. To save time `shortened` cuts pauses to 3 s and repeats to six.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.run.job import Job, grid_of
from emgfeedback.run.loop import Queue
from emgfeedback.run.terms import Terms
from emgfeedback.sources.patient import Patient
from emgfeedback.sources.patient.script import ALIASES
from emgfeedback.training.montage import apply_montage
from emgfeedback.training.permissions import Grant, Limits, no_limits
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.training.session import Session, tailor
from emgfeedback.values import Chunk, Phase, Protocol, Tick

PROTOCOLS = sorted((Path(__file__).resolve().parent.parent / "protocols").glob("*.toml"))
PEOPLE = ("right", "cheat-tfl", "cheat-ql", "improver", "rest")
CHEATS = {"cheat-tfl": "tfl", "cheat-ql": "ql"}
RATES = (125.0, 250.0, 1000.0)
MAINS_HZ, CHUNK_S = 50.0, 0.3
PAUSE_S, MOST_REPEATS = 3.0, 6
STEPS_AFTER_S = 0.5
RIGHT_PCT, CHEAT_PCT = 90.0, 5.0
TOLD = ("live", "after")
TELLING = ("reward", "unit")
TODAY = "2026-11-02"
ANYTHING = no_limits("people_kit", "2999-12-31")
ROLLING = Grant("ROLL", "people_kit", "simulated", "2999-12-31")
NO_LIMITS = Limits(replace(ANYTHING, grants=(*ANYTHING.grants, ROLLING)), ANYTHING)


def read(path: Path) -> Protocol:
    """The exercise of a file."""
    return parse_protocol(path.read_text(encoding="utf-8"), path.name)


def channel_of(muscle: str) -> str:
    """Channel of the simulated person that stands for a muscle."""
    return ALIASES.get(muscle, muscle)


def montage_of(protocol: Protocol) -> dict[str, str]:
    """Target and rivals on the three channels, each channel once."""
    montage: dict[str, str] = {}
    for muscle in (protocol.target, *protocol.rivals):
        if channel_of(muscle) not in montage.values():
            montage[muscle] = channel_of(muscle)
    return montage


def people_for(protocol: Protocol) -> list[str]:
    """Everybody, but those who cheat with a muscle that this exercise does not listen to."""
    heard = montage_of(protocol).values()
    return [person for person in PEOPLE if person not in CHEATS or CHEATS[person] in heard]


def shortened(protocol: Protocol, most_repeats: int = MOST_REPEATS) -> Protocol:
    """The same exercise with pauses of at most 3 s, and six repeats of what is repeated more often.

    A start block stays whole: the line that a person has to pass is taken from it.
    """
    phases: list[Phase] = []
    for _, grouped in groupby(protocol.phases, key=lambda phase: phase.block):
        block = list(grouped)
        phases += block if block[0].role == "start" else _first_repeats(block, most_repeats)
    repetition = 0
    for i, phase in enumerate(phases):
        repetition += phase.repetition > 0
        pause_s = min(PAUSE_S, phase.seconds) if phase.kind == "relax" else phase.seconds
        phases[i] = replace(phase, seconds=pause_s, repetition=repetition if phase.repetition else 0)
    return replace(protocol, phases=tuple(phases))


def _first_repeats(block: list[Phase], most: int) -> list[Phase]:
    """The first repeats of the shortest pattern that a block consists of."""
    plain = [replace(phase, repetition=0) for phase in block]
    whole = len(plain)
    parts = (n for n in range(1, whole + 1) if whole % n == 0)
    pattern = next(n for n in parts if plain[n:] == plain[: whole - n])
    return block[: pattern * most]


def exercise_job(protocol: Protocol, person: str, fs_hz: float, seed: int = 1) -> Job:
    """A job without a recorder, of a person without limits."""
    patient = Patient(person, fs_hz, seed, chunk_s=CHUNK_S)
    info = apply_montage(patient.info, montage_of(protocol), "right", protocol.target, protocol.rivals)
    terms = Terms(NO_LIMITS, schedule_seed=seed)
    exercise = tailor(terms.apply(protocol), info, calibrated=False)
    grid = grid_of(info)
    session = Session(info, grid, exercise, MAINS_HZ, started_at=TODAY, limits=terms.limits)
    job = Job(patient, info, exercise, Pipeline(info, grid, MAINS_HZ), session, Queue())
    job.sinks = (patient,)
    job.commands.post("start")
    return job


def is_silent(phase: Phase) -> bool:
    """Whether a phase must give no feedback at all."""
    return phase.kind == "observe" or phase.role == "probe" or phase.feedback == "off"


@dataclass(slots=True)
class Witness:
    """A sink that counts hops with feedback where none may be, and says when a stepping leg stands."""

    job: Job
    steps: bool
    leaks: int = 0
    stands: bool = False

    def on_chunk(self, chunk: Chunk) -> None:
        pass

    def on_tick(self, tick: Tick) -> None:
        """Look at one hop; the leg stands from half a second after a work phase began to its end."""
        feedback = tick.reward.rewarded or tick.good_s > 0 or any(one.kind in TELLING for one in tick.events)
        self.leaks += feedback and is_silent(tick.phase)
        works = tick.state == "running" and tick.phase.kind == "work"
        stands = works and tick.phase.seconds - tick.phase_left_s >= STEPS_AFTER_S
        if self.steps and stands != self.stands:
            self.stands = stands
            self.job.commands.post("stance", on=stands)


@dataclass(frozen=True, slots=True)
class Row:
    """What one person was told in one exercise at one rate.

    ``work`` and ``fixed`` count work repetitions and those that met the fixed line, ``seen`` and
    ``rewarded`` those with feedback and those with a reward; ``leaks`` hops with feedback where none may be.
    """

    protocol: str
    fs_hz: float
    person: str
    finished: bool
    calibrated: bool
    repetitions: int
    work: int
    met: int
    fixed: int
    seen: int
    rewarded: int
    leader: str
    leaks: int

    @property
    def rewarded_pct(self) -> float | None:
        """Of the repetitions with feedback; None where there are none."""
        return _pct(self.rewarded, self.seen)

    @property
    def fixed_pct(self) -> float | None:
        """Work repetitions that met the fixed line; None without work."""
        return _pct(self.fixed, self.work)

    @property
    def met_pct(self) -> float | None:
        """Work repetitions that met the line in use, told or not; None without work."""
        return _pct(self.met, self.work)


def _pct(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def told(protocol: Protocol, person: str, fs_hz: float, seed: int = 1) -> Row:
    """Send one person through an exercise."""
    job = exercise_job(protocol, person, fs_hz, seed)
    witness = Witness(job, protocol.sides == "step")
    outcome = job.run([witness])
    phases = {phase.repetition: phase for phase in job.session.protocol.phases}
    done = outcome.repetitions
    work = [one for one in done if phases[one["repetition"]].kind == "work"]
    seen = [one for one in work if phases[one["repetition"]].feedback in TOLD]
    return Row(
        protocol=protocol.id,
        fs_hz=fs_hz,
        person=person,
        finished=job.session.finished,
        calibrated=outcome.reference_kind != "none",
        repetitions=len(done),
        work=len(work),
        met=_count(work, "met"),
        fixed=_count(work, "met_fixed"),
        seen=len(seen),
        rewarded=_count(done, "rewarded"),
        leader=_leader(work or done),
        leaks=witness.leaks,
    )


def _count(repetitions: Iterable[Mapping[str, Any]], key: str) -> int:
    return sum(bool(one[key]) for one in repetitions)


def _leader(repetitions: Iterable[Mapping[str, Any]]) -> str:
    """The muscle that was named most often."""
    named = Counter(one["leader"] for one in repetitions)
    return max(named, key=lambda muscle: (named[muscle], muscle), default="")


def complaints(row: Row, protocol: Protocol) -> list[str]:
    """What the program did wrong with one person; empty when all is as it should be."""
    found = [] if row.finished else ["the exercise did not reach its end"]
    if row.leaks:
        found.append(f"feedback in {row.leaks} hops where none may be")
    if asks_references(protocol) and not row.calibrated:
        found.append("not calibrated")
    return found + [text for wrong, text in _judged(row, protocol) if wrong]


def _judged(row: Row, protocol: Protocol) -> list[tuple[bool, str]]:
    """Pairs of what would be wrong, and its words, for the person of a row."""
    percent = row.rewarded_pct if row.seen else row.met_pct
    rewarded_pct = percent or 0.0
    said = f"{rewarded_pct:.0f} % rewarded"
    known = row.repetitions > 0 and asks_references(protocol)
    misled = known and row.leader != _leads(row, protocol)
    leads = [(misled, f"{row.leader or 'nobody'} named as leader")]
    if row.person == "rest":
        return [(row.rewarded + row.met > 0, said)]
    if row.person == "right":
        return [(percent is not None and rewarded_pct < RIGHT_PCT, said), *leads]
    if row.person in CHEATS:
        apart = tells_apart(protocol, row.person)
        cheats = apart and rewarded_pct > CHEAT_PCT
        fooled = apart and (row.fixed_pct or 0.0) > CHEAT_PCT
        return [(cheats, said), (fooled, f"the fixed line met {row.fixed} times"), *leads]
    beats_start = protocol.shaping is not None
    return [
        (beats_start and not row.rewarded, "never rewarded, though better than the start block"),
        (not beats_start and protocol.ratio > 1 and rewarded_pct > CHEAT_PCT, said),
        (protocol.ratio > 1 and row.fixed > 0, f"the fixed line met {row.fixed} times"),
    ]


def asks_references(protocol: Protocol) -> bool:
    """Whether levels mean the same for every person; else each muscle counts against its own peak."""
    return any(phase.kind in ("reference", "test") for phase in protocol.phases)


def _leads(row: Row, protocol: Protocol) -> str:
    """The muscle that should be named: the one a cheat cheats with, else the target."""
    channels = {channel: muscle for muscle, channel in montage_of(protocol).items()}
    return channels.get(CHEATS.get(row.person, ""), protocol.target)


def tells_apart(protocol: Protocol, cheat: str) -> bool:
    """Whether an exercise asks for a ratio, or for a quiet rival of the kind that this person cheats with."""
    ceilings = {channel_of(muscle) for muscle in protocol.rival_ceiling_pct}
    return protocol.ratio > 0 or CHEATS[cheat] in ceilings
