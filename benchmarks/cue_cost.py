"""What a hop costs each reward rule: taken, judged at two lines, its confidence told, as in a session."""

from __future__ import annotations

import argparse
import json
import platform
import time

import numpy as np
from cue import LINE, Bench

from emgfeedback.training.session import RULES

GOAL_US = 60.0
SHAPED = 1.1


def costs_us(name: str, bench: Bench, seconds: float, pause_s: float) -> np.ndarray:
    """CPU time of this thread for each hop, with a pause before each, after the first second."""
    rule, met, shaped, out = RULES[name](bench.info, bench.grid, bench.calibration), False, False, []
    for frame in bench.steady((1.5, 1, 1), seconds):
        time.sleep(pause_s)
        start_ns = time.thread_time_ns()
        rule.observe(frame)
        met, shaped = rule.meets(LINE, met), rule.meets(SHAPED, shaped)
        rule.confidence(LINE)
        out.append((time.thread_time_ns() - start_ns) / 1000)
    return np.array(out[50:])


def main() -> None:
    """Print p50 and p99, back to back and paced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    out = {}
    for name in RULES:
        for word, pause_s, seconds in (("hot", 0.0, 5 * options.seconds), ("paced", 0.02, options.seconds)):
            p50, p99 = np.percentile(costs_us(name, Bench(250, 1), seconds, pause_s), [50, 99])
            out[f"{name} {word}"] = [float(p50), float(p99)]
    if options.json:
        print(json.dumps(out))
        return
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}; us per hop")
    for name, (p50, p99) in out.items():
        verdict = ("met" if p50 <= GOAL_US else "NOT MET") if name == "bayes-quick hot" else ""
        print(f"{name:24} p50 {p50:6.1f}  p99 {p99:6.1f}  {f'goal {GOAL_US:g} {verdict}' if verdict else ''}")


if __name__ == "__main__":
    main()
