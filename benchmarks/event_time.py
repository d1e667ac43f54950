"""How well a command finds the sample that was being taken, through BrainFlow's driver on a virtual Cyton."""

from __future__ import annotations

import argparse
import json
import math
import threading
import time

import numpy as np

from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.virtual_cyton import Faults, VirtualCyton
from emgfeedback.values import Counts, Floats

FS_HZ = 250.0
LEAD_IN_S = 3.0
LONGEST_PAUSE_S = 0.1
GOAL_MS = {0.001: 5.0, 0.016: 10.0}


class Feed:
    """Rows of zeros; remembers when the board took its first sample, from the earliest it asked for any."""

    def __init__(self) -> None:
        self._handed = 0
        self.first_s = np.inf

    def __call__(self, n_rows: int) -> Counts:
        """The next rows; the newest of them has just been taken."""
        self._handed += n_rows
        self.first_s = min(self.first_s, time.monotonic() - (self._handed - 1) / FS_HZ)
        return np.zeros((n_rows, 8), np.int32)


def errors_ms(batch_s: float, seconds: float, seed: int = 1) -> Floats:
    """Error of the sample of each of many commands given at random moments, in ms, constant part included."""
    feed, rng = Feed(), np.random.default_rng(seed)
    given: list[tuple[float, float]] = []
    with VirtualCyton(feed, faults=Faults(batch_s=batch_s)) as board:
        source = open_brainflow(f"cyton:{board.port}")

        def give() -> None:
            while math.isnan(source.sample_at(time.monotonic())):
                time.sleep(LONGEST_PAUSE_S)
            time.sleep(LEAD_IN_S)
            until_s = time.monotonic() + seconds
            while time.monotonic() < until_s:
                time.sleep(rng.uniform(0, LONGEST_PAUSE_S))
                now_s = time.monotonic()
                given.append((now_s, source.sample_at(now_s)))
            source.close()

        operator = threading.Thread(target=give)
        operator.start()
        for _ in source:
            pass
        operator.join()
    now_s, sample = np.array(given).T
    return np.asarray(1000 * (sample / FS_HZ - (now_s - feed.first_s)), np.float64)


def main() -> None:
    """Print median and p95 of the error for both batchings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {}
    for batch_s, goal_ms in GOAL_MS.items():
        errors = errors_ms(batch_s, asked.seconds)
        p95_ms = float(np.percentile(np.abs(errors), 95))
        found[f"{1000 * batch_s:g} ms batches"] = {
            "commands": len(errors),
            "median_ms": round(float(np.median(errors)), 2),
            "p95_abs_ms": round(p95_ms, 2),
            "goal_ms": goal_ms,
        }
    print(json.dumps(found) if asked.json else "\n".join(f"{name}: {row}" for name, row in found.items()))


if __name__ == "__main__":
    main()
