"""Rest and reference: what zero and a hundred percent mean for each muscle."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emgfeedback.errors import CalibrationError
from emgfeedback.processing.bandwidth import Grid, statistical_bandwidth_hz
from emgfeedback.processing.spectrum import dof_per_hop, whitening_filters
from emgfeedback.training.dominance import GATE_SD
from emgfeedback.values import OTHER, Calibration, Floats, Frame, StreamInfo

SHORTEST_REST_S = 2.0
LEAST_REFERENCE = 4.0
"""A reference below 4 x rest (12 dB) is refused: noise would decide the level."""

MOST_RESTLESS = 2.0
"""Mean rest over its quiet fifth: noise alone makes 1.2 (1.25 at 125 Hz), a strong heartbeat about 1.8."""

LOUDEST_REST_UV = 30.0
"""Good skin gives 1 to 5 µV; a louder rest is a tense muscle or a bad contact at any rate."""

WIDEST_SPREAD_PCT = 10.0
"""Best two trials that differ by more ask for another one (protocol of Norcross et al. 2010)."""

PEAK_WINDOW_S, SLOW_PEAK_WINDOW_S, SLOW_UP_TO_HZ = 0.5, 1.0, 250.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One reference contraction: mean power of a hop, its degrees of freedom, and its lag products."""

    power_uv2: float
    dof: float
    lag_uv2: Floats | None


class Calibrator:
    """Collects clean hops of rest and of one reference contraction per muscle.

    Rest power comes from every clean hop of rest, its SD from every clean window; a reference is the mean
    power of one trial, the best trial counts (Besomi et al. 2020, doi:10.1016/j.jelekin.2020.102438). The
    degrees of freedom of a hop are measured on that trial: the smaller of what the lag products and what
    the scatter 2 / CV² of its hops say; without lag products the model of the band stands in for them.
    """

    def __init__(self, info: StreamInfo, grid: Grid) -> None:
        used = [info.channels[i] for i in info.used()]
        self._muscles = [channel.muscle for channel in used]
        self._needed = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._grid = grid
        self._rest: list[list[tuple[float, float]]] = [[] for _ in used]
        self._rest_lags = [_Mean() for _ in used]
        self._trial: list[float] = []
        self._trial_lags = _Mean()
        self._trials: list[list[Trial]] = [[] for _ in used]
        self._peaks_uv2: tuple[float, ...] = ()
        self._model_dof = 2 * statistical_bandwidth_hz(grid) * grid.hop_s

    def forget_rest(self) -> None:
        """Start the rest over, after what the pipeline takes out has changed."""
        for values in self._rest:
            values.clear()
        self._rest_lags = [_Mean() for _ in self._rest]

    def add_rest(self, frame: Frame) -> None:
        """Take one hop of rest; unclean channels are left out."""
        for i, values in enumerate(self._rest):
            if not frame.quality[i]:
                values.append((float(frame.power_uv2[i]), float(frame.envelope_uv[i])))
                if frame.lag_uv2 is not None:
                    self._rest_lags[i].add(frame.lag_uv2[:, i])

    def rest_power_uv2(self) -> tuple[float, ...]:
        """Mean rest power per used channel; empty while the target or a rival has under 2 s of clean rest."""
        if any(len(self._rest[i]) < self._grid.hops(SHORTEST_REST_S) for i in self._needed):
            return ()
        powers = ([power for power, _ in values] for values in self._rest)
        return tuple(math.fsum(power) / len(power) if power else math.nan for power in powers)

    def rest_doubt(self) -> str:
        """Why this is no rest, in one sentence; "" where it is.

        The median of the lowest fifth of the windows is what the muscle can rest at. A mean far above it
        was made by moving or tensing; it is never taken for the level itself, which it understates.
        """
        power_uv2 = self.rest_power_uv2()
        if not power_uv2:
            return self._too_short()
        for i in self._needed:
            mean_uv, windows = math.sqrt(power_uv2[i]), sorted(window for _, window in self._rest[i])
            quiet_uv = windows[len(windows) // 10]
            if mean_uv > MOST_RESTLESS * quiet_uv:
                return (
                    f"rest: {self._muscles[i]} was restless, {mean_uv:.1f} µV on average and "
                    f"{quiet_uv:.1f} µV in its quiet fifth; lie still, let go and rest again"
                )
            if mean_uv > LOUDEST_REST_UV:
                return (
                    f"rest: {self._muscles[i]} stays at {mean_uv:.1f} µV, at most {LOUDEST_REST_UV:g} µV is "
                    "rest; let go, check skin and electrodes and rest again"
                )
        return ""

    def _too_short(self) -> str:
        shortest = min(self._needed, key=lambda i: len(self._rest[i]))
        return (
            f"rest: {self._muscles[shortest]} was clean for "
            f"{len(self._rest[shortest]) * self._grid.hop_s:.1f} s, {SHORTEST_REST_S:g} s are needed; "
            "check its electrode and rest again"
        )

    def rest_gate_uv(self) -> Floats:
        """Envelope above which a muscle will be on, (n_used,): rest plus three SD of its windows."""
        return np.asarray(np.sqrt(self.rest_power_uv2()) + GATE_SD * self._rest_sd_uv())

    def _rest_sd_uv(self) -> Floats:
        windows = ([envelope for _, envelope in values] for values in self._rest)
        return np.array([np.std(window) if window else math.nan for window in windows])

    def add_reference(self, frame: Frame, muscle: str) -> None:
        """Take one hop of the muscle's reference contraction."""
        i = self._muscles.index(muscle)
        if not frame.quality[i]:
            self._trial.append(float(frame.power_uv2[i]))
            if frame.lag_uv2 is not None:
                self._trial_lags.add(frame.lag_uv2[:, i])

    def drop_trial(self) -> None:
        """Forget the running reference trial."""
        self._trial, self._trial_lags = [], _Mean()

    def end_reference(self, muscle: str) -> float:
        """Close a trial and return its RMS in µV (NaN without clean hops)."""
        powers, lag_uv2 = self._trial, self._trial_lags.value()
        self.drop_trial()
        if len(powers) < 2:
            return math.nan
        mean = math.fsum(powers) / len(powers)
        trial = Trial(mean, self._dof(powers, mean, lag_uv2), lag_uv2)
        self._trials[self._muscles.index(muscle)].append(trial)
        return math.sqrt(mean)

    def _dof(self, powers: Sequence[float], mean: float, lag_uv2: Floats | None) -> float:
        dof = self._model_dof
        if lag_uv2 is not None:
            dof = float(dof_per_hop(lag_uv2[:, np.newaxis], self._grid.hop_samples)[0])
        variance = math.fsum((power - mean) ** 2 for power in powers) / (len(powers) - 1)
        return min(dof, 2 * mean**2 / variance) if variance > 0 else dof

    def spread_pct(self, muscle: str) -> float:
        """By how much the second best trial of a muscle stays under its best, in %; NaN before two."""
        best = sorted((trial.power_uv2 for trial in self._trials[self._muscles.index(muscle)]), reverse=True)
        return 100 * (1 - math.sqrt(best[1] / best[0])) if len(best) > 1 else math.nan

    @property
    def has_trials(self) -> bool:
        """Whether any reference trial was closed."""
        return any(self._trials)

    def take_peaks(self, peaks_uv2: Sequence[float]) -> bool:
        """Let the session's own peaks, (n_used,) in µV², be the references, where none is permitted.

        Returns False while the target or a rival has no peak yet, or where nothing is new.
        """
        known = all(math.isfinite(peaks_uv2[i]) for i in self._needed)
        if not known or tuple(peaks_uv2) == self._peaks_uv2:
            return False
        self._peaks_uv2 = tuple(peaks_uv2)
        return True

    def _references_uv2(self) -> tuple[float, ...]:
        if self._peaks_uv2:
            return self._peaks_uv2
        return tuple(max((trial.power_uv2 for trial in trials), default=math.nan) for trials in self._trials)

    def weak_references(self) -> dict[str, float]:
        """Muscles whose reference is under 4 x rest, with that ratio (NaN without a reference)."""
        references_uv2 = self._references_uv2()
        ratios = {
            self._muscles[i]: math.sqrt(references_uv2[i] / rest) if rest > 0 else math.inf
            for i, rest in enumerate(self.rest_power_uv2())
            if i in self._needed
        }
        return {muscle: ratio for muscle, ratio in ratios.items() if not ratio >= LEAST_REFERENCE}

    def calibration(
        self,
        kind: str,
        chain: Mapping[str, Any],
        made_at: str = "",
        least_reference: float = LEAST_REFERENCE,
    ) -> Calibration:
        """Build the calibration of the used channels.

        Parameters
        ----------
        kind : mvic, submaximal or session_peak
        made_at : ISO date-time; a calibration is good for its day

        Raises
        ------
        CalibrationError
            Without 2 s of clean rest, or when the reference of the target or a rival is not above
            ``least_reference`` x rest.
        """
        rest_uv2 = self.rest_power_uv2()
        if not rest_uv2:
            raise CalibrationError(self._too_short())
        for muscle, ratio in self.weak_references().items():
            if math.isnan(ratio):
                raise CalibrationError(
                    f"reference: {muscle} has no clean trial; look at its flags and let it press for 5 s"
                )
            if not ratio > least_reference:
                raise CalibrationError(
                    f"reference: {muscle} reached {ratio:.1f} times its rest level, "
                    f"{LEAST_REFERENCE:g} times are needed; check its electrodes or press a little firmer"
                )
        best = [max(trials, key=lambda trial: trial.power_uv2, default=None) for trials in self._trials]
        return Calibration(
            rest_uv=np.sqrt(rest_uv2),
            rest_sd_uv=self._rest_sd_uv(),
            reference_uv=np.sqrt(self._references_uv2()),
            dof=np.array([trial.dof if trial else self._model_dof for trial in best]),
            reference_kind=kind,
            trials=tuple(len(trials) for trials in self._trials),
            chain=dict(chain),
            made_at=made_at,
            whitening=self._whitening(best),
        )

    def _whitening(self, best: Sequence[Trial | None]) -> tuple[tuple[float, ...], ...]:
        """Whitening filter of each used channel, () where a channel was not listened to."""
        references = [trial.lag_uv2 if trial else None for trial in best]
        return tuple(
            ()
            if reference is None or rest is None
            else whitening_filters(reference[:, np.newaxis], rest[:, np.newaxis])[0]
            for reference, rest in zip(references, (lags.value() for lags in self._rest_lags), strict=True)
        )


class _Mean:
    """Mean of lag products, added up hop by hop."""

    def __init__(self) -> None:
        self._sum: Floats | None = None
        self._hops = 0

    def add(self, lag_uv2: Floats) -> None:
        self._sum = lag_uv2 if self._sum is None else self._sum + lag_uv2
        self._hops += 1

    def value(self) -> Floats | None:
        return None if self._sum is None else np.asarray(self._sum / self._hops)


class SessionPeak:
    """Highest clean window of each used channel in the work so far: 500 ms, 1 s at 250 Hz and below."""

    def __init__(self, grid: Grid, n_used: int) -> None:
        window_s = SLOW_PEAK_WINDOW_S if grid.fs_hz <= SLOW_UP_TO_HZ else PEAK_WINDOW_S
        self._windows: list[deque[float]] = [deque(maxlen=grid.hops(window_s)) for _ in range(n_used)]
        self.power_uv2 = [math.nan] * n_used

    def add(self, frame: Frame) -> None:
        """Take one hop of work; an unclean one breaks the window of its channel."""
        for i, window in enumerate(self._windows):
            if frame.quality[i]:
                window.clear()
                continue
            window.append(float(frame.power_uv2[i]))
            if len(window) == window.maxlen:
                mean = math.fsum(window) / len(window)
                self.power_uv2[i] = mean if not self.power_uv2[i] >= mean else self.power_uv2[i]


def chain_of(info: StreamInfo, grid: Grid, notch_hz: float, placement: str = "") -> dict[str, Any]:
    """What a calibration is valid for: board, rate, gain, band, notch, muscles and placement.

    ``placement`` names how the electrodes sit now; whoever re-places one gives another name.
    """
    return {
        "device": info.device,
        "fs_hz": info.fs_hz,
        "lsb_uv": info.lsb_uv,
        "band_hz": list(grid.band_hz),
        "notch_hz": notch_hz,
        "muscles": [info.channels[i].muscle for i in info.used()],
        "placement": placement,
    }


def check_chain(calibration: Calibration, info: StreamInfo, grid: Grid, placement: str = "") -> None:
    """Refuse a calibration from another chain or placement.

    Raises
    ------
    CalibrationError
        Naming what differs.
    """
    here = chain_of(info, grid, float(calibration.chain["notch_hz"]), placement)
    there = {"placement": "", **calibration.chain}
    for key in here:
        if key == "placement" and here[key] != there[key]:
            raise CalibrationError(
                f"the calibration belongs to the placement {there[key]!r} and the electrodes now sit as "
                f"{here[key]!r}; calibrate again"
            )
        if here[key] != there.get(key):
            raise CalibrationError(
                f"the calibration belongs to another chain: {key} was {there.get(key)} "
                f"and is {here[key]}; calibrate again"
            )


def check_calibration(
    calibration: Calibration, info: StreamInfo, grid: Grid, today: str, placement: str = ""
) -> None:
    """Refuse a calibration of another day, chain or placement: references die with each of them.

    Parameters
    ----------
    today : ISO date such as 2026-11-20, in the time zone of ``calibration.made_at``

    Raises
    ------
    CalibrationError
        Naming what differs.
    """
    check_chain(calibration, info, grid, placement)
    day = calibration.made_at[:10]
    if day != today[:10]:
        made = f"was made on {day}" if day else "has no date"
        raise CalibrationError(f"the calibration {made} and today is {today[:10]}; calibrate again")


def levels_pct(envelope_uv: Floats, calibration: Calibration) -> Floats:
    """Envelope above rest, in percent of the reference: 100·√max(0, rms² − rest²) / √(ref² − rest²).

    Parameters
    ----------
    envelope_uv : (n_used,) or (n_frames, n_used)

    Returns
    -------
    Same shape, %ref: 0 at rest and below, 100 at the reference, never clipped above.
    """
    rest_uv2 = calibration.rest_uv**2
    above_uv2 = np.maximum(0.0, envelope_uv**2 - rest_uv2)
    return np.asarray(100 * np.sqrt(above_uv2 / (calibration.reference_uv**2 - rest_uv2)))


def calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    """Plain values in full precision; what is unknown becomes null."""
    return {
        "rest_uv": _to_json(calibration.rest_uv),
        "rest_sd_uv": _to_json(calibration.rest_sd_uv),
        "reference_uv": _to_json(calibration.reference_uv),
        "dof": _to_json(calibration.dof),
        "reference_kind": calibration.reference_kind,
        "trials": list(calibration.trials),
        "chain": dict(calibration.chain),
        "made_at": calibration.made_at,
        "whitening": [list(taps) for taps in calibration.whitening],
    }


def calibration_from_json(data: Mapping[str, Any]) -> Calibration:
    """Inverse of `calibration_to_json`."""
    return Calibration(
        rest_uv=_from_json(data["rest_uv"]),
        rest_sd_uv=_from_json(data["rest_sd_uv"]),
        reference_uv=_from_json(data["reference_uv"]),
        dof=_from_json(data["dof"]),
        reference_kind=str(data["reference_kind"]),
        trials=tuple(int(n) for n in data["trials"]),
        chain=dict(data["chain"]),
        made_at=str(data.get("made_at", "")),
        whitening=tuple(tuple(map(float, taps)) for taps in data.get("whitening", ())),
    )


def _to_json(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _from_json(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
