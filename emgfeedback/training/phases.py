"""What happens in each kind of phase: one class a kind."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING
from typing import Protocol as Shape

from emgfeedback.processing.pulse import LAST
from emgfeedback.training.lift import Lift
from emgfeedback.training.repetition import TOLD, Repetition, order_to_json
from emgfeedback.training.reward import PATIENCE_S, Hold
from emgfeedback.values import Dominance, Frame, Phase, Reward, finite

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
    """Calibrating rest: hum is judged first, then rest power and its spread are collected, then the pulse."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        self._hops = 0
        self._first = session.grid.hops(REACTION_S)
        self._decide = session.grid.hops(NOTCH_AFTER_S)
        self._last = hops
        self._hum: list[list[float]] = []
        self._with_pulse: Frame | None = None
        session.set_up.begin_rest()

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Collect, after a second to settle down; turn the notch on when hum asks for it."""
        self._hops += 1
        if self._hops == self._last - 1:
            session.set_up.listen(LAST)
        if frame.pulse_uv is not None:
            self._with_pulse = frame
        if self._hops <= self._first:
            return False
        session.set_up.add_rest(frame)
        hum = frame.mains_ratio.tolist()
        if all(map(math.isfinite, hum)):
            self._hum.append(hum)
        undecided = self._hops == self._decide and not session.setup.notch_hz
        if undecided and max(self._median_hum(), default=0.0) > NOTCH_ABOVE:
            session.set_up.turn_notch_on(session.mains_hz, self._median_hum())
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Tell the pipeline what rest is, so that a fallen electrode cannot look like a quiet muscle.

        Where the heartbeat must be taken out first, this was no rest yet.
        """
        if void or (self._with_pulse and session.set_up.heartbeat_asks_for_more(self._with_pulse)):
            return
        session.rest_is_known(self._median_hum())

    def _median_hum(self) -> list[float]:
        return [statistics.median(column) for column in zip(*self._hum, strict=True)]


@phase_kind("reference")
class Reference:
    """One trial of one muscle's reference contraction; the middle 60 % of its time counts (3 s of 5 s)."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        self._muscle = phase.muscle
        self._hops = 0
        margin = round(hops * (1 - REFERENCE_MIDDLE) / 2)
        self._counts = range(margin, hops - margin)

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Collect the middle of the trial."""
        if self._hops in self._counts:
            self._take(session, frame)
        self._hops += 1
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Close the trial, or drop it."""
        if void:
            session.set_up.drop_trial()
        else:
            self._close(session)
            session.contraction_is_done(self._muscle)

    def _take(self, session: Session, frame: Frame) -> None:
        session.set_up.add_reference(frame, self._muscle)

    def _close(self, session: Session) -> None:
        session.set_up.end_reference(self._muscle)


@phase_kind("test")
class Test(Reference):
    """A guided contraction of the placement check; that of a recorded muscle is its reference as well."""

    __test__ = False

    def _take(self, session: Session, frame: Frame) -> None:
        session.set_up.add_test(frame, self._muscle)

    def _close(self, session: Session) -> None:
        session.set_up.end_test(self._muscle)


@phase_kind("baseline")
class Baseline:
    """Quiet lying or standing, reported and not calibrated from."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        self._label = phase.label or phase.cue
        self._settle = session.grid.hops(REACTION_S)
        self._powers: dict[str, list[float]] = {muscle: [] for muscle in session.muscles}
        self._levels: dict[str, list[float]] = {muscle: [] for muscle in session.muscles}

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Collect what is clean, after a second to settle down."""
        self._settle -= 1
        for i, muscle in enumerate(session.muscles):
            if self._settle < 0 and not frame.quality[i]:
                self._powers[muscle].append(float(frame.power_uv2[i]))
                self._levels[muscle].append(float(session.level_pct[i]))
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Report the RMS of each muscle in µV, and its level in %ref where there is a reference."""
        if void:
            return
        rms_uv = {muscle: _root_mean(powers) for muscle, powers in self._powers.items()}
        level_pct = {
            muscle: finite(statistics.median(levels)) if levels else None
            for muscle, levels in self._levels.items()
        }
        session.log("baseline", {"label": self._label, "rms_uv": rms_uv, "level_pct": level_pct})


def _root_mean(powers_uv2: Sequence[float]) -> float | None:
    return math.sqrt(math.fsum(powers_uv2) / len(powers_uv2)) if powers_uv2 else None


class Locked(Relax):
    """A work or observe phase that the person is not permitted: its time passes, nothing is asked."""


@phase_kind("observe")
class Observe:
    """Traces only: good time is counted and reported, nothing is rewarded."""

    feedback = False

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        grid = session.grid
        hold_s = phase.hold_s or session.protocol.hold_s
        goal = grid.hops(hold_s) if hold_s else 0
        hold, fixed = (Hold(goal, grid.hops(PATIENCE_S)) for _ in range(2))
        line_ratio = session.teaching.ratio
        self.repetition = Repetition(phase, session.hop_start, line_ratio, hold, fixed, Lift(grid))
        self._onsets = session.onset_watch()
        self._quiet = session.quiet

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Count the hop."""
        done = self.repetition
        done.add(frame, float(session.level_pct[0]), dominance, reward, session.good_at_fixed_line)
        done.hold.add(reward.good)
        done.fixed.add(session.good_at_fixed_line)
        if self._quiet:
            self._quiet.add(done.phase.repetition, session.level_pct, done.lift.efforts[-1])
        if self._onsets:
            self._onsets.add(frame)
        return False

    def leave(self, session: Session, void: str = "") -> None:
        """Report the repetition: whole, partial, or void."""
        done = self.repetition
        vetoed = bool(done.veto) and not void
        void = f"veto: {done.veto}" if vetoed else void
        report = {
            "block": _block(session.protocol.phases, done.phase.repetition),
            **done.summary(session.grid, session.rivals, session.calibration, session.protocol.ratio),
            "onset_order": [order_to_json(order) for order in self._onsets.orders()] if self._onsets else [],
            "quiet_pct": self._quiet.close(done.phase.repetition, bool(void)) if self._quiet else None,
            "tweak": dict(session.teaching.tweak),
            "helps": dict(session.teaching.helps),
            "void": void,
        }
        session.log("repetition", report)
        session.teaching.done(done.phase, report, vetoed)
        if not void:
            session.repetition_is_done()


def _block(phases: Sequence[Phase], repetition: int) -> int:
    """Number, from 1, of the set that a repetition belongs to: phases of one block and kind in a row."""
    kinds = [(phase.kind, phase.block) for phase in phases if 0 < phase.repetition <= repetition]
    return 1 + sum(kind != before for before, kind in pairwise(kinds))


@phase_kind("work")
class Work(Observe):
    """Good time fills a hold, or a repetition is judged at its end; what is met is rewarded.

    Feedback "after" tells it when the phase is over, "off" not at all.
    """

    def __init__(self, session: Session, phase: Phase, hops: int) -> None:
        super().__init__(session, phase, hops)
        self.feedback = phase.feedback == "live"
        self._tells = phase.feedback in TOLD
        self._hops_left = hops
        self._told = False
        self.sham = session.sham_for(phase)
        self._units = 0
        unit_s = session.protocol.unit_s
        self._unit_hops = session.grid.hops(unit_s) if unit_s else 0

    def hop(self, session: Session, frame: Frame, dominance: Dominance, reward: Reward) -> bool:
        """Count the hop; True when the reward is due."""
        super().hop(session, frame, dominance, reward)
        self._hops_left -= 1
        if self.sham:
            self.sham.hop()
        done = self.repetition
        at_once = self.feedback and done.phase.rule == "hold"
        if at_once and self._unit_hops and done.good_hops // self._unit_hops > self._units:
            self._units += 1
            session.log("unit", {"repetition": done.phase.repetition, "units": self._units})
        if self._told or not self._tells or done.veto or not (at_once or self._hops_left == 0):
            return False
        self._told = bool(done.met(done.line_ratio, done.hold))
        return self._told
