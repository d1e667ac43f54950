"""What a frame of each patient view costs: time on the GUI thread to paint one state, p50 and p99.

Every frame differs (levels, share and ring move, a rival crosses its line now and then), easing included. The
still layer and the sprites are painted before, in the frames that do not count. Offscreen, software raster.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import PySide6
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from emgfeedback.app.patient.picture import EASE_OFF, HOLD, Column, PatientState
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.patient.views import VIEWS
from emgfeedback.app.theme import load_fonts
from emgfeedback.values import RIVAL, TARGET

GOAL_MS = (4.0, 8.0)
FRAME_S, WARM_FRAMES = 0.016, 60
SIZES = ((1280, 720), (1920, 1080))


@dataclass(frozen=True, slots=True)
class Row:
    """One view at one size; milliseconds of CPU time of the painting thread."""

    view: str
    width: int
    height: int
    turn: int
    ratio: float
    p50_ms: float
    p99_ms: float


def states(count: int) -> Iterator[PatientState]:
    """A hold in which the waist comes and goes."""
    for frame in range(count):
        at_s = frame * FRAME_S
        target = 0.45 + 0.1 * math.sin(2.0 * at_s)
        waist = 0.25 + 0.15 * math.sin(1.3 * at_s)
        over, line = waist > target / 1.32, target / 1.32
        share = target / (target + waist + 0.1)
        yield PatientState(
            EASE_OFF if over else HOLD,
            "Let the waist sink; breathe out." if over else "You found it. Waist and front of hip stay soft.",
            (
                Column(
                    "ql", RIVAL, "QL site", "waist", waist, line, over=over, word="let go" if over else ""
                ),
                Column("gmed", TARGET, "Gluteus medius", "side of hip", target, 0.1, 0.6),
                Column("tfl", RIVAL, "TFL", "front of hip", 0.1, line),
            ),
            ring=(at_s / 6.0) % 1.0,
            ring_good=True,
            left_s=6 - int(at_s % 6.0),
            found=not over,
            repetition=3,
            repetitions=8,
            hold_s=6.0,
            ratio=1.32,
            share=share,
            units=4,
        )


def measured(name: str, size: tuple[int, int], turn: int, ratio: float, frames: int) -> Row:
    """Paint one view into a picture of that size, frame by frame."""
    view = PatientView(view=name, tag="SIMULATION")
    view.turn = turn
    view.resize(*size)
    screen = QImage(round(size[0] * ratio), round(size[1] * ratio), QImage.Format.Format_RGB32)
    screen.setDevicePixelRatio(ratio)
    costs_ms = []
    for frame, state in enumerate(states(WARM_FRAMES + frames)):
        began = time.thread_time()
        view.show_state(state, frame * FRAME_S)
        with QPainter(screen) as painter:
            view.paint(painter, ratio)
        if frame >= WARM_FRAMES:
            costs_ms.append(1000 * (time.thread_time() - began))
    p50, p99 = np.percentile(costs_ms, [50, 99])
    return Row(name, *size, turn, ratio, float(p50), float(p99))


def main() -> None:
    """Print a row per view, size and turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args()
    application = QApplication([])
    load_fonts()
    cases = [(size, 0, 1.0) for size in SIZES] + [(SIZES[0], 90, 1.0), (SIZES[0], 0, 2.0)]
    table = []
    for name in VIEWS:
        for size, turn, ratio in cases:
            row = measured(name, size, turn, ratio, options.frames)
            met = row.p50_ms <= GOAL_MS[0] and row.p99_ms <= GOAL_MS[1]
            table.append({**asdict(row), "met": met})
            if not options.json:
                print(
                    f"{name:9} {size[0]}x{size[1]} turn {turn:2} at {ratio:.0f}x"
                    f"  p50 {row.p50_ms:5.2f} ms  p99 {row.p99_ms:5.2f} ms  {'met' if met else 'not met'}",
                    flush=True,
                )
    versions = f"Python {platform.python_version()}, PySide6 {PySide6.__version__}"
    print(json.dumps({"versions": versions, "goal_ms": GOAL_MS, "rows": table}) if options.json else versions)
    del application


if __name__ == "__main__":
    main()
