"""Onset order: how often the first muscle is named rightly, wrongly or not at all.

Repetitions of two muscles that rise out of rest noise, one after the other, run through the product's own
pipeline and `OnsetWatch` at 20 ms hops. SNR is that of the muscle at work against rest. Goal: the order is
right in at least 95 % of the repetitions with a gap of 50 ms or more at 10 dB. Three counts: named rightly,
wrongly and not resolved (the rest had no onset); ``likelier`` is how often the more probable order is right,
named or not; ``inside`` is how often the 95 % interval of the gap holds it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import numpy as np
from cue import MASTER_HZ, Bench

from emgfeedback.training.onset import AFTER, BEFORE, NOT_RESOLVED, OnsetWatch, Order

PAUSE_S, WORK_S, SETTLE_S = 1.2, 0.8, 0.6
BENCH_SNR_DB = 10.0


def repetitions(
    fs_hz: int, gap_s: float, n: int, seed: int, snr_db: float = BENCH_SNR_DB, ramp_s: float = 0.0
) -> Iterator[tuple[Order, ...]]:
    """The orders of n repetitions: the target begins, then a rival ``gap_s`` and one twice that later."""
    bench, rng = Bench(fs_hz, seed), np.random.default_rng(seed)
    onsets_s = PAUSE_S + rng.uniform(0, 0.02, (n, 1)) + gap_s * np.arange(3)
    time_s = np.arange(round((PAUSE_S + WORK_S) * MASTER_HZ)) / MASTER_HZ
    late_s = time_s[np.newaxis, :, np.newaxis] - onsets_s[:, np.newaxis]
    rise = np.clip(late_s / ramp_s, 0, 1) if ramp_s else (late_s >= 0).astype(float)
    loudness = 10 ** ((snr_db - BENCH_SNR_DB) / 20)
    frames = list(bench.frames(rise.reshape(-1, 3) * loudness))
    for part in np.array_split(np.arange(len(frames)), n):
        watch = OnsetWatch(bench.info, bench.grid, bench.calibration)
        for i in part[round(SETTLE_S / bench.grid.hop_s) :]:
            watch.add(frames[i])
        yield watch.orders()


def counted(orders: list[Order], gap_s: float) -> dict[str, float]:
    """Percentages of one cell; ``gap_s`` is the true lead of the target."""
    gaps_s = np.array([order.gap_s for order in orders])
    sd_s = np.array([order.sd_s for order in orders])
    named = [order.order for order in orders]
    right, wrong = (BEFORE, AFTER) if gap_s >= 0 else (AFTER, BEFORE)
    known = np.isfinite(gaps_s)
    return {
        "right_pct": 100 * named.count(right) / len(orders),
        "wrong_pct": 100 * named.count(wrong) / len(orders),
        "not_resolved_pct": 100 * named.count(NOT_RESOLVED) / len(orders),
        "likelier_right_pct": 100 * float(np.mean(gaps_s * gap_s > 0)),
        "inside_pct": 100 * float(np.mean(np.abs(gaps_s - gap_s)[known] <= 1.96 * sd_s[known])),
        "error_sd_ms": 1000 * float(np.nanstd(gaps_s - gap_s)),
    }


def main() -> None:
    """Print one row per rate, SNR, gap and ramp."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    cells = [(10.0, gap, ramp) for gap in (0.0, 0.05, -0.05, 0.08) for ramp in (0.0, 0.04)]
    for fs_hz in (250, 1000):
        for snr_db, gap_s, ramp_s in [*cells, (6.0, 0.05, 0.0), (20.0, 0.05, 0.0)]:
            made = repetitions(fs_hz, gap_s, options.repetitions, options.seed, snr_db, ramp_s)
            row = {"fs_hz": fs_hz, "snr_db": snr_db, "gap_ms": 1000 * gap_s, "ramp_ms": 1000 * ramp_s}
            rows.append(row | counted([orders[0] for orders in made], gap_s))
            if not options.json:
                print("  ".join(f"{name} {value:.4g}" for name, value in rows[-1].items()))
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
