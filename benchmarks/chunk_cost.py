"""What a chunk costs, paced as a board sends it: filter alone, pipeline, pipeline and session.

Sleeping between chunks makes the same code dearer than a tight loop, so the paced figure is the one to
judge. The anchor is plain ``scipy.signal.sosfilt`` with kept state on the same chunks.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
import scipy
from scipy import signal

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.training.calibration import calibration_from_json, chain_of
from emgfeedback.training.session import Session
from emgfeedback.values import RIVAL, TARGET, Channel, Chunk, Command, Phase, Protocol, StreamInfo

Work = Callable[[Chunk], None]


def stream(fs_hz: float) -> StreamInfo:
    """Target and two rivals."""
    roles = {"gmed": TARGET, "tfl": RIVAL, "ql": RIVAL}
    return StreamInfo(fs_hz, tuple(Channel(m, m, "right", role) for m, role in roles.items()), "bench", 0.02)


def workers(fs_hz: float) -> dict[str, Work]:
    """The three things to time, each with state of its own."""
    info, grid = stream(fs_hz), grid_for(fs_hz, trunk=True)
    sections = design_bandpass(fs_hz, grid.band_hz)
    state = signal.sosfilt_zi(sections)[:, :, None] * np.zeros(3)

    def plain(chunk: Chunk) -> None:
        nonlocal state
        _, state = signal.sosfilt(sections, chunk.emg_uv, axis=0, zi=state)

    alone, whole = Pipeline(info, grid, 50.0), Pipeline(info, grid, 50.0)
    session = _session(info, fs_hz)

    def pipeline(chunk: Chunk) -> None:
        for _ in alone.frames(chunk):
            pass

    def everything(chunk: Chunk) -> None:
        for frame in whole.frames(chunk):
            session.step(frame, (Command(0, "start"),) if session.state == "ready" else ())
            whole.configure(session.setup)

    return {"scipy sosfilt": plain, "pipeline": pipeline, "pipeline + session": everything}


def _session(info: StreamInfo, fs_hz: float) -> Session:
    grid = grid_for(fs_hz, trunk=True)
    given = {"rest_uv": [2.0] * 3, "rest_sd_uv": [0.2] * 3, "reference_uv": [100.0] * 3, "dof": [3.0] * 3}
    chain = chain_of(info, grid, 0.0)
    calibration = calibration_from_json(
        {**given, "reference_kind": "submaximal", "trials": [1, 1, 1], "chain": chain}
    )
    work = Phase("work", 3600.0, "Lift", repetition=1)
    protocol = Protocol("B", "Bench", (work,), "gmed", ("tfl", "ql"), 5.0, 1.32, 10.0, None, "open", {})
    return Session(info, grid, protocol, 50.0, calibration)


def paced_us(work: Work, fs_hz: float, seconds: float) -> np.ndarray:
    """CPU microseconds of each 20 ms chunk, one every 20 ms."""
    n = round(0.02 * fs_hz)
    counts = np.random.default_rng(1).normal(0, 2500, (n * round(seconds / 0.02), 3)).astype(np.int32)
    costs, due_s = [], time.monotonic()
    for i in range(0, len(counts), n):
        chunk = Chunk.from_counts(i, counts[i : i + n], 0.02)
        due_s += 0.02
        time.sleep(max(0.0, due_s - time.monotonic()))
        before_ns = time.thread_time_ns()
        work(chunk)
        costs.append((time.thread_time_ns() - before_ns) / 1000)
    return np.array(costs[50:])


def main() -> None:
    """Print a table per rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}")
    print("3 channels, 20 ms chunks, paced; CPU µs per chunk")
    for fs_hz in (250.0, 1000.0):
        anchor = 0.0
        for name, work in workers(fs_hz).items():
            p50, p99 = np.percentile(paced_us(work, fs_hz, seconds), [50, 99])
            anchor = anchor or float(p50)
            print(f"{fs_hz:6g} Hz  {name:20}  p50 {p50:7.0f}  p99 {p99:7.0f}  ratio {p50 / anchor:5.1f}")


if __name__ == "__main__":
    main()
