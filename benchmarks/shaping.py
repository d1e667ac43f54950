"""Whom the display line suits: true success of simulated learners in the sixth set, by rule.

Learners start at GMed/QL 0.41; a repetition is met when its margin, the person's own plus a spread, is at
the line. Printed: part of the people within ten points of 60 to 85 % success, and their mean success. The
model of the people is that of tests/test_shaping.py; no muscles and no holds are simulated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import test_shaping as model

from emgfeedback.values import Shaping

HOUSE = Shaping()
CATALOGUE = replace(HOUSE, above_ln=0.05)
LOWER_LN = 0.10
WAYS = {
    "no gain": 0.0 * model.SET,
    "0.02 ln a set": 0.02 * model.SET,
    "0.05 ln a set": 0.05 * model.SET,
    "soon half as good again": model.LEARNERS["soon half as good again"][0],
    "0.10 ln a set": 0.10 * model.SET,
    "0.20 ln a set": 0.20 * model.SET,
}
Floor = Callable[[float, Shaping], float]


def median(line_ln: float, shaping: Shaping) -> float:
    """The floor of the catalogue: the median of the start block, from the first line."""
    return line_ln - shaping.above_ln


def lower(line_ln: float, shaping: Shaping) -> float:
    """A floor under the median."""
    return median(line_ln, shaping) - LOWER_LN


RULES: dict[str, tuple[Shaping, int, Floor]] = {
    "house: +0.10, floor the first line": (HOUSE, 10, model.first_line),
    "catalogue: +0.05, floor the median": (CATALOGUE, 10, median),
    "catalogue, sets of twenty": (CATALOGUE, 20, median),
    "catalogue, steps of 0.15": (replace(CATALOGUE, step_ln=0.15), 10, median),
    "catalogue, floor 0.10 lower": (CATALOGUE, 10, lower),
}


def told(rule: tuple[Shaping, int, Floor], way_ln: Any, sd_ln: float) -> str:
    """Part of the people in the band, and the mean success, in the sixth set, in %."""
    success = model.success_of_people(model.UNTAUGHT_LN + way_ln, sd_ln, *rule)[:, -1]
    return f"{100 * model.near(success).mean():.0f} ({100 * success.mean():.0f})"


def main() -> None:
    """Print a table of rules and ways to learn."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"{model.PEOPLE} people a case, spread {model.NOISES_LN} ln: % in the band (mean success)")
    for name, rule in RULES.items():
        print(f"\n{name}")
        for way, gain_ln in WAYS.items():
            cells = "   ".join(f"{told(rule, gain_ln, sd_ln):>9}" for sd_ln in model.NOISES_LN)
            print(f"  {way:26} {cells}")


if __name__ == "__main__":
    main()
