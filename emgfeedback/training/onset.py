"""Who begins: the onset of each muscle in a repetition, and whether the target was before its rivals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.values import OTHER, Calibration, Floats, Frame, Quality, StreamInfo

LOWEST_RATE_HZ = 250.0
LONGEST_S = 10.0
"""How much of a repetition is searched for its beginning."""

ALARM_S = 0.1
ALARM_SD, RAISED_SD = 4.0, 2.0
CANDIDATE_S = 0.002
LEAST_RISE = 1.5
SURE = 0.95
LEAST_GAP_S = 0.03
"""Onsets less than this apart are never put in order: muscles do not begin as steps, and of two that begin
together the one that rises higher is heard first (by up to 20 ms with rises of 0.2 s)."""

BEFORE, AFTER, NOT_RESOLVED, UNKNOWN = "before", "after", "not resolved", "unknown"


@dataclass(frozen=True, slots=True)
class Onset:
    """When a muscle began, from the first step on, with its standard error; NaN, and why, if not known."""

    time_s: float
    sd_s: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Target against one rival.

    ``gap_s`` is the lead of the target (negative: it came later) with its standard error. ``probability`` is
    that of the target having been first. ``order`` is ``before`` or ``after`` where that is 95 % sure and the
    gap is at least 30 ms, else ``not resolved``; ``unknown``, with ``why``, where an onset is missing.
    """

    rival: str
    gap_s: float
    sd_s: float
    probability: float
    order: str
    why: str = ""


def onset_order_off(fs_hz: float) -> str:
    """Why onset order is not offered at this rate, in one sentence; "" where it is."""
    if fs_hz >= LOWEST_RATE_HZ:
        return ""
    return (
        f"onset order is off at {fs_hz:g} Hz: one muscle's onset is uncertain by more than 40 ms; "
        f"record with {LOWEST_RATE_HZ:g} Hz or more"
    )


def onset_of(power_uv2: Floats, step_s: float, rest_uv2: float, dof: float) -> Onset:
    """Find when a muscle rises out of rest: a likelihood change-point, after an alarm.

    v₀ is rest, or the first 200 ms where they are over the 2 SD bound of rest. The alarm is the first 100 ms
    whose mean power is over the 4 SD bound of v₀ and stays over it for another 100 ms (a heartbeat does not).
    From 200 ms before, every time τ, 2 ms apart, is tried as a step of power from v₀ to v₁, the mean after τ.
    With d degrees of freedom per step, ln L(τ) = −(d/2)·Σ [ln m_i + p_i/m_i], where m_i is the expected power
    of step i, shared between v₀ and v₁ where τ falls inside it. Time and standard error are the mean and SD
    of L over τ (alarm, then maximum likelihood: Staude et al. 2001, doi:10.1155/S1110865701000191). The delay
    of the filters is left in: it is the same for all muscles.

    Parameters
    ----------
    power_uv2 : (n_steps,)
        Mean power of consecutive steps of the band-passed signal, in µV²; NaN where it cannot be trusted.
    step_s : float
        Length of a step, in s; hops of 20 ms lose little against finer ones.
    rest_uv2 : float
        Mean power at rest, in µV².
    dof : float
        Degrees of freedom of a step.
    """
    k = round(ALARM_S / step_s)
    bad = np.flatnonzero(np.isnan(power_uv2))
    known_uv2 = power_uv2[: bad[0]] if len(bad) else power_uv2
    if len(known_uv2) < 2 * k:
        return Onset(math.nan, math.nan, "bad data" if len(bad) else "too short")
    opening_uv2 = float(known_uv2[: 2 * k].mean())
    if opening_uv2 > rest_uv2 * _bound(2 * k * dof, ALARM_SD):
        return Onset(math.nan, math.nan, "already on")
    v0_uv2 = opening_uv2 if opening_uv2 > rest_uv2 * _bound(2 * k * dof, RAISED_SD) else rest_uv2
    ends_uv2 = np.cumsum(np.concatenate([[0.0], known_uv2]))
    over = (ends_uv2[k:] - ends_uv2[:-k]) / k > v0_uv2 * _bound(k * dof, ALARM_SD)
    raised = np.flatnonzero(over[:-k] & over[k:])
    if not len(raised):
        return Onset(math.nan, math.nan, "bad data" if len(bad) else "no onset")
    return _change(known_uv2, int(raised[0]), k, step_s, v0_uv2, dof)


def _bound(dof: float, n_sd: float) -> float:
    """Bound on a mean of power round one, so many SD out (Wilson & Hilferty 1931,
    doi:10.1073/pnas.17.12.684)."""
    variance = 2 / (9 * dof)
    return float((1 - variance + n_sd * math.sqrt(variance)) ** 3)


def _change(power_uv2: Floats, alarm: int, k: int, step_s: float, v0_uv2: float, dof: float) -> Onset:
    """Mean and SD of the likelihood of a step of power near the alarm."""
    begin = max(0, alarm - 3 * k)
    window_uv2 = power_uv2[begin : alarm + 3 * k]
    times = np.arange(max(1.0, alarm - 2.0 * k), alarm + 1.4 * k, CANDIDATE_S / step_s)[:, np.newaxis]
    steps = np.arange(begin, begin + len(window_uv2))
    after = np.clip(steps + 1 - times, 0.0, 1.0)
    whole = after == 1
    v1_uv2 = np.maximum((whole * window_uv2).sum(axis=1) / whole.sum(axis=1), LEAST_RISE * v0_uv2)
    expected_uv2 = v0_uv2 + after * (v1_uv2[:, np.newaxis] - v0_uv2)
    likelihood = -(dof / 2) * (np.log(expected_uv2) + window_uv2 / expected_uv2).sum(axis=1)
    weights = np.exp(likelihood - likelihood.max())
    weights /= weights.sum()
    time = float((weights * times[:, 0]).sum())
    variance = float((weights * (times[:, 0] - time) ** 2).sum())
    return Onset(time * step_s, math.hypot(math.sqrt(variance) * step_s, CANDIDATE_S / math.sqrt(12)))


def order_of(target: Onset, rival: Onset, name: str) -> Order:
    """Put two onsets in order, or say that they cannot be."""
    why = [f"{whose}: {onset.why}" for whose, onset in (("target", target), (name, rival)) if onset.why]
    if why:
        return Order(name, math.nan, math.nan, math.nan, UNKNOWN, "; ".join(why))
    gap_s, sd_s = rival.time_s - target.time_s, math.hypot(target.sd_s, rival.sd_s)
    probability = 0.5 * math.erfc(-gap_s / (sd_s * math.sqrt(2)))
    order = NOT_RESOLVED
    if abs(gap_s) >= LEAST_GAP_S and max(probability, 1 - probability) >= SURE:
        order = BEFORE if gap_s > 0 else AFTER
    return Order(name, gap_s, sd_s, probability, order)


class OnsetWatch:
    """Keeps the hop powers of one repetition and puts the onsets of its muscles in order.

    Feed it from half a second before the repetition, then ask `orders`. Works the
    same live and on a recording; at most 10 s are kept.
    """

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        used = [info.channels[i] for i in info.used()]
        self._columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._rivals = [used[i].muscle for i in self._columns[1:]]
        self._rest_uv2 = [float(calibration.rest_uv[i]) ** 2 for i in self._columns]
        self._dof = [float(calibration.dof[i]) for i in self._columns]
        self._hop_s = grid.hop_s
        self._room = 0 if onset_order_off(grid.fs_hz) else grid.hops(LONGEST_S)
        self._powers_uv2: list[Floats] = []

    def add(self, frame: Frame) -> None:
        """Take one hop; where a channel is flagged its power counts as unknown.

        A level that is still to prove itself (SETTLING) counts: it may be the very onset. After a gap the
        hops before it are unknown.
        """
        if len(self._powers_uv2) < self._room:
            doubtful = frame.quality & ~np.uint8(Quality.SETTLING)
            self._powers_uv2.append(np.where(doubtful, math.nan, frame.power_uv2))

    def onsets(self) -> tuple[Onset, ...]:
        """The onset of each muscle, target first; () under 250 Hz (`onset_order_off`)."""
        if not self._powers_uv2:
            return ()
        powers_uv2 = np.array(self._powers_uv2)
        return tuple(
            onset_of(powers_uv2[:, i], self._hop_s, rest_uv2, dof)
            for i, rest_uv2, dof in zip(self._columns, self._rest_uv2, self._dof, strict=True)
        )

    def orders(self) -> tuple[Order, ...]:
        """The target against each rival; () under 250 Hz (`onset_order_off`)."""
        onsets = self.onsets()
        return (
            tuple(
                order_of(onsets[0], onset, rival)
                for rival, onset in zip(self._rivals, onsets[1:], strict=True)
            )
            if onsets
            else ()
        )
