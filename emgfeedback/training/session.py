"""One pass through one protocol, on the sample clock alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emgfeedback.errors import CalibrationError
from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training import bayes as _bayes  # noqa: F401  (enters its rules)
from emgfeedback.training.calibration import Calibrator, calibration_to_json, chain_of, levels_pct
from emgfeedback.training.dominance import NOT_MEASURABLE, Dominator
from emgfeedback.training.phases import PHASES, Observe, Relax, Step
from emgfeedback.training.reward import RULES as RULES
from emgfeedback.training.reward import Gate, Hold, verdict
from emgfeedback.values import (
    OTHER,
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

DEFAULT_RULE = "rms-hysteresis"
READY = Phase("ready", 0.0, "Ready")
DONE = Phase("done", 0.0, "Well done")
COUNTDOWN_S = 5.0
WAITING = Phase("waiting", COUNTDOWN_S, "One moment")
LOWEST_RATIO, HIGHEST_RATIO = 0.2, 10.0


def tailor(protocol: Protocol, info: StreamInfo, calibrated: bool) -> Protocol:
    """Leave out references of muscles nobody listens to, and all set-up when already calibrated."""
    muscles = {channel.muscle for channel in info.channels}
    phases = list(protocol.phases)
    if calibrated:
        work = next((i for i, phase in enumerate(phases) if phase.repetition), len(phases))
        phases = phases[work:]
    phases = [phase for phase in phases if phase.kind != "reference" or phase.muscle in muscles]
    rivals = tuple(rival for rival in protocol.rivals if rival in muscles)
    return replace(protocol, phases=tuple(phases), rivals=rivals)


class Session:
    """Turns frames and commands into ticks; the same frames and commands always give the same ticks."""

    def __init__(
        self,
        info: StreamInfo,
        grid: Grid,
        protocol: Protocol,
        mains_hz: float,
        calibration: Calibration | None = None,
        rule: str = DEFAULT_RULE,
    ) -> None:
        self.info, self.grid, self.protocol = info, grid, protocol
        self.mains_hz = mains_hz
        self.ratio = protocol.ratio
        self.state = "ready"
        self.setup = Setup()
        self.calibrator = Calibrator(info, grid)
        self.calibration: Calibration | None = None
        self.good_at_fixed_line = False
        self.hop_start = 0
        self._rule_name = rule
        self._used = [info.channels[i] for i in info.used()]
        self._phase_index = -1
        self._hops_left = 0
        self._step: Step = Relax(self, READY, 0)
        self._go_on_at = 0
        self._link_is_back = False
        self._sample = 0
        self._events: list[Event] = []
        self._flags: dict[str, list[str]] = {}
        self._last_heard: int | None = None
        if calibration is not None:
            self._adopt(calibration)

    @property
    def finished(self) -> bool:
        """Whether all phases are done or the operator stopped."""
        return self.state == "done"

    def step(self, frame: Frame, commands: Sequence[Command]) -> Tick:
        """Advance by one hop."""
        self._sample, self.hop_start = frame.end_sample, frame.end_sample - self.grid.hop_samples
        for command in commands:
            self._obey(command)
        self._note_quality(frame)
        level_pct, dominance, reward = self._judge(frame)
        if self.state == "running":
            if self._step.hop(self, frame, dominance, reward):
                self.log("reward", {"repetition": self._phase().repetition})
                reward = replace(reward, rewarded=True)
            self._hops_left -= 1
        elif self.state == "waiting":
            self._count_down(frame)
        phase, index, left_s = self._phase(), self._phase_index, self._hops_left * self.grid.hop_s
        good_s = self._good_s()
        state = self.state
        if self._hops_left == 0 and state in ("running", "waiting"):
            self.hop_start = frame.end_sample
            self._go_on()
        state = self.state if self.finished else state
        events = self._take_events()
        return Tick(frame, level_pct, dominance, state, index, phase, left_s, reward, good_s, events)

    def close(self) -> tuple[Event, ...]:
        """Report what the running phase gave, when the stream ended before the protocol did."""
        if not self.finished:
            self._end("end")
        return self._take_events()

    def log(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add an event at the end of the present hop."""
        self._events.append(Event(self._sample, kind, data))

    def turn_notch_on(self, mains_ratio: Sequence[float]) -> None:
        """Ask for the mains notch because hum at rest is above its limit, and start the rest over."""
        self.setup = Setup(notch_hz=self.mains_hz)
        self.calibrator.forget_rest()
        data = {"notch_hz": self.mains_hz, "cause": "hum at rest", "mains_ratio": list(mains_ratio)}
        self.log("setup", data)

    def rest_is_known(self, mains_ratio: Sequence[float]) -> None:
        """Hand rest power and hum to the pipeline."""
        power_uv2 = self.calibrator.rest_power_uv2()
        self.setup = Setup(self.setup.notch_hz, power_uv2, tuple(mains_ratio))
        self.log("setup", {"rest_uv": [_plain(math.sqrt(p)) for p in power_uv2], "cause": "rest measured"})

    def reference_is_done(self, muscle: str) -> None:
        """Close a reference trial; after the last one, calibrate."""
        self.log("reference", {"muscle": muscle, "rms_uv": _plain(self.calibrator.end_reference(muscle))})
        later = self.protocol.phases[self._phase_index + 1 :]
        if any(phase.kind == "reference" for phase in later):
            return
        chain = chain_of(self.info, self.grid, self.setup.notch_hz)
        try:
            self._use(self.calibrator.calibration("submaximal", chain))
        except CalibrationError as error:
            self.log("calibration", {"refused": str(error)})

    def _take_events(self) -> tuple[Event, ...]:
        events, self._events = tuple(self._events), []
        return events

    def _adopt(self, calibration: Calibration) -> None:
        """Start from a calibration made before, with the pipeline set up as it was then."""
        notch_hz = float(calibration.chain["notch_hz"])
        self.setup = Setup(notch_hz, tuple((calibration.rest_uv**2).tolist()))
        self._use(calibration)

    def _use(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._dominator = Dominator(self.info, self.grid, calibration)
        self._gate = Gate(self.info, calibration, self.protocol.min_level_pct, self.protocol.ceiling_pct)
        self._rule = RULES[self._rule_name](self.info, self.grid, calibration)
        self._met = self._met_at_fixed_line = False
        self.log("calibration", calibration_to_json(calibration))

    def _judge(self, frame: Frame) -> tuple[Floats, Dominance, Reward]:
        """Levels, dominance and the verdict on the hop; nothing is good without a calibration."""
        if self.calibration is None:
            self.good_at_fixed_line = False
            unknown = np.full(len(self._used), math.nan)
            return unknown, NOT_MEASURABLE, Reward(False, False, "uncalibrated")
        level_pct = levels_pct(frame.envelope_uv, self.calibration)
        missing = self._gate(frame, float(level_pct[0]))
        dominance = NOT_MEASURABLE if missing.startswith("quality") else self._dominator(frame.envelope_uv)
        self._rule.observe(frame)
        self._met = self._rule.meets(self.ratio, self._met)
        self._met_at_fixed_line = self._rule.meets(self.protocol.ratio, self._met_at_fixed_line)
        self.good_at_fixed_line = self._met_at_fixed_line and not missing
        if dominance.measurable:
            dominance = replace(dominance, confidence=self._rule.confidence(self.ratio))
        return level_pct, dominance, verdict(missing, self._met, self._step.feedback)

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
                finished = self._hold_is_full()
                self._step.leave(self, "" if finished else cause or link)
                self._step = Relax(self, WAITING, 0)
                self._go_on_at = self._phase_index + finished
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
        self._begin(self._phase_index + 1)

    def _begin(self, index: int) -> None:
        self._phase_index = index
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
        if self.state == "waiting":
            return WAITING
        if self._phase_index < 0:
            return READY
        if self._phase_index == len(self.protocol.phases):
            return DONE
        return self.protocol.phases[self._phase_index]

    def _good_s(self) -> float:
        hold = self._hold()
        return hold.good_hops * self.grid.hop_s if hold else 0.0

    def _hold_is_full(self) -> bool:
        hold = self._hold()
        return hold is not None and hold.rewarded

    def _hold(self) -> Hold | None:
        return self._step.repetition.hold if isinstance(self._step, Observe) else None

    def _note_quality(self, frame: Frame) -> None:
        """Log gaps, and every change of a watched channel's flags."""
        heard = not frame.quality[0] & Quality.GAP
        if heard and self._last_heard is not None and self._last_heard < self.hop_start:
            missing_s = (self.hop_start - self._last_heard) / self.grid.fs_hz
            self.log("gap", {"from_s": self._last_heard / self.grid.fs_hz, "missing_s": missing_s})
        if heard:
            self._last_heard = frame.end_sample
        flags = {
            channel.muscle: [flag.name.lower() for flag in Quality if flag.name and flag & int(bits)]
            for channel, bits in zip(self._used, frame.quality, strict=True)
            if bits and channel.role != OTHER
        }
        if flags != self._flags:
            self._flags = flags
            self.log("quality", flags)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
