"""What each reward rule is worth: figures measured on synthetic muscles, stated wherever the rule is used."""

from __future__ import annotations

from dataclasses import dataclass

SAME_RATE = 0.1


@dataclass(frozen=True, slots=True)
class Figures:
    """How true and how quick a rule is at R = 1.32 and 10 dB, by `benchmarks/cue.py` (docs/cue.md).

    ``false_pct`` is the share of time that is rewarded while one rival is exactly as strong as the target,
    and ``flips_per_min`` how often the verdict changes there. The delays run from a true step 1:1 to 2:1
    (on) or back (off) to the end of the hop that shows it, filters included; each is the worse of "the
    target rises" and "the rivals let go".
    """

    false_pct: float
    flips_per_min: float
    on_p50_ms: float
    on_p95_ms: float
    off_p50_ms: float
    off_p95_ms: float


def figures_of(rule_name: str, fs_hz: float) -> Figures | None:
    """Figures of a rule, measured within 10 % of this sampling rate; None where nobody measured."""
    for (name, measured_hz), figures in MEASURED.items():
        if name == rule_name and abs(fs_hz - measured_hz) <= SAME_RATE * measured_hz:
            return figures
    return None


MEASURED: dict[tuple[str, float], Figures] = {
    ("threshold", 250.0): Figures(6.78, 105.6, 196.0, 266.0, 198.0, 269.0),
    ("hysteresis-dwell", 250.0): Figures(2.06, 9.9, 449.0, 528.0, 268.0, 562.0),
    ("rms-hysteresis", 250.0): Figures(1.26, 9.2, 283.0, 402.0, 243.0, 313.0),
    ("bayes-quick", 250.0): Figures(0.33, 7.0, 188.0, 325.0, 147.0, 281.0),
    ("bayes-calm", 250.0): Figures(0.18, 1.4, 229.0, 385.0, 182.0, 359.0),
    ("threshold", 1000.0): Figures(0.86, 20.2, 173.0, 232.0, 190.0, 243.0),
    ("hysteresis-dwell", 1000.0): Figures(0.2, 1.2, 419.0, 485.0, 257.0, 528.0),
    ("rms-hysteresis", 1000.0): Figures(0.18, 2.3, 153.0, 196.0, 126.0, 163.0),
    ("bayes-quick", 1000.0): Figures(0.05, 1.6, 97.0, 148.0, 78.0, 138.0),
    ("bayes-calm", 1000.0): Figures(0.03, 0.3, 113.0, 177.0, 90.0, 170.0),
}
"""By rule and rate: `benchmarks/cue.py` with its default length, seed 1 (Bayes: mean of seeds 1 to 3)."""
