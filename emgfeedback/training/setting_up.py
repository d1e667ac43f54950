"""What is learnt before the work: hum, rest, references and placement, and what the pipeline is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emgfeedback.errors import CalibrationError
from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.ecg import residue_limit_uv
from emgfeedback.processing.pulse import HOLD, LAST, REST
from emgfeedback.training.calibration import WIDEST_SPREAD_PCT, Calibrator, SessionPeak, chain_of
from emgfeedback.training.honesty import spectral_fatigue_off
from emgfeedback.training.placement import NEIGHBOURS, SHORTEST_TEST_S, Placement
from emgfeedback.values import Calibration, Frame, Phase, Setup, StreamInfo, finite

CONTRACTING = ("reference", "test")
LISTENING = ("rest", *CONTRACTING)
HELD = ("work", "observe")
EFFORT = "effort"

Log = Callable[[str, Mapping[str, Any]], None]


class SettingUp:
    """Collects for the calibration and the placement check, and decides what the pipeline takes out.

    ``log`` takes events. Where something cannot be trusted the event says so, with ``repeat`` true and the
    ``index`` of the phase that the command ``repeat`` does again; ``asked_again`` keeps the last of these.

    Parameters
    ----------
    context : ``placement`` (how the electrodes sit), ``started_at`` (ISO date-time) and
        ``reference_kind`` (mvic or submaximal)
    """

    def __init__(
        self, info: StreamInfo, grid: Grid, phases: Sequence[Phase], context: Mapping[str, Any], log: Log
    ) -> None:
        self.setup = Setup()
        self.asked_again: int | None = None
        self.rest_again = False
        self._info, self._grid, self._phases, self._log = info, grid, phases, log
        self._context = context
        self._calibrator = Calibrator(info, grid)
        self._placement = Placement(info, grid)
        self._peak = SessionPeak(grid, len(info.used())) if self._asks_for_peak() else None
        self._left_out = False

    def _asks_for_peak(self) -> bool:
        """Whether rest is measured and the references are not all asked for."""
        asked = {phase.muscle for phase in self._phases if phase.kind in CONTRACTING}
        rests = any(phase.kind == "rest" for phase in self._phases)
        return rests and not asked >= set(self._placement.muscles)

    def _ask_again(self, event: str, data: Mapping[str, Any], kinds: Sequence[str], muscle: str = "") -> None:
        """Log an event, with a request for another go where the protocol has such a phase."""
        found = (i for i, one in enumerate(self._phases) if one.kind in kinds and one.muscle == muscle)
        index = next(found, None)
        if index is not None:
            self.asked_again = index
            data = {**data, "repeat": True, "index": index}
        self._log(event, data)

    def adopt(self, calibration: Calibration) -> None:
        """Set the pipeline up as it was when the calibration was made."""
        rest_uv2 = tuple((calibration.rest_uv**2).tolist())
        notch_hz = float(calibration.chain["notch_hz"])
        heartbeat = tuple(calibration.chain.get("heartbeat", ()))
        self.setup = Setup(notch_hz, rest_uv2, heartbeat=heartbeat, whitening=calibration.whitening)

    def listen(self, phase_kind: str) -> None:
        """Say to the pipeline what is measured in this phase; `pulse.LAST` is the end of a rest."""
        asked = phase_kind if phase_kind in (REST, LAST) else ""
        if phase_kind in CONTRACTING:
            asked = EFFORT
        elif phase_kind in HELD and not spectral_fatigue_off(self._grid.fs_hz):
            asked = HOLD
        if asked != self.setup.listen:
            self.setup = replace(self.setup, listen=asked)

    def turn_notch_on(self, notch_hz: float, mains_ratio: Sequence[float]) -> None:
        """Ask for the mains notch because hum at rest is above its limit, and start the rest over."""
        self.setup = replace(self.setup, notch_hz=notch_hz, rest_power_uv2=(), rest_mains_ratio=())
        self.begin_rest()
        data = {"notch_hz": notch_hz, "cause": "hum at rest", "mains_ratio": list(mains_ratio)}
        self._log("setup", data)

    def heartbeat_asks_for_more(self, frame: Frame) -> bool:
        """Judge the heartbeat at the end of a rest; True when it is taken out from now on, and rest is anew.

        Where too much of it stays although it is taken out, the channel is flagged from here on.
        """
        rest_uv2 = self._calibrator.rest_power_uv2()
        if not rest_uv2 or frame.pulse_uv is None:
            return False
        limit_uv = residue_limit_uv(np.sqrt(rest_uv2), self._calibrator.rest_gate_uv())
        over = tuple((frame.pulse_uv > limit_uv).tolist())
        heard = np.isfinite(frame.pulse_uv)
        data = {
            "rate_bpm": finite(frame.pulse_bpm),
            "residue_uv": [finite(value) for value in frame.pulse_uv.tolist()],
            "limit_uv": [finite(value) for value in np.where(heard, limit_uv, math.nan).tolist()],
            "taken_out": any(self.setup.heartbeat),
        }
        self._log("heartbeat", data)
        self.rest_again = any(over) and not any(self.setup.heartbeat)
        if self.rest_again:
            heartbeat = tuple(heard.tolist())
            self.setup = replace(self.setup, heartbeat=heartbeat, rest_power_uv2=())
            self._log("setup", {"heartbeat": list(heartbeat), "cause": "heartbeat at rest"})
        else:
            self.setup = replace(self.setup, heartbeat_left=over)
        return self.rest_again

    def begin_rest(self) -> None:
        """Start the rest over."""
        self.rest_again = False
        self._calibrator.forget_rest()
        self._placement.forget_rest()

    def add_rest(self, frame: Frame) -> None:
        """Take one hop of rest."""
        self._calibrator.add_rest(frame)
        self._placement.add_rest(frame)

    def end_rest(self, mains_ratio: Sequence[float]) -> bool:
        """Hand rest power and hum to the pipeline; or ask for another rest, where this was none."""
        doubt = self._calibrator.rest_doubt()
        if doubt:
            self._ask_again("calibration", {"refused": doubt}, ("rest",))
            return False
        rest_uv2 = self._calibrator.rest_power_uv2()
        self.setup = replace(self.setup, rest_power_uv2=rest_uv2, rest_mains_ratio=tuple(mains_ratio))
        rest_uv = [finite(math.sqrt(power_uv2)) for power_uv2 in rest_uv2]
        self._log("setup", {"rest_uv": rest_uv, "cause": "rest measured"})
        return True

    def add_reference(self, frame: Frame, muscle: str) -> None:
        """Take one hop of a reference contraction."""
        self._calibrator.add_reference(frame, muscle)

    def drop_trial(self) -> None:
        """Forget the running contraction."""
        self._calibrator.drop_trial()
        self._placement.drop()

    def leave_out(self, muscle: str) -> None:
        """A contraction is not done: without its reference the session's own peaks are the references."""
        if muscle not in self._placement.muscles:
            return
        self._left_out = True
        if self._peak is None:
            self._peak = SessionPeak(self._grid, len(self._info.used()))

    def end_reference(self, muscle: str) -> None:
        """Close a reference trial; ask for another where the best two lie apart."""
        rms_uv = finite(self._calibrator.end_reference(muscle))
        self._log("reference", {"muscle": muscle, "rms_uv": rms_uv})
        spread_pct = self._calibrator.spread_pct(muscle)
        if spread_pct > WIDEST_SPREAD_PCT:
            cause = (
                f"{muscle}: the best two trials lie {spread_pct:.0f} % apart; rest a little and press again"
            )
            data = {"muscle": muscle, "rms_uv": rms_uv, "spread_pct": spread_pct, "cause": cause}
            self._ask_again("trial", data, CONTRACTING, muscle)

    def add_test(self, frame: Frame, muscle: str) -> None:
        """Take one hop of a test contraction; that of a recorded muscle is its reference as well."""
        self._placement.add(frame)
        if muscle in self._placement.muscles:
            self._calibrator.add_reference(frame, muscle)

    def end_test(self, muscle: str) -> None:
        """Close a test contraction, and the reference trial it was."""
        if not self._placement.close(muscle):
            cause = (
                f"test {muscle}: under {SHORTEST_TEST_S:g} s was clean on all channels, it does not count; "
                "look at the flagged electrodes and do it again"
            )
            data = {"muscle": muscle, "rms_uv": None, "spread_pct": None, "cause": cause}
            self._ask_again("trial", data, ("test",), muscle)
        if muscle in self._placement.muscles:
            self.end_reference(muscle)

    def contraction_is_done(self, muscle: str, later: Sequence[Phase]) -> Calibration | None:
        """Judge the placement after the last test and calibrate after the last contraction that counts.

        ``muscle`` is empty after a rest: one that is done again asks for a new calibration too.
        """
        tests = [phase for phase in self._phases if phase.kind == "test"]
        if muscle and tests and not any(phase.kind == "test" for phase in later):
            report = self._placement.report()
            if report is not None:
                self._log("placement", report.to_json())
        to_come = any(phase.kind in CONTRACTING and phase.muscle not in NEIGHBOURS for phase in later)
        if to_come or muscle in NEIGHBOURS or not self._calibrator.has_trials or self._left_out:
            return None
        return self._calibration()

    def peak_calibration(self) -> Calibration | None:
        """Calibrate on the session's peak so far, where no reference is asked for and the peak rose."""
        if self._peak is None or not self._calibrator.take_peaks(self._peak.power_uv2):
            return None
        return self._calibration()

    def _calibration(self) -> Calibration | None:
        """Calibrate; None, with an event that says why, where rest or a reference cannot be trusted."""
        kind = "session_peak" if self._peak else self._context["reference_kind"]
        chain = {
            **chain_of(self._info, self._grid, self.setup.notch_hz, self._context["placement"]),
            "heartbeat": list(self.setup.heartbeat),
        }
        doubt = self._calibrator.rest_doubt()
        if doubt:
            self._ask_again("calibration", {"refused": doubt}, ("rest",))
            return None
        try:
            made = self._calibrator.calibration(kind, chain, self._context["started_at"])
        except CalibrationError as error:
            weakest = next(iter(self._calibrator.weak_references()))
            self._ask_again("calibration", {"refused": str(error)}, CONTRACTING, weakest)
            return None
        self.setup = replace(self.setup, whitening=made.whitening)
        return made

    def add_work(self, frame: Frame) -> None:
        """Take one hop of work, for the session peak."""
        if self._peak is not None:
            self._peak.add(frame)
