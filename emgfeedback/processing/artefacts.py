"""What could fake a lead of the target within a few hops: each watch says so before a rule can believe it.

Hums, bumps and fallen electrodes have slow checks too (`listening`); those are sure and these are quick.
Everything is per hop and in plain floats, so that block size cannot change a bit.
"""

from __future__ import annotations

import cmath
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.history import LINES_HZ, Columns
from emgfeedback.values import Quality

CAUTION = 0.75
NARROW_HZ = 78.0
"""Statistical bandwidth that real EMG has at any rate: where hum and likeness are judged on a few hops, what
a wider band would add is not counted (computed for 30-112 Hz; seen on walking and stairs at 1-2 kHz)."""
MEMORY_S = 0.25
SWING_HOPS = 6
STEP_UV, STEP_OVER_POWER = 500.0, 16.0
SWING_UV, SWING_OVER_POWER = 150.0, 60.0
JUMP_BASE_HOPS, JUMP_LEAST_HOPS = 16, 8
JUMP_PEAK, JUMP_POWER, JUMP_OVER_REST = 36.0, 16.0, 1.5
JUMP_WONDER, JUMP_TWICE, JUMP_QUIET, JUMP_SHARED = 13.0, 9.0, 3.0, 1.0
JUMP_PROVED_HOPS, JUMP_DECIDED_HOPS = 4, 6
BURST_BASE_HOPS, BURST_WINDOWS, BURST_RISE, BURST_SPREAD = 12, (1, 2, 4), 4.0, 16.0
BURST_EVIDENCE, BURST_STAYS = 7.0, 3.0
SURGE_DOF, SURGE_SURE, SURGE_DOUBT = 15.0, 1e-5, 1e-3
SURGE_RISE, SURGE_DOUBT_WINDOWS, SURGE_DOUBT_HOPS = 3.0, (2, 3, 4, 5), 3
OFF_POWER, OFF_EVIDENCE, OFF_EVIDENCE_FALLEN, OFF_MOST = 0.1, 9.0, 5.0, 12.0
FALLEN_FROM, FALLEN_S = 4.0, 0.3


class Swing:
    """A step or swing of the unfiltered signal that is large for the EMG on it: the electrode moved.

    Hop means leave slow waves and little EMG. Over six hops their range must pass 500 µV (a step) or
    150 µV, and its square 16 or 60 times the EMG power; 60 times is a slow-wave power of 5 times.
    """

    def __init__(self) -> None:
        self._means_uv: deque[float] = deque(maxlen=SWING_HOPS)
        self._powers_uv2: deque[float] = deque(maxlen=SWING_HOPS)

    def __call__(self, mean_uv: float, power_uv2: float) -> bool:
        """Take one hop of one channel."""
        self._means_uv.append(mean_uv)
        self._powers_uv2.append(power_uv2)
        range_uv = max(self._means_uv) - min(self._means_uv)
        if range_uv < SWING_UV:
            return False
        over = range_uv * range_uv / max(fmean(self._powers_uv2), 1e-9)
        return over > SWING_OVER_POWER or (range_uv > STEP_UV and over > STEP_OVER_POWER)


class Jump:
    """A jump of the target's level has to prove that it lasts, as a contraction does and a spike does not.

    Levels are powers against the mean of the last hops, or 1.5 times rest. A sample of 6 times the RMS, a
    hop of 16 times the power, or two in a row of 5 + 9/√ν times (ν independent values in a hop) are under
    suspicion. From the fifth hop on, one above the geometric mean of before and after, and no hum, ends it;
    after the seventh it was a spike. A hop of 1 + 13/√ν times is passed over and the next one asked; out of
    a quiet muscle it was a spike if the next is small. A jump that a rival does as well
    raises no ratio and is let pass. Muscles take 50 ms and more to switch on and off.
    """

    def __init__(self, memory_hops: int, dof: float) -> None:
        self._memory_hops = memory_hops
        self._wonder, self._twice = 1 + JUMP_WONDER / math.sqrt(dof), 5 + JUMP_TWICE / math.sqrt(dof)
        self._base_uv2: deque[float] = deque(maxlen=JUMP_BASE_HOPS)
        self._before_uv2 = self._highest_uv2 = self._last_uv2 = 0.0
        self._age, self._hold = -1, 0
        self._wondered = False

    def __call__(
        self, power_uv2: float, peak_uv2: float, rest_uv2: float, hums: bool, shared: Callable[[], float]
    ) -> bool:
        """Take one hop; True while the level is not to be believed. ``shared`` is the rise of the rivals."""
        self._hold = max(0, self._hold - 1)
        if self._age >= 0:
            self._try(power_uv2, hums)
        elif len(self._base_uv2) >= JUMP_LEAST_HOPS:
            self._before_uv2 = max(fmean(self._base_uv2), JUMP_OVER_REST * rest_uv2)
            self._ask(power_uv2, peak_uv2, rest_uv2, shared)
        else:
            self._base_uv2.append(power_uv2)
        self._last_uv2 = power_uv2
        return self._age >= 0 or self._hold > 0 or self._wondered

    @property
    def was_spike(self) -> bool:
        """Whether the last jump did not last; else it is still to prove itself."""
        return self._hold > 0

    def _ask(self, power_uv2: float, peak_uv2: float, rest_uv2: float, shared: Callable[[], float]) -> None:
        before_uv2, pair_uv2 = self._before_uv2, (self._last_uv2 + power_uv2) / 2
        if power_uv2 < self._wonder * before_uv2 and peak_uv2 < JUMP_PEAK * before_uv2:
            self._pass(power_uv2, rest_uv2)
        elif shared() * before_uv2 > JUMP_SHARED * power_uv2:
            self._wondered = False
            self._base_uv2.append(power_uv2)
        elif (
            peak_uv2 > JUMP_PEAK * before_uv2
            or power_uv2 > JUMP_POWER * before_uv2
            or (self._wondered and pair_uv2 > self._twice * before_uv2)
        ):
            self._age, self._highest_uv2 = 0, max(power_uv2, self._last_uv2)
            self._wondered = False
        elif self._wondered:
            self._pass(power_uv2, rest_uv2)
        else:
            self._wondered = True

    def _pass(self, power_uv2: float, rest_uv2: float) -> None:
        if self._wondered and self._before_uv2 < JUMP_QUIET * rest_uv2:
            self._hold = self._memory_hops
        self._wondered = False
        self._base_uv2.append(power_uv2)

    def _try(self, power_uv2: float, hums: bool) -> None:
        self._age += 1
        self._highest_uv2 = max(self._highest_uv2, power_uv2)
        lasts = power_uv2 > math.sqrt(self._before_uv2 * self._highest_uv2)
        if self._age >= JUMP_PROVED_HOPS and lasts and not hums:
            self._age, self._hold = -1, 0
            self._base_uv2.clear()
        elif self._age >= JUMP_DECIDED_HOPS:
            self._age, self._hold = -1, self._memory_hops


class CommonBurst:
    """A sudden rise that is the same wave in target and rivals: a tugged cable, a knock, a shared ground.

    Over 1, 2 and 4 hops, −(ν−1)/2·ln(1−r²), ν independent values, is the log-odds of a zero-lag correlation
    r between independent muscles (Fisher 1915, doi:10.2307/2331838); summed over the rivals it must pass 7.
    A leak of one muscle into the others is weaker there than a quarter of its amplitude.
    """

    def __init__(self, rivals: Sequence[int], products: Sequence[int], dof: float) -> None:
        self._rivals, self._products, self._dof = tuple(rivals), tuple(products), dof
        self._hops: deque[tuple[Sequence[float], Sequence[float]]] = deque(maxlen=BURST_BASE_HOPS + 4)
        self._active = False

    def __call__(self, powers_uv2: Sequence[float], products_uv2: Sequence[float]) -> bool:
        """Take one hop of all channels and the mean products of target and rivals."""
        self._hops.append((powers_uv2, products_uv2))
        if len(self._hops) < BURST_BASE_HOPS + 4 or not self._rivals:
            return False
        least = BURST_STAYS if self._active else BURST_EVIDENCE
        newest = self._hops[-1]
        self._active = (self._active or self._rises(newest[0])) and any(
            self._evidence(window) > least for window in BURST_WINDOWS
        )
        return self._active

    def _rises(self, powers_uv2: Sequence[float]) -> bool:
        base = [self._hops[i][0] for i in range(BURST_BASE_HOPS)]
        channels = (0, *self._rivals)
        newest = [self._hops[-i][0] for i in (1, 2)]
        return all(
            max(hop[c] for hop in newest) > BURST_RISE * sum(hop[c] for hop in base) / BURST_BASE_HOPS
            for c in channels
        )

    def rivals_rise(self) -> float:
        """How many times the power of its last hops the most risen rival has; 0 while that is not known."""
        if len(self._hops) < BURST_BASE_HOPS + 4:
            return 0.0
        newest = [self._hops[i][0] for i in (-1, -2)]
        base = [self._hops[i][0] for i in range(BURST_BASE_HOPS)]
        rises = (
            BURST_BASE_HOPS * max(hop[c] for hop in newest) / max(sum(hop[c] for hop in base), 1e-9)
            for c in self._rivals
        )
        return max(rises, default=0.0)

    def _evidence(self, window: int) -> float:
        hops = [self._hops[-i] for i in range(1, window + 1)]
        target = sum(hop[0][0] for hop in hops)
        weight = (self._dof * window - 1) / 2
        evidence = 0.0
        for rival, product in zip(self._rivals, self._products, strict=True):
            power = sum(hop[0][rival] for hop in hops)
            if not target < BURST_SPREAD * power < BURST_SPREAD**2 * target:
                return 0.0
            shared = sum(hop[1][product] for hop in hops) ** 2 / (target * power)
            evidence -= weight * math.log(max(1e-9, 1 - shared))
        return evidence


class Surge:
    """Mains hum that has just come up in the target: one sinusoid explains most of the last hops.

    The share of energy that 50 or 60 Hz explains in noise of n independent values is above x with probability
    (1 − x)^(n/2 − 1); three quarters of n and 0.3 less in the exponent fit EMG, whose power is not even over
    the band. Hum is sure at 1 in 100 000, over two windows. Where the level has just risen to three times the
    power, 1 in 1000 over a few hops is enough for a doubt of three hops.
    """

    def __init__(self, grid: Grid, dof: float, memory_hops: int) -> None:
        short = math.ceil(SURGE_DOF / dof)

        def shares(windows: Sequence[int], chance: float) -> list[tuple[int, float]]:
            return [(hops, 1 - chance ** (1 / (CAUTION * dof * hops / 2 - 0.3))) for hops in windows]

        self._sure = shares((short, 2 * short), SURGE_SURE)
        self._doubt = shares(SURGE_DOUBT_WINDOWS, SURGE_DOUBT)
        self._hop_samples, self._memory_hops = grid.hop_samples, memory_hops
        self._turns = [line_hz * grid.hop_s for line_hz in LINES_HZ]
        self._powers_uv2: list[float] = []
        self._phasors: list[tuple[complex, ...]] = []
        self._length = max(2 * short, SURGE_DOUBT_WINDOWS[-1] + JUMP_LEAST_HOPS)
        self._hold = 0

    def __call__(self, hop_index: int, power_uv2: float, line: Sequence[float]) -> bool:
        """Take one hop of the target, the index gives the phase; True while hum is or was in the window."""
        n = len(LINES_HZ)
        self._phasors.append(
            tuple(
                complex(line[i], line[n + i]) * cmath.rect(1.0, 2 * math.pi * (hop_index * turns % 1.0))
                for i, turns in enumerate(self._turns)
            )
        )
        self._powers_uv2.append(power_uv2)
        del self._powers_uv2[: -self._length], self._phasors[: -self._length]
        self._hold = max(0, self._hold - 1)
        if any(self._share(hops) > share for hops, share in self._sure):
            self._hold = self._memory_hops
        elif self._risen() and any(self._share(hops) > share for hops, share in self._doubt):
            self._hold = max(self._hold, SURGE_DOUBT_HOPS)
        return self._hold > 0

    def _risen(self) -> bool:
        base_uv2 = self._powers_uv2[: -SURGE_DOUBT_WINDOWS[-1]][-JUMP_LEAST_HOPS:]
        return bool(base_uv2) and sum(self._powers_uv2[-2:]) / 2 > SURGE_RISE * fmean(base_uv2)

    def _share(self, hops: int) -> float:
        if len(self._powers_uv2) < hops:
            return 0.0
        total_uv2 = sum(self._powers_uv2[-hops:]) * self._hop_samples
        line: float = max(abs(sum(phasors)) for phasors in zip(*self._phasors[-hops:], strict=True))
        return 2 * line * line / (hops * self._hop_samples * max(total_uv2, 1e-9))


class Silence:
    """A channel quieter than its own rest: evidence for a fallen electrode, hop by hop.

    Page's test of a tenth of the rest power against rest: S ← max(0, S − ν/2·(ln 0.1 + 9·p)), p hop power
    over rest power (Page 1954, doi:10.2307/2333009). It asks for less when the muscle was active just before.
    """

    def __init__(self, dof: float, hold_hops: int, recent_hops: int) -> None:
        self._half_dof, self._hold_hops, self._recent_hops = dof / 2, hold_hops, recent_hops
        self._evidence, self._hold, self._active_ago = 0.0, 0, recent_hops

    def __call__(self, power_uv2: float, rest_uv2: float) -> bool:
        """Take one hop."""
        share = power_uv2 / rest_uv2
        gain = -self._half_dof * (math.log(OFF_POWER) + (1 / OFF_POWER - 1) * share)
        self._evidence = min(OFF_MOST, max(0.0, self._evidence + gain))
        self._active_ago = 0 if share > FALLEN_FROM else self._active_ago + 1
        fallen = self._active_ago <= self._recent_hops
        self._hold = max(0, self._hold - 1)
        if self._evidence > (OFF_EVIDENCE_FALLEN if fallen else OFF_EVIDENCE):
            self._hold = self._hold_hops
        return self._hold > 0


@dataclass(frozen=True, slots=True)
class Roles:
    """Who is watched: the first channel where it is the target, and its rivals' positions.

    ``dof`` is the number of independent values in the power of a hop, from the bandwidth of typical EMG.
    """

    has_target: bool
    rivals: tuple[int, ...]
    dof: float


class Watch:
    """All quick watches over one stretch of signal without a gap."""

    def __init__(self, grid: Grid, roles: Roles, columns: Columns) -> None:
        self._columns, self._roles = columns, roles
        dof, n_channels = roles.dof, columns.n_channels
        narrow_dof = min(dof, 2 * NARROW_HZ * grid.hop_s)
        self._memory_hops = grid.hops(grid.window_samples / grid.fs_hz + MEMORY_S)
        self._swings = [Swing() for _ in range(n_channels)]
        recent_hops = grid.hops(FALLEN_S)
        self._silences = [Silence(dof, self._memory_hops, recent_hops) for _ in range(n_channels)]
        products = [columns.pairs.index((0, rival)) for rival in roles.rivals] if roles.has_target else []
        self._burst = CommonBurst(roles.rivals if roles.has_target else (), products, narrow_dof)
        self._jump, self._surge = Jump(self._memory_hops, dof), Surge(grid, narrow_dof, self._memory_hops)
        self._moving = [0] * n_channels

    def hop(self, hop_index: int, row: Sequence[float], rest_uv2: Sequence[float]) -> list[int]:
        """Take the row of one hop; give the bits of each channel."""
        powers_uv2 = row[self._columns.power]
        bits = self._motion(row[self._columns.mean], powers_uv2)
        if rest_uv2:
            for c, silence in enumerate(self._silences):
                if rest_uv2[c] > 0 and silence(powers_uv2[c], rest_uv2[c]):
                    bits[c] |= Quality.OFF
        if self._roles.has_target:
            self._watch_target(bits, hop_index, row, rest_uv2)
        return bits

    def _motion(self, means_uv: Sequence[float], powers_uv2: Sequence[float]) -> list[int]:
        for c, swing in enumerate(self._swings):
            moved = swing(means_uv[c], powers_uv2[c])
            self._moving[c] = self._memory_hops if moved else max(0, self._moving[c] - 1)
        return [int(Quality.MOTION) if left else 0 for left in self._moving]

    def _watch_target(
        self, bits: list[int], hop_index: int, row: Sequence[float], rest_uv2: Sequence[float]
    ) -> None:
        powers_uv2, columns = row[self._columns.power], self._columns
        if self._burst(powers_uv2, row[columns.product]):
            for c in (0, *self._roles.rivals):
                self._moving[c] = self._memory_hops
                bits[c] |= Quality.MOTION
        hums = self._surge(hop_index, powers_uv2[0], row[columns.line])
        if hums:
            bits[0] |= Quality.MAINS
        if not (rest_uv2 and rest_uv2[0] > 0):
            return
        peak_uv2 = row[columns.peak][0]
        if self._jump(powers_uv2[0], peak_uv2, rest_uv2[0], hums, self._burst.rivals_rise):
            bits[0] |= Quality.MOTION if self._jump.was_spike else Quality.SETTLING
