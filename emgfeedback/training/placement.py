"""Do the electrodes sit where they should? Guided contractions, what each channel hears, and plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.spectrum import dof_per_hop, lag_products, n_lags
from emgfeedback.training.leak import Contraction, Follower, Leaks, covariance, fit_leaks, follower
from emgfeedback.values import OTHER, Floats, Frame, StreamInfo, finite

BRACE, EXTENSION = "brace", "extension"
NEIGHBOURS = {
    BRACE: "the belly and back muscles (obliques, erector spinae)",
    EXTENSION: "the buttock muscle (gluteus maximus)",
}
"""Contractions of muscles that are not recorded, and whom they wake."""

MOST_OF_OWN = 0.5
MOST_OF_NEIGHBOUR_PCT = 50.0
FOLLOWS = 0.30
SHORTEST_TEST_S = 1.0
TOLD_WITHIN = 0.05
"""A leak is told when its 95 % interval is no wider than five points to each side."""

WORTH_A_WORD = 0.10
UNEXPLAINED = 5.4
"""Misfit that leaks alone make in one check of a thousand: χ²(3) above 16.3."""


@dataclass(frozen=True, slots=True)
class Contracted:
    """What one test gave: mean power per channel, and the samples for what channels have in common.

    ``power_uv2`` is (n_watched,), ``samples_uv`` (n_samples, n_watched) of the filtered signal, empty where
    the frames carry none.
    """

    power_uv2: Floats
    samples_uv: Floats


@dataclass(frozen=True, slots=True)
class Report:
    """Result of a placement check.

    ``matrix_pct[test, channel]`` is the level in % of the channel's best own test. ``passed`` is None where
    a muscle was not tested and nothing else failed. ``leaks`` go from muscle to channel, in fractions of
    the amplitude at the muscle's own channel; None without the filtered samples.
    """

    muscles: tuple[str, ...]
    matrix_pct: Mapping[str, Floats]
    passed: bool | None
    words: tuple[str, ...]
    followers: tuple[tuple[str, str, Follower], ...]
    leaks: Leaks | None
    not_tested: tuple[str, ...]
    fs_hz: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for the ``placement`` event; what is unknown is null."""
        return {
            "matrix": {
                test: {m: finite(pct) for m, pct in zip(self.muscles, row.tolist(), strict=True)}
                for test, row in self.matrix_pct.items()
            },
            "passed": self.passed,
            "words": list(self.words),
            "correlations": [
                {"from": source, "to": channel, "r": one.correlation, "lag_ms": self._lag_ms(one)}
                for source, channel, one in self.followers
            ],
            "leaks": self._leaks_to_json(),
            "leak_misfit": self.leaks.misfit if self.leaks else None,
            "not_tested": list(self.not_tested),
        }

    def _lag_ms(self, one: Follower) -> float:
        return 1000 * one.lag_samples / self.fs_hz

    def _leaks_to_json(self) -> list[dict[str, Any]]:
        if self.leaks is None:
            return []
        return [
            {
                "from": source,
                "to": channel,
                "leak_pct": finite(100 * float(self.leaks.fraction[j, i])) if told else None,
                "within_pct": finite(100 * float(self.leaks.half_width[j, i])),
                "told": told,
            }
            for i, source in enumerate(self.muscles)
            for j, channel in enumerate(self.muscles)
            if i != j
            for told in (is_told(self.leaks, j, i),)
        ]


def is_told(leaks: Leaks, channel: int, muscle: int) -> bool:
    """Whether the contractions tell this leak within five points."""
    return bool(leaks.half_width[channel, muscle] <= TOLD_WITHIN)


@dataclass(slots=True)
class _Running:
    powers_uv2: list[Floats] = field(default_factory=list)
    samples_uv: list[Floats] = field(default_factory=list)

    def add(self, frame: Frame, columns: Sequence[int]) -> None:
        if not frame.quality[columns].any():
            self.powers_uv2.append(frame.power_uv2[columns])
            band_uv = frame.band_uv
            if band_uv is not None:
                self.samples_uv.append(band_uv[:, columns].copy())

    def result(self) -> Contracted:
        n = len(self.powers_uv2[0])
        powers_uv2 = [math.fsum(column) / len(column) for column in zip(*self.powers_uv2, strict=True)]
        samples_uv = np.concatenate(self.samples_uv) if self.samples_uv else np.empty((0, n))
        return Contracted(np.array(powers_uv2), samples_uv)


class Placement:
    """Collects the clean hops of rest and of each guided contraction, and judges them together.

    Of several trials of one test the strongest counts; trials with under 1 s of clean signal do not.
    """

    def __init__(self, info: StreamInfo, grid: Grid) -> None:
        used = [info.channels[i] for i in info.used()]
        self._columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self.muscles = tuple(used[i].muscle for i in self._columns)
        self._grid = grid
        self._rest, self._running = _Running(), _Running()
        self._tests: dict[str, Contracted] = {}

    def forget_rest(self) -> None:
        """Start the rest over."""
        self._rest = _Running()

    def add_rest(self, frame: Frame) -> None:
        """Take one hop of rest."""
        self._rest.add(frame, self._columns)

    def add(self, frame: Frame) -> None:
        """Take one hop of the running test."""
        self._running.add(frame, self._columns)

    def drop(self) -> None:
        """Forget the running test."""
        self._running = _Running()

    def close(self, test: str) -> bool:
        """End the running test; False where it had too little clean signal to count."""
        running, self._running = self._running, _Running()
        if len(running.powers_uv2) < self._grid.hops(SHORTEST_TEST_S):
            return False
        result, before = running.result(), self._tests.get(test)
        if before is None or self._strength(test, result) >= self._strength(test, before):
            self._tests[test] = result
        return True

    def _strength(self, test: str, result: Contracted) -> float:
        if test in self.muscles:
            return float(result.power_uv2[self.muscles.index(test)])
        return float(result.power_uv2.max())

    def report(self) -> Report | None:
        """Judge what was measured; None without rest or without any test of a recorded muscle."""
        own = [muscle for muscle in self.muscles if muscle in self._tests]
        if not own or not self._rest.powers_uv2:
            return None
        rest = self._rest.result()
        matrix_pct = selectivity_pct(
            self.muscles, {test: one.power_uv2 for test, one in self._tests.items()}, rest.power_uv2
        )
        not_tested = tuple(test for test in (*self.muscles, *NEIGHBOURS) if test not in self._tests)
        followers, leaks = self._in_common(own, rest)
        failed = list(too_loud(self.muscles, matrix_pct))
        unknown = [muscle for muscle in not_tested if muscle in self.muscles]
        return Report(
            self.muscles,
            matrix_pct,
            False if failed else None if unknown else True,
            tuple(failed + _leak_words(self.muscles, followers, leaks) + _open_words(not_tested)),
            followers,
            leaks,
            not_tested,
            self._grid.fs_hz,
        )

    def _in_common(
        self, own: Sequence[str], rest: Contracted
    ) -> tuple[tuple[tuple[str, str, Follower], ...], Leaks | None]:
        """Who follows whom in the test of a muscle, and the leaks that explain it."""
        if not len(rest.samples_uv) or not all(len(self._tests[muscle].samples_uv) for muscle in own):
            return (), None
        followers, contractions = [], []
        for muscle in own:
            i, samples_uv = self.muscles.index(muscle), self._tests[muscle].samples_uv
            after = [follower(samples_uv, i, j, self._grid.fs_hz) for j in range(len(self.muscles))]
            late = [one.lag_samples if abs(one.correlation) > FOLLOWS else 0 for one in after]
            dof = independent_samples(samples_uv[:, i], self._grid.fs_hz)
            contractions.append(Contraction(i, covariance(samples_uv, late), dof))
            followers += [
                (muscle, channel, one)
                for channel, one in zip(self.muscles, after, strict=True)
                if channel != muscle and abs(one.correlation) > FOLLOWS
            ]
        at_rest_uv2 = covariance(rest.samples_uv, [0] * len(self.muscles))
        return tuple(followers), fit_leaks(contractions, at_rest_uv2)


def selectivity_pct(
    muscles: Sequence[str], tests_uv2: Mapping[str, Floats], rest_uv2: Floats
) -> dict[str, Floats]:
    """Selectivity matrix: level of every channel in every test, in % of the channel's best own test.

    Parameters
    ----------
    muscles : the channels, in their order
    tests_uv2 : test → mean power per channel, (n_channels,), in µV²
    rest_uv2 : (n_channels,)

    Returns
    -------
    dict
        Test → (n_channels,) of 100·√max(0, P − rest) / √(P_own − rest); NaN for a channel whose muscle was
        not tested or did not rise above rest.
    """
    own_uv2 = np.array(
        [
            tests_uv2[muscle][i] - rest_uv2[i] if muscle in tests_uv2 else math.nan
            for i, muscle in enumerate(muscles)
        ]
    )
    own_uv2[~(own_uv2 > 0)] = math.nan
    return {
        test: np.asarray(100 * np.sqrt(np.maximum(0.0, power_uv2 - rest_uv2) / own_uv2))
        for test, power_uv2 in tests_uv2.items()
    }


def too_loud(muscles: Sequence[str], matrix_pct: Mapping[str, Floats]) -> list[str]:
    """One sentence for each channel that hears more than it should, naming whom it hears.

    A test passes when its own channel is the largest of its row and no other is above half of it; brace and
    hip extension when no channel is above 50 %.
    """
    words = []
    for test, row in matrix_pct.items():
        neighbour = NEIGHBOURS.get(test)
        own_pct = row[muscles.index(test)] if test in muscles else math.nan
        limit_pct = MOST_OF_NEIGHBOUR_PCT if neighbour else MOST_OF_OWN * own_pct
        for channel, pct in zip(muscles, row.tolist(), strict=True):
            if channel == test or not pct > limit_pct:
                continue
            heard = neighbour or test
            words.append(
                f"{channel} reached {pct:.0f} % in the test {test!r}, at most {limit_pct:.0f} % is "
                f"selective: it may be hearing {heard}; move its electrodes away, or repeat more gently"
            )
    return words


def _leak_words(
    muscles: Sequence[str], followers: Sequence[tuple[str, str, Follower]], leaks: Leaks | None
) -> list[str]:
    """A sentence for each leak that matters, and for each that may hide behind muscles working together."""
    if leaks is None:
        return []
    following = {(source, channel) for source, channel, _ in followers}
    words = []
    if leaks.misfit > UNEXPLAINED:
        words.append(
            "the channels share something that no plain leak explains, such as an unrecorded muscle that two "
            "of them hear or a loose cable; look at the electrodes and do the check again"
        )
    for i, source in enumerate(muscles):
        for j, channel in enumerate(muscles):
            told = is_told(leaks, j, i)
            if i != j and told and leaks.fraction[j, i] >= WORTH_A_WORD:
                words.append(
                    f"{channel} hears about {100 * leaks.fraction[j, i]:.0f} % of {source} "
                    f"(±{100 * leaks.half_width[j, i]:.0f}), which pulls ratios towards 1; "
                    f"move its electrodes away from {source}"
                )
            elif not told and (source, channel) in following:
                words.append(
                    f"{channel} follows {source}, but both worked together and the leak cannot be told; "
                    f"repeat the test of {source} with {channel} let go"
                )
    return words


def _open_words(not_tested: Sequence[str]) -> list[str]:
    return [
        f"{test}: not tested; "
        + (
            f"whether a channel hears {NEIGHBOURS[test]} is unknown"
            if test in NEIGHBOURS
            else "its selectivity is unknown"
        )
        for test in not_tested
    ]


def independent_samples(samples_uv: Floats, fs_hz: float) -> float:
    """Number of independent values among the samples, (n_samples,), of one filtered channel."""
    before, column_uv = n_lags(fs_hz) - 1, samples_uv[:, np.newaxis]
    lag_uv2 = lag_products(column_uv[:before], column_uv[before:])
    return float(dof_per_hop(lag_uv2, len(column_uv))[0])
