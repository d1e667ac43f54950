"""Who does the work: share for people, ratios and margin for decisions, each with a 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.values import OTHER, TARGET, Calibration, Dominance, Floats, StreamInfo

Z95 = 1.959964
LEAST_LEVEL = 0.01
GATE_SD = 3.0
REST_S = 2.0
"""Length of rest that the error of the rest power is reckoned with: the shortest that calibrates."""

NAN, INF = math.nan, math.inf
NOT_MEASURABLE = Dominance(NAN, NAN, NAN, NAN, NAN, NAN, "", False)


@dataclass(frozen=True, slots=True)
class Level:
    """One muscle in one window, rest power taken out.

    ``fraction`` is its amplitude in fractions of the reference, 0 where it is under rest; ``ln``, ``low_ln``
    and ``high_ln`` are ln amplitude and its 95 % bounds, the first and the last at least the floor.
    """

    fraction: float
    ln: float
    low_ln: float
    high_ln: float
    over_floor: bool


class Meter:
    """Measures one muscle: windowed power in, `Level` out.

    A mean of power P over ν independent values is distributed as χ²(ν) / ν round its expectation, so its
    bounds are P / (1 − c ± z·√c)³ with c = 2/(9ν) (Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684).
    ν follows from what P is made of: with rest power n of ν_n and EMG power s of ν_s independent values,
    P²/ν = s²/ν_s + 2sn/ν_sn + n²/ν_n. 1/ν_sn is the overlap of the two spectra: 1/ν_n where rest noise is
    flat in the band, and never above 1/√(ν_s·ν_n). The bounds of P − n join those of P and of n by the method
    of variance estimates recovery (Zou & Donner 2008, doi:10.1002/sim.2956).
    """

    __slots__ = ("_cross", "_emg", "_floor", "_rest", "_rest_high2", "_rest_low2", "_rest_uv2", "_span_uv2")

    def __init__(self, calibration: Calibration, i: int, grid: Grid) -> None:
        rest_uv, gate_uv = float(calibration.rest_uv[i]), float(gates_uv(calibration)[i])
        self._rest_uv2 = rest_uv**2
        self._span_uv2 = float(calibration.reference_uv[i]) ** 2 - self._rest_uv2
        self._floor = max(LEAST_LEVEL**2, (gate_uv**2 - self._rest_uv2) / self._span_uv2)
        hops = grid.window_samples / grid.hop_samples
        self._emg = 1 / (float(calibration.dof[i]) * hops)
        spread = float(calibration.rest_sd_uv[i]) / rest_uv if rest_uv > 0 else 0.0
        self._rest = max(2 * spread**2, 1 / grid.window_samples)
        self._cross = min(self._rest, math.sqrt(self._emg * self._rest))
        low, high = _chi2_bounds(self._rest * grid.window_samples / (grid.fs_hz * REST_S))
        self._rest_low2 = ((1 - low) * self._rest_uv2) ** 2
        self._rest_high2 = ((high - 1) * self._rest_uv2) ** 2

    def __call__(self, power_uv2: float) -> Level:
        """Judge the mean power of a window, in µV²; of NaN nothing is known."""
        above_uv2 = power_uv2 - self._rest_uv2
        emg_uv2 = max(0.0, above_uv2)
        low_uv2, high_uv2 = 0.0, 0.0 if power_uv2 == 0 else INF
        if power_uv2 > 0:
            rest_uv2 = power_uv2 - emg_uv2
            spread = emg_uv2**2 * self._emg + rest_uv2 * (2 * emg_uv2 * self._cross + rest_uv2 * self._rest)
            low, high = _chi2_bounds(spread / power_uv2**2)
            low_uv2 = above_uv2 - math.sqrt(((1 - low) * power_uv2) ** 2 + self._rest_high2)
            high_uv2 = above_uv2 + math.sqrt(((high - 1) * power_uv2) ** 2 + self._rest_low2)
        squared = emg_uv2 / self._span_uv2
        return Level(
            fraction=math.sqrt(squared),
            ln=0.5 * math.log(max(squared, self._floor)),
            low_ln=0.5 * math.log(low_uv2 / self._span_uv2) if low_uv2 > 0 else -INF,
            high_ln=0.5 * math.log(max(high_uv2 / self._span_uv2, self._floor)),
            over_floor=squared > self._floor,
        )


class Dominator:
    """Computes `Dominance` from the envelopes of target and rivals.

    With a = √max(0, rms² − rest²) in fractions of the reference: share = a_g / (a_g + Σ a_r), ratio_r =
    ln(a_g / a_r), margin = the least ratio. All intervals join those of the muscles (`Meter`) by the method
    of variance estimates recovery (Zou & Donner 2008, doi:10.1002/sim.2956); without rest noise those of a
    ratio lie within 1 % of the F distribution's. A muscle under its floor (rest + 3 SD, 1 % of
    the reference) gives no ratio, only the bound that its floor or its own upper bound allows.
    """

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        used = [info.channels[i] for i in info.used()]
        self._columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._muscles = [used[i].muscle for i in self._columns]
        self._comparable = used[0].role == TARGET and len(self._columns) > 1
        self._meters = [Meter(calibration, i, grid) for i in self._columns]

    def __call__(self, envelope_uv: Floats, confidence: float = NAN) -> Dominance:
        """Judge one frame's envelopes, (n_used,); not measurable while every muscle is under its floor.

        ``confidence`` is what the rule in use believes, handed through.
        """
        if not self._comparable:
            return NOT_MEASURABLE
        values = envelope_uv.tolist()
        levels = [meter(values[i] ** 2) for i, meter in zip(self._columns, self._meters, strict=True)]
        leader, most = "", 0.0
        for muscle, level in zip(self._muscles, levels, strict=True):
            if level.over_floor and level.fraction > most:
                leader, most = muscle, level.fraction
        if not leader:
            return NOT_MEASURABLE
        target, *rivals = levels
        ratios = [_ratio(target, rival) for rival in rivals]
        share, share_low, share_high = _share(target, rivals)
        margin, margin_low, margin_high = _margin(ratios)
        return Dominance(
            share=share,
            share_low=share_low,
            share_high=share_high,
            margin_ln=margin,
            margin_low_ln=margin_low,
            confidence=confidence,
            leader=leader,
            measurable=True,
            margin_high_ln=margin_high,
            ratio_ln=tuple([ratio for ratio, _, _ in ratios]),
            ratio_low_ln=tuple([low for _, low, _ in ratios]),
            ratio_high_ln=tuple([high for _, _, high in ratios]),
        )


def gates_uv(calibration: Calibration) -> Floats:
    """Envelope above which a muscle is on: rest plus three SD of the rest windows, (n_used,)."""
    return np.asarray(calibration.rest_uv + GATE_SD * calibration.rest_sd_uv)


def _chi2_bounds(per_dof: float) -> tuple[float, float]:
    """95 % bounds of an expected power as multiples of the measured one; ``per_dof`` is 1/ν."""
    variance = 2 / 9 * per_dof
    spread = Z95 * math.sqrt(variance)
    least = 1 - variance - spread
    return (1 - variance + spread) ** -3, least**-3 if least > 0 else INF


def _ratio(target: Level, rival: Level) -> tuple[float, float, float]:
    """ln(target / rival), NaN unless both are over their floors, and its bounds, infinite where open."""
    centre = target.ln - rival.ln
    low = centre - math.hypot(target.ln - target.low_ln, rival.high_ln - rival.ln)
    high = centre + math.hypot(target.high_ln - target.ln, rival.ln - rival.low_ln)
    return centre if target.over_floor and rival.over_floor else NAN, low, high


def _margin(ratios: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The least ratio and its bounds; NaN where a ratio that is not known could be less."""
    margin = min((ratio for ratio, _, _ in ratios if ratio == ratio), default=NAN)
    if any(ratio != ratio and not low >= margin for ratio, low, _ in ratios):
        margin = NAN
    return margin, min([low for _, low, _ in ratios]), min([high for _, _, high in ratios])


def _share(target: Level, rivals: Sequence[Level]) -> tuple[float, float, float]:
    """Share of the target and its bounds: a muscle under its floor counts with what was heard of it."""
    total = down2 = up2 = 0.0
    for rival in rivals:
        amplitude = math.exp(rival.ln)
        total += amplitude
        down2 += (amplitude - math.exp(rival.low_ln)) ** 2
        up2 += (math.exp(rival.high_ln) - amplitude) ** 2
    least = total - math.sqrt(down2)
    below = math.hypot(target.high_ln - target.ln, math.log(total / least) if least > 0 else INF)
    above = math.hypot(target.ln - target.low_ln, math.log1p(math.sqrt(up2) / total))
    odds = math.exp(target.ln) / total
    share = target.fraction / math.fsum([target.fraction, *[rival.fraction for rival in rivals]])
    low, high = odds * math.exp(-above), odds * math.exp(below) if below < INF else INF
    return share, min(share, low / (1 + low)), max(share, 1 - 1 / (1 + high))
