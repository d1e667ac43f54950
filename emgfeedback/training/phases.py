"""What happens in each kind of phase: one class a kind."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from emgfeedback.training.reward import PATIENCE_S, Hold
from emgfeedback.values import Dominance, Frame, Phase, Reward

if TYPE_CHECKING:
    from emgfeedback.training.session import Session

REACTION_S = 1.0
NOTCH_AFTER_S = 3.0
NOTCH_ABOVE = 0.10
REFERENCE_MIDDLE = 0.6


class Step(Shape):
    """One running phase; ``feedback`` says whether a good hop may count for a reward."""

    feedback: bool

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Take one hop; True when it completes a hold."""

    def leave(self, session: Session, void: str = "") -> None:
        """The phase is over, by time or by command; or void, for the reason given."""


PHASES: dict[str, Callable[[Session, Phase, int], Step]] = {}


def phase_kind(name: str) -> Callable[[type], type]:
    """Enter a phase class under its kind."""

    def enter(cls: type) -> type:
        PHASES[name] = cls
        return cls

    return enter


@phase_kind("relax")
class Relax:
    """A pause between efforts: nothing is asked, nothing is measured."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        pass

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Let the hop pass."""
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Nothing to close."""


@phase_kind("rest")
class Rest:
    """Calibrating rest: hum is judged first, then rest power and its spread are collected."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        self._hops = 0
        self._first = session.grid.hops(REACTION_S)
        self._decide = session.grid.hops(NOTCH_AFTER_S)
        self._hum: list[list[float]] = []
        session.calibrator.forget_rest()

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Collect, after a second to settle down; turn the notch on when hum asks for it."""
        self._hops += 1
        if self._hops <= self._first:
            return False
        session.calibrator.add_rest(frame)
        hum = frame.mains_ratio.tolist()
        if all(map(math.isfinite, hum)):
            self._hum.append(hum)
        undecided = self._hops == self._decide and not session.setup.notch_hz
        if undecided and max(self._median_hum(), default=0.0) > NOTCH_ABOVE:
            session.turn_notch_on(self._median_hum())
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Tell the pipeline what rest is, so that a fallen electrode cannot look like a quiet muscle."""
        if not void:
            session.rest_is_known(self._median_hum())

    def _median_hum(self) -> list[float]:
        return [statistics.median(column) for column in zip(*self._hum, strict=True)]


@phase_kind("reference")
class Reference:
    """One trial of one muscle's reference contraction; the middle 60 % of its time counts."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        self._muscle = phase.muscle
        self._hops = 0
        margin = round(hops * (1 - REFERENCE_MIDDLE) / 2)
        self._counts = range(margin, hops - margin)

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Collect the middle of the trial."""
        if self._hops in self._counts:
            session.calibrator.add_reference(frame, self._muscle)
        self._hops += 1
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Close the trial, or drop it."""
        if void:
            session.calibrator.drop_trial()
        else:
            session.reference_is_done(self._muscle)


@dataclass(slots=True)
class Repetition:
    """What one work or observe phase gave."""

    number: int
    start_sample: int
    hold: Hold
    good_hops: int = 0
    run_hops: int = 0
    longest_hops: int = 0
    fixed_hops: int = 0
    shares: list[float] = field(default_factory=list)
    margins_ln: list[float] = field(default_factory=list)
    leaders: Counter[str] = field(default_factory=Counter)

    def add(self, dominance: Dominance, good: bool, good_fixed: bool) -> None:
        """Count one hop."""
        self.good_hops += good
        self.fixed_hops += good_fixed
        self.run_hops = self.run_hops + 1 if good else 0
        self.longest_hops = max(self.longest_hops, self.run_hops)
        if dominance.measurable:
            self.shares.append(dominance.share)
            self.margins_ln.append(dominance.margin_ln)
            self.leaders[dominance.leader] += 1


@phase_kind("observe")
class Observe:
    """Traces only: good time is counted and reported, nothing is rewarded."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        hold_hops = session.grid.hops(session.protocol.hold_s)
        hold = Hold(hold_hops, session.grid.hops(PATIENCE_S))
        self.repetition = Repetition(phase.repetition, session.hop_start, hold)

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Count the hop."""
        self.repetition.add(dominance, reward.good, session.good_at_fixed_line)
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Report the repetition: whole, partial, or void."""
        session.log("repetition", {**self._summary(session), "void": void})

    def _summary(self, session: Session) -> dict[str, Any]:
        done, hop_s = self.repetition, session.grid.hop_s
        return {
            "repetition": done.number,
            "start_s": done.start_sample / session.grid.fs_hz,
            "good_s": done.good_hops * hop_s,
            "longest_s": done.longest_hops * hop_s,
            "fixed_line_s": done.fixed_hops * hop_s,
            "rewarded": done.hold.rewarded,
            "share_median": statistics.median(done.shares) if done.shares else None,
            "margin_median_ln": statistics.median(done.margins_ln) if done.margins_ln else None,
            "leader": max(done.leaders, key=lambda muscle: (done.leaders[muscle], muscle), default=""),
        }


@phase_kind("work")
class Work(Observe):
    """Good time fills a hold; a full hold is the reward."""

    feedback = True

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Count the hop and add it to the hold."""
        super().hop(session, frame, dominance, reward)
        return self.repetition.hold.add(reward.good)
