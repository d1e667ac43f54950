"""How fast a recording is replayed and analysed at full speed, against one plain ``sosfilt`` over it all."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy
from scipy import signal

from emgfeedback.processing.filters import design_bandpass
from emgfeedback.run.job import grid_of, observing, replay_job
from emgfeedback.run.offline import Stretch, analyze, calibrate_from
from emgfeedback.sources.patient import steady
from emgfeedback.training.montage import apply_montage

ROUNDS = 3


def cpu_s(work: Callable[[], object]) -> float:
    """Median CPU time of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        before_s = time.process_time()
        work()
        times.append(time.process_time() - before_s)
    return statistics.median(times)


def works_at(fs_hz: float) -> tuple[float, dict[str, Callable[[], object]]]:
    """Length of the recording in seconds, and the three things to time."""
    known = steady({"gmed": 0.6, "tfl": 0.2, "ql": 0.2}, 240.0, fs_hz, seed=1)
    montage = {"gmed": "gmed", "tfl": "tfl", "ql": "ql"}
    info = apply_montage(known.info, montage, "right", "gmed", ("tfl", "ql"))
    spans = {muscle: (a / fs_hz, b / fs_hz) for muscle, (a, b) in known.references.items()}
    rest = (known.rest[0] / fs_hz, known.rest[1] / fs_hz)
    made, _ = calibrate_from(known.recording, info, [50.0], rest, spans)
    emg_uv = known.counts * info.lsb_uv
    sections = design_bandpass(fs_hz, grid_of(info).band_hz)
    seconds = len(known.counts) / fs_hz
    exercise = observing(info, seconds)
    return seconds, {
        "scipy sosfilt": lambda: signal.sosfilt(sections, emg_uv, axis=0),
        "analyze": lambda: analyze(known.recording, info, 50.0, Stretch()),
        "replay at max": lambda: replay_job(known.recording, info, exercise, 50.0, calibration=made).run(),
    }


def main() -> None:
    """Print seconds, times real time, and the ratio to plain filtering."""
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}")
    for fs_hz in (250.0, 1000.0):
        seconds, works = works_at(fs_hz)
        anchor = 0.0
        for name, work in works.items():
            took_s = cpu_s(work)
            anchor = anchor or took_s
            print(
                f"{fs_hz:6g} Hz, {seconds:.0f} s, 3 channels  {name:14}  {took_s:8.3f} CPU s"
                f"  {seconds / took_s:8.0f} x real time  ratio {took_s / anchor:7.1f}"
            )


if __name__ == "__main__":
    main()
