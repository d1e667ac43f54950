"""How far the figures of a reward rule move when the world is not that of `cue.py`.

Rest level wrong by 1 dB, degrees of freedom understated, other signal-to-noise ratios, other rates, and work
at 10 to 150 % of the reference (the rest noise stays, so that 10 % has 2 dB and 150 % has 26 dB).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import numpy as np
from cue import SNR, Bench, share_pct, truths, verdicts

from emgfeedback.training.session import RULES

LEVELS_PCT = (10, 25, 60, 100, 150)
WORKING_PCT = 25


def benches(fs_hz: int, seed: int) -> Iterator[tuple[str, Bench, float]]:
    """Each condition with its chain and the loudness of its muscles, 1 being a quarter of the reference."""
    yield "as in cue.py", Bench(fs_hz, seed), 1.0
    for word, factor in (("1 dB too low", 10**-0.05), ("1 dB too high", 10**0.05)):
        bench = Bench(fs_hz, seed)
        bench.calibration = replace(bench.calibration, rest_uv=bench.calibration.rest_uv * factor)
        yield f"rest {word}", bench, 1.0
    bench = Bench(fs_hz, seed)
    bench.calibration = replace(bench.calibration, dof=0.75 * bench.calibration.dof)
    yield "degrees of freedom x 0.75", bench, 1.0
    for snr_db in (6, 20):
        yield f"SNR {snr_db} dB", Bench(fs_hz, seed, 10 ** (snr_db / 10)), 1.0
    for level_pct in LEVELS_PCT:
        yield f"work at {level_pct} %", Bench(fs_hz, seed, SNR), level_pct / WORKING_PCT


def measure(name: str, bench: Bench, loudness: float, minutes: float, n_steps: int) -> dict[str, float]:
    """What the rule states of itself, and its time on at a true 2:1."""
    pair = bench.steady(loudness * np.array((1, 1, 0.25)), 60 * minutes)
    steps = {
        "G": bench.steps(loudness * np.array((1, 1, 1)), loudness * np.array((2, 1, 1)), n_steps),
        "V": bench.steps(loudness * np.array((2, 2, 2)), loudness * np.array((2, 1, 1)), n_steps),
    }
    two = verdicts(name, bench, bench.steady(loudness * np.array((2, 1, 1)), 30 * minutes))
    return {**asdict(truths(name, bench, pair, steps)), "on_2_pct": share_pct(two)}


def main() -> None:
    """Print one row per condition, then one per further rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", default="bayes-quick", choices=list(RULES))
    parser.add_argument("--rates", nargs="+", type=int, default=[250, 1000])
    parser.add_argument("--more-rates", nargs="*", type=int, default=[125, 200, 500, 2000])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cases = [(fs_hz, *case) for fs_hz in options.rates for case in benches(fs_hz, options.seed)]
    cases += [(fs_hz, "as in cue.py", Bench(fs_hz, options.seed), 1.0) for fs_hz in options.more_rates]
    rows = []
    for fs_hz, words, bench, loudness in cases:
        figures = measure(options.rule, bench, loudness, options.minutes, options.steps)
        rows.append({"fs_hz": fs_hz, "condition": words, **figures})
        if not options.json:
            print(f"{fs_hz:5} Hz {words:26}", end=" ")
            print("  ".join(f"{key} {value:.2f}" for key, value in figures.items()), flush=True)
    if options.json:
        print(json.dumps({"rule": options.rule, "rows": rows}))


if __name__ == "__main__":
    main()
