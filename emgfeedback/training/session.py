"""One pass through one protocol, on the sample clock alone."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training import bayes as _bayes  # noqa: F401  (enters its rules)
from emgfeedback.training.calibration import calibration_to_json
from emgfeedback.training.dominance import NOT_MEASURABLE
from emgfeedback.training.judging import Judge, QualityNotes
from emgfeedback.training.onset import OnsetWatch
from emgfeedback.training.phases import PHASES, Observe, Relax, Step
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.reward import RULES as RULES
from emgfeedback.training.reward import Hold
from emgfeedback.training.setting_up import LISTENING, SettingUp
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
    Quality,
    Reward,
    Setup,
    StreamInfo,
    Tick,
)

DEFAULT_RULE = "bayes-quick"
READY = Phase("ready", 0.0, "Ready")
DONE = Phase("done", 0.0, "Well done")
COUNTDOWN_S = 5.0
WAITING = Phase("waiting", COUNTDOWN_S, "One moment")
BEFORE_S = 0.5
"""How much of what came before a repetition is searched for onsets."""
LOWEST_RATIO, HIGHEST_RATIO = 0.2, 10.0


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
    ) -> None:
        self.info, self.grid, self.protocol, self.mains_hz = info, grid, protocol, mains_hz
        self.ratio = protocol.ratio
        self.state = "ready"
        context = {"started_at": started_at, "placement": placement, "reference_kind": reference_kind}
        self.set_up = SettingUp(info, grid, protocol.phases, context, self.log)
        self.calibration: Calibration | None = None
        self.hop_start = 0
        self._rule_name = rule
        self._judge: Judge | None = None
        self._lately: deque[Frame] = deque(maxlen=grid.hops(BEFORE_S))
        used = [info.channels[i] for i in info.used()]
        self.rivals = [channel.muscle for channel in used if channel.role == RIVAL]
        self._quality_notes = QualityNotes(used, grid, self.log)
        self._phase_index, self._hops_left = -1, 0
        self._step: Step = Relax(self, READY, 0)
        self._go_on_at = 0
        self._after_repeat: int | None = None
        self._link_is_back = False
        self._sample = 0
        self._events: list[Event] = []
        if calibration is not None:
            self.set_up.adopt(calibration)
            self._use(calibration)

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
        level_pct, dominance, reward = self._judged(frame)
        if self.state == "running":
            if self._phase().repetition:
                self.set_up.add_work(frame)
            if self._step.hop(self, frame, dominance, reward):
                self.log("reward", {"repetition": self._phase().repetition})
                reward = replace(reward, rewarded=True)
            self._hops_left -= 1
        elif self.state == "waiting":
            self._count_down(frame)
        phase, index, left_s = self._phase(), self._phase_index, self._hops_left * self.grid.hop_s
        good_s = self._good_s()
        self._lately.append(frame)
        state = self.state
        if self._hops_left == 0 and state in ("running", "waiting"):
            self.hop_start = frame.end_sample
            self._go_on()
        state = self.state if self.finished else state
        shown_pct = self._judge.display_pct(frame) if self._judge else None
        events = self._take_events()
        return Tick(
            frame, level_pct, dominance, state, index, phase, left_s, reward, good_s, events, shown_pct
        )

    def close(self) -> tuple[Event, ...]:
        """Report what the running phase gave, when the stream ended before the protocol did."""
        if not self.finished:
            self._end("end")
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
        first = self._phase_index + 1 if self._after_repeat is None else self._after_repeat
        made = self.set_up.contraction_is_done(muscle, self.protocol.phases[first:])
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

    def _take_events(self) -> tuple[Event, ...]:
        events, self._events = tuple(self._events), []
        return events

    def _use(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._judge = Judge(self.info, self.grid, self.protocol, calibration, self._rule_name)
        self.log("calibration", calibration_to_json(calibration))

    def _judged(self, frame: Frame) -> tuple[Floats, Dominance, Reward]:
        """Levels, dominance and the verdict on the hop; nothing is good without a calibration."""
        if self._judge is not None:
            return self._judge(frame, self.ratio, self._step.feedback)
        unknown = np.full(len(frame.quality), math.nan)
        return unknown, NOT_MEASURABLE, Reward(False, False, "uncalibrated")

    def _obey(self, command: Command) -> None:
        """Apply and log one command; what makes no sense now is logged and has no effect."""
        self.log("command", {"kind": command.kind, "data": dict(command.data)})
        if command.kind == "start" and self.state == "ready":
            self.state = "running"
            self._next_phase()
        elif command.kind == "pause" and self.state == "running":
            self.state = "paused"
        elif command.kind == "resume" and self.state == "paused":
            self.state = "running"
        elif command.kind == "resume" and self.state == "waiting" and self._link_is_back:
            self._go_on()
        elif command.kind == "skip" and self.state in ("running", "paused"):
            self._next_phase()
        elif command.kind == "link":
            self._note_link(str(command.data.get("state")), str(command.data.get("cause", "")))
        elif command.kind == "stop" and not self.finished:
            self._end("stop")
        elif command.kind == "ratio":
            self._change_ratio(float(command.data.get("ratio", math.nan)))
        elif command.kind == "repeat" and self.state in ("running", "paused"):
            self._repeat(command.data.get("index", self.set_up.asked_again))

    def _repeat(self, index: Any) -> None:
        """Do a phase of the set-up again, then go on with the running one from its beginning."""
        phases = self.protocol.phases
        if index in range(self._phase_index + 1) and phases[index].kind in LISTENING:
            go_on_at = self._interrupt("repeat")
            if self._after_repeat is None and index != self._phase_index:
                self._after_repeat = go_on_at
            self._begin(index)

    def _interrupt(self, why: str) -> int:
        """Leave the phase, void unless its hold is full; return the index of the phase to go on with."""
        hold = self._hold()
        finished = hold is not None and hold.rewarded
        self._step.leave(self, "" if finished else why)
        return self._phase_index + finished

    def _change_ratio(self, ratio: float) -> None:
        if LOWEST_RATIO <= ratio <= HIGHEST_RATIO:
            self.log("ratio", {"from": self.ratio, "to": ratio, "cause": "operator"})
            self.ratio = ratio

    def _note_link(self, link: str, cause: str) -> None:
        """Wait while the board is stalled or lost: what was running is void, not failed."""
        if link == "streaming":
            self._link_is_back = True
        elif self.state in ("running", "waiting"):
            if self.state == "running":
                self._go_on_at = self._interrupt(cause or link)
                self._step = Relax(self, WAITING, 0)
            self.state = "waiting"
            self._link_is_back = False
            self._hops_left = self.grid.hops(COUNTDOWN_S)

    def _count_down(self, frame: Frame) -> None:
        """Five seconds of signal once the board is back, then on; hops with lost samples do not count."""
        if self._link_is_back and not (frame.quality & Quality.GAP).any():
            self._hops_left -= 1

    def _go_on(self) -> None:
        """Next phase; after a wait, the interrupted one from its beginning."""
        if self.state == "waiting":
            self.state = "running"
            self._begin(self._go_on_at)
        else:
            self._next_phase()

    def _next_phase(self) -> None:
        if self._phase_index >= 0:
            self._step.leave(self)
        if self.set_up.rest_again:
            self._begin(self._phase_index)
            return
        following, self._after_repeat = self._after_repeat, None
        self._begin(self._phase_index + 1 if following is None else following)

    def _begin(self, index: int) -> None:
        self._phase_index = index
        self.set_up.listen(self.protocol.phases[index].kind if index < len(self.protocol.phases) else "")
        if index == len(self.protocol.phases):
            self.state = "done"
            self.log("done", {})
            return
        phase = self.protocol.phases[index]
        self._hops_left = self.grid.hops(phase.seconds)
        self.log("phase", {"index": index, "kind": phase.kind, "muscle": phase.muscle})
        self._step = PHASES[phase.kind](self, phase, self._hops_left)

    def _end(self, why: str) -> None:
        if 0 <= self._phase_index < len(self.protocol.phases):
            self._step.leave(self)
        self.state = "done"
        self._hops_left = 0
        self.log(why, {})

    def _phase(self) -> Phase:
        return phase_at(self.protocol.phases, self._phase_index, self.state)

    def _good_s(self) -> float:
        hold = self._hold()
        return hold.good_hops * self.grid.hop_s if hold else 0.0

    def _hold(self) -> Hold | None:
        return self._step.repetition.hold if isinstance(self._step, Observe) else None


def phase_at(phases: Sequence[Phase], index: int, state: str) -> Phase:
    """The phase of an index, or what stands for it before the start, at the end and while waiting."""
    if state == "waiting":
        return WAITING
    if index < 0:
        return READY
    return DONE if index == len(phases) else phases[index]
