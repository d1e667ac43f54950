"""Rest and reference: what zero and a hundred percent mean for each muscle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emgfeedback.errors import CalibrationError
from emgfeedback.processing.bandwidth import Grid, statistical_bandwidth_hz
from emgfeedback.values import OTHER, Calibration, Floats, Frame, StreamInfo

SHORTEST_REST_S = 2.0
LEAST_REFERENCE = 4.0
"""A reference below 4 x rest (12 dB) is refused: noise would decide the level."""


class Calibrator:
    """Collects clean hops of rest and of one reference contraction per muscle.

    Rest power comes from every clean hop of rest, its SD from every clean window; a reference is the mean
    power of one trial, the best trial counts (Besomi et al. 2020, doi:10.1016/j.jelekin.2020.102438).
    """

    def __init__(self, info: StreamInfo, grid: Grid) -> None:
        used = [info.channels[i] for i in info.used()]
        self._muscles = [channel.muscle for channel in used]
        self._needed = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._grid = grid
        n = len(used)
        self._rest: list[list[tuple[float, float]]] = [[] for _ in range(n)]
        self._trial: list[float] = []
        self._reference_uv2 = [math.nan] * n
        self._trials = [0] * n
        self._dof = [2 * statistical_bandwidth_hz(grid) * grid.hop_s] * n

    def forget_rest(self) -> None:
        """Start the rest over, after the notch came on."""
        for values in self._rest:
            values.clear()

    def add_rest(self, frame: Frame) -> None:
        """Take one hop of rest; unclean channels are left out."""
        for i, values in enumerate(self._rest):
            if not frame.quality[i]:
                values.append((float(frame.power_uv2[i]), float(frame.envelope_uv[i])))

    def rest_power_uv2(self) -> tuple[float, ...]:
        """Mean rest power per used channel; empty while the target or a rival has under 2 s of clean rest."""
        if any(len(self._rest[i]) < self._grid.hops(SHORTEST_REST_S) for i in self._needed):
            return ()
        powers = ([power for power, _ in values] for values in self._rest)
        return tuple(math.fsum(power) / len(power) if power else math.nan for power in powers)

    def _rest_sd_uv(self) -> Floats:
        windows = ([envelope for _, envelope in values] for values in self._rest)
        return np.array([np.std(window) if window else math.nan for window in windows])

    def add_reference(self, frame: Frame, muscle: str) -> None:
        """Take one hop of the muscle's reference contraction."""
        i = self._muscles.index(muscle)
        if not frame.quality[i]:
            self._trial.append(float(frame.power_uv2[i]))

    def drop_trial(self) -> None:
        """Forget the running reference trial."""
        self._trial.clear()

    def end_reference(self, muscle: str) -> float:
        """Close a trial and return its RMS in µV (NaN without clean hops); the best trial is kept."""
        trial, self._trial = self._trial, []
        if len(trial) < 2:
            return math.nan
        i = self._muscles.index(muscle)
        self._trials[i] += 1
        mean = math.fsum(trial) / len(trial)
        if not self._reference_uv2[i] >= mean:
            self._reference_uv2[i] = mean
            variance = math.fsum((power - mean) ** 2 for power in trial) / (len(trial) - 1)
            self._dof[i] = min(self._dof[i], 2 * mean**2 / variance) if variance > 0 else self._dof[i]
        return math.sqrt(mean)

    def weak_references(self) -> dict[str, float]:
        """Muscles whose reference is under 4 x rest, with that ratio (NaN without a reference)."""
        ratios = {
            self._muscles[i]: math.sqrt(self._reference_uv2[i] / rest) if rest > 0 else math.inf
            for i, rest in enumerate(self.rest_power_uv2())
            if i in self._needed
        }
        return {muscle: ratio for muscle, ratio in ratios.items() if not ratio >= LEAST_REFERENCE}

    def calibration(
        self, kind: str, chain: Mapping[str, Any], least_reference: float = LEAST_REFERENCE
    ) -> Calibration:
        """Build the calibration of the used channels.

        Raises
        ------
        CalibrationError
            Without 2 s of clean rest, or when the reference of the target or a rival is not above
            ``least_reference`` x rest.
        """
        rest_uv2 = self.rest_power_uv2()
        if not rest_uv2:
            shortest = min(self._needed, key=lambda i: len(self._rest[i]))
            raise CalibrationError(
                f"rest: {self._muscles[shortest]} was clean for "
                f"{len(self._rest[shortest]) * self._grid.hop_s:.1f} s, {SHORTEST_REST_S:g} s are needed; "
                "check its electrode and rest again"
            )
        for muscle, ratio in self.weak_references().items():
            if not ratio > least_reference:
                raise CalibrationError(
                    f"reference: {muscle} reached {ratio:.1f} times its rest level, "
                    f"{LEAST_REFERENCE:g} times are needed; check its electrodes or press a little firmer"
                )
        return Calibration(
            rest_uv=np.sqrt(rest_uv2),
            rest_sd_uv=self._rest_sd_uv(),
            reference_uv=np.sqrt(self._reference_uv2),
            dof=np.array(self._dof),
            reference_kind=kind,
            trials=tuple(self._trials),
            chain=dict(chain),
        )


def chain_of(info: StreamInfo, grid: Grid, notch_hz: float) -> dict[str, Any]:
    """What a calibration is valid for: board, rate, gain, band, notch and muscles."""
    return {
        "device": info.device,
        "fs_hz": info.fs_hz,
        "lsb_uv": info.lsb_uv,
        "band_hz": list(grid.band_hz),
        "notch_hz": notch_hz,
        "muscles": [info.channels[i].muscle for i in info.used()],
    }


def check_chain(calibration: Calibration, info: StreamInfo, grid: Grid) -> None:
    """Refuse a calibration from another chain.

    Raises
    ------
    CalibrationError
        Naming what differs.
    """
    here = chain_of(info, grid, float(calibration.chain["notch_hz"]))
    differing = [key for key in here if here[key] != calibration.chain.get(key)]
    if differing:
        key = differing[0]
        raise CalibrationError(
            f"the calibration belongs to another chain: {key} was {calibration.chain.get(key)} "
            f"and is {here[key]}; calibrate again"
        )


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
    )


def _to_json(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _from_json(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
