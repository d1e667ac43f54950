"""One pass through one protocol, on the sample clock alone."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training import bayes as _bayes  # noqa: F401  (enters its rules)
from emgfeedback.training.calibration import calibration_to_json
from emgfeedback.training.commands import COMMANDS
from emgfeedback.training.dominance import NOT_MEASURABLE
from emgfeedback.training.flow import Flow
from emgfeedback.training.judging import Judge, QualityNotes
from emgfeedback.training.onset import OnsetWatch
from emgfeedback.training.permissions import Limits
from emgfeedback.training.permitting import Permitting
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.quiet import QuietRival
from emgfeedback.training.reward import RULES as RULES
from emgfeedback.training.setting_up import SettingUp
from emgfeedback.training.sham import Sham
from emgfeedback.training.teaching import Teaching
from emgfeedback.values import (
    RIVAL,
    Calibration,
    Command,
    Dominance,
    Event,
    Floats,
    Frame,
    Phase,
    Protocol,
    Reward,
    Setup,
    StreamInfo,
    Tick,
)

DEFAULT_RULE = "bayes-quick"
SHAM_DRAWS = 1_000_000
"""Numbers of the draws of a sham, beyond those of the blocks."""
BEFORE_S = 0.5
"""How much of what came before a repetition is searched for onsets."""


def tailor(protocol: Protocol, info: StreamInfo, calibrated: bool) -> Protocol:
    """Leave out contractions of muscles nobody listens to, and all set-up when already calibrated.

    A protocol without repetitions is all set-up and stays whole.
    """
    muscles = {channel.muscle for channel in info.channels}
    phases = list(protocol.phases)
    if calibrated:
        work = next((i for i, phase in enumerate(phases) if phase.repetition), 0)
        phases = phases[work:]
    heard = {"reference": muscles, "test": muscles | set(NEIGHBOURS)}
    phases = [phase for phase in phases if phase.muscle in heard.get(phase.kind, (phase.muscle,))]
    rivals = tuple(rival for rival in protocol.rivals if rival in muscles)
    return replace(protocol, phases=tuple(phases), rivals=rivals)


class Session:
    """Turns frames and commands into ticks; the same frames and commands always give the same ticks.

    Parameters
    ----------
    started_at : ISO date-time at which the recording began; dates the calibrations made in it
    placement : how the electrodes sit; whoever re-places one gives another name
    reference_kind : mvic or submaximal, what the references of the protocol are
    draw : seeded generator of a number, for what is shown by lot in a sham
    limits : what the person may do; None where nobody is asked to do anything, as with files of others
    """

    def __init__(
        self,
        info: StreamInfo,
        grid: Grid,
        protocol: Protocol,
        mains_hz: float,
        calibration: Calibration | None = None,
        rule: str = DEFAULT_RULE,
        started_at: str = "",
        placement: str = "",
        reference_kind: str = "submaximal",
        limits: Limits | None = None,
        draw: Callable[[int], np.random.Generator] | None = None,
    ) -> None:
        self.info, self.grid, self.protocol, self.mains_hz = info, grid, protocol, mains_hz
        self.permitting = Permitting(protocol, limits, started_at[:10], reference_kind)
        context = {
            "started_at": started_at,
            "placement": placement,
            "reference_kind": self.permitting.reference_kind,
        }
        self.set_up = SettingUp(info, grid, protocol.phases, context, self.log)
        self.teaching = Teaching(protocol, self.log)
        self.calibration: Calibration | None = None
        self.hop_start = 0
        self.stands = False
        used = [info.channels[i] for i in info.used()]
        self.muscles = [channel.muscle for channel in used]
        self.rivals = [channel.muscle for channel in used if channel.role == RIVAL]
        self.level_pct: Floats = np.full(len(used), math.nan)
        self.quiet = QuietRival(protocol.quiet, self.muscles, self.log) if protocol.quiet else None
        self._rule_name, self._draw = rule, draw
        self._judge: Judge | None = None
        self._lately: deque[Frame] = deque(maxlen=grid.hops(BEFORE_S))
        self._quality_notes = QualityNotes(used, grid, self.log)
        self._sample = 0
        self._events: list[Event] = []
        self.flow = Flow(self)
        if calibration is not None:
            self.set_up.adopt(calibration)
            self._use(calibration)

    @property
    def state(self) -> str:
        """Ready, running, paused, waiting, locked or done."""
        return self.flow.state

    @property
    def ratio(self) -> float:
        """The display line in use: how many times each rival the target must be."""
        return self.teaching.ratio

    @property
    def setup(self) -> Setup:
        """What the pipeline is to do from the next hop on."""
        return self.set_up.setup

    @property
    def good_at_fixed_line(self) -> bool:
        """Whether the last hop was good at the protocol's own ratio."""
        return self._judge is not None and self._judge.good_at_fixed_line

    @property
    def finished(self) -> bool:
        """Whether all phases are done or the operator stopped."""
        return self.state == "done"

    def step(self, frame: Frame, commands: Sequence[Command]) -> Tick:
        """Advance by one hop."""
        self._sample, self.hop_start = frame.end_sample, frame.end_sample - self.grid.hop_samples
        for command in commands:
            self._obey(command)
        self._quality_notes.add(frame)
        self.level_pct, dominance, reward = self._judged(frame)
        if self.state == "running":
            reward = self._hop(frame, dominance, reward)
        self.flow.hop_is_over(frame)
        asked = self.state, self.flow.phase_index, self.flow.shown, self.flow.hops_left * self.grid.hop_s
        good_s = self._good_s()
        self._lately.append(frame)
        if self.flow.hops_left == 0 and self.state in ("running", "waiting"):
            self.hop_start = frame.end_sample
            self.flow.go_on()
        if self.finished:
            asked = self.state, *asked[1:]
        shown_pct = self._judge.display_pct(frame) if self._judge else None
        events = self._take_events()
        tick = Tick(frame, self.level_pct, dominance, *asked, reward, good_s, events, shown_pct)
        sham = self.flow.sham
        return replace(tick, sham_good=sham.good, sham_good_s=sham.good_s) if sham else tick

    def _hop(self, frame: Frame, dominance: Dominance, reward: Reward) -> Reward:
        """Let the running phase take the hop."""
        if self.flow.phase.repetition:
            self.set_up.add_work(frame)
        if not self.flow.step.hop(self, frame, dominance, reward):
            return reward
        self.log("reward", {"repetition": self.flow.phase.repetition})
        return replace(reward, rewarded=True)

    def close(self) -> tuple[Event, ...]:
        """Report what the running phase gave, when the stream ended before the protocol did."""
        if not self.finished:
            self.flow.end("end")
        return self._take_events()

    def log(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add an event at the end of the present hop."""
        self._events.append(Event(self._sample, kind, data))

    def rest_is_known(self, mains_ratio: Sequence[float]) -> None:
        """Hand rest power and hum to the pipeline; after a repeated rest, calibrate again."""
        if self.set_up.end_rest(mains_ratio):
            self.contraction_is_done("")

    def contraction_is_done(self, muscle: str) -> None:
        """Calibrate after the last contraction, and judge the placement after the last test."""
        later = self.permitting.to_come(self.protocol.phases[self.flow.to_come :])
        made = self.set_up.contraction_is_done(muscle, later)
        if made is not None:
            self._use(made)

    def repetition_is_done(self) -> None:
        """Where no reference is asked for, let the session's peak so far be the reference."""
        made = self.set_up.peak_calibration()
        if made is not None:
            self._use(made)

    def onset_watch(self) -> OnsetWatch | None:
        """Watch for who begins, from half a second ago on; None without a calibration."""
        if self.calibration is None:
            return None
        watch = OnsetWatch(self.info, self.grid, self.calibration)
        for frame in self._lately:
            watch.add(frame)
        return watch

    def sham_for(self, phase: Phase) -> Sham | None:
        """Made-up feedback for a repetition that asks for it."""
        if phase.feedback != "sham" or self._draw is None:
            return None
        return Sham(self.grid, self._draw(SHAM_DRAWS + phase.repetition))

    def _take_events(self) -> tuple[Event, ...]:
        events, self._events = tuple(self._events), []
        return events

    def _use(self, calibration: Calibration) -> None:
        self.calibration = calibration
        ceiling_pct = self.permitting.ceiling_pct(calibration.reference_kind)
        if ceiling_pct != self.protocol.ceiling_pct:
            self.log("ceiling", {"pct": ceiling_pct, "cause": "protected stage"})
        self._judge = Judge(self.info, self.grid, self.protocol, calibration, self._rule_name, ceiling_pct)
        self.log("calibration", calibration_to_json(calibration))

    def _judged(self, frame: Frame) -> tuple[Floats, Dominance, Reward]:
        """Levels, dominance and the verdict on the hop; nothing is good without a calibration."""
        if self._judge is not None:
            return self._judge(frame, self.ratio, self.flow.step.feedback, self._hindrance)
        unknown = np.full(len(frame.quality), math.nan)
        withheld = "locked" if self.flow.locked_phase else "uncalibrated"
        return unknown, NOT_MEASURABLE, Reward(False, False, withheld)

    def _hindrance(self, level_pct: Floats) -> str:
        """What besides the muscles stands in the way of a good hop."""
        if self.flow.locked_phase:
            return "locked"
        if self.flow.phase.kind == "work" and self.protocol.sides == "step" and not self.stands:
            return "swing"
        return "quiet" if self.quiet and self.quiet.forbids(level_pct) else ""

    def _obey(self, command: Command) -> None:
        """Log and apply one command; what makes no sense now has no effect."""
        self.log("command", {"kind": command.kind, "data": dict(command.data)})
        obey = COMMANDS.get(command.kind)
        if obey:
            obey(self, command.data)

    def _good_s(self) -> float:
        """Good time of the running attempt, where the person may know it."""
        done = self.flow.repetition()
        return done.hold.good_hops * self.grid.hop_s if done and self.flow.step.feedback else 0.0
