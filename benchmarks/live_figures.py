"""A long session and a live one on a virtual Cyton, through BrainFlow's driver: rows lost, memory, delay.

The long one runs as fast as its reader drains: the board waits when 10 s of samples are on their way.
Channel 8 carries the number of its row, so that a lost, doubled or misplaced row shows whatever the software
counts.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.run.job import Job, live_job
from emgfeedback.run.terms import Terms
from emgfeedback.sources import timeline
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.virtual_cyton import VirtualCyton
from emgfeedback.training.calibration import calibration_from_json, chain_of
from emgfeedback.training.montage import apply_montage
from emgfeedback.values import Calibration, Chunk, Counts, Phase, Protocol, StreamInfo, Tick

FS_HZ = 250.0
MUSCLES = ("gmed", "tfl", "ql")
MONTAGE = {muscle: str(i) for i, muscle in enumerate(MUSCLES, start=1)}
NUMBERED, MODULO = 7, 2**15
AHEAD = round(10 * FS_HZ)
WARM_UP_S = 60.0
WORK_S, RELAX_S = 7.0, 3.0


@dataclass(frozen=True, slots=True)
class Soak:
    """What a long session gave; growth is from the end of its first minute."""

    sent: int
    received: int
    misplaced: int
    lost: int
    flagged: int
    ticks: int
    growth_mb: float
    took_s: float


class Feed:
    """Seeded noise with contractions, and when each row was handed to the board."""

    def __init__(self, seconds: float, keep_times: bool = False) -> None:
        noise = np.random.default_rng(1).normal(0, 1, (round(10 * FS_HZ), 8))
        noise[: round(WORK_S * FS_HZ)] *= 25
        self._block = (noise * 200).astype(np.int32)
        self.total, self.handed, self.drained = round(seconds * FS_HZ), 0, 0
        self.handed_s: list[float] | None = [] if keep_times else None

    def __call__(self, n_rows: int) -> Counts | None:
        """The next rows; none while the reader is behind, None at the end."""
        if self.handed == self.total:
            return None
        if self.handed - self.drained > AHEAD:
            return self._block[:0]
        rows = self.handed + np.arange(min(n_rows, self.total - self.handed))
        counts = self._block[rows % len(self._block)]
        counts[:, NUMBERED] = rows % MODULO
        self.handed += len(rows)
        if self.handed_s is not None:
            self.handed_s += [time.monotonic()] * len(rows)
        return counts


class Witness:
    """A sink that checks every row, takes times and memory, and ends the run with the feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.misplaced, self.ticks = 0, 0
        self.warm_mb = math.nan
        self.delays_s: list[float] = []
        self.job: Job | None = None

    def on_chunk(self, chunk: Chunk) -> None:
        """Compare the numbers in channel 8 with the index."""
        expected = (chunk.first_sample + np.arange(len(chunk.counts))) % MODULO
        self.misplaced += int(np.count_nonzero(chunk.counts[:, NUMBERED] != expected))
        self.feed.drained += len(chunk.counts)
        if math.isnan(self.warm_mb) and self.feed.drained >= WARM_UP_S * FS_HZ:
            self.warm_mb = resident_mb()

    def on_tick(self, tick: Tick) -> None:
        """Note the delay; after the last whole hop, close."""
        self.ticks += 1
        if self.feed.handed_s is not None:
            self.delays_s.append(time.monotonic() - self.feed.handed_s[tick.frame.end_sample - 1])
        if self.feed.drained == self.feed.total and self.job is not None:
            self.job.source.close()


def resident_mb() -> float:
    """Memory of this process now, in MB; where it cannot be asked, the most it ever had."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def exercise(seconds: float) -> Protocol:
    """Work and relax in turns, for longer than the feed."""
    phases = []
    for turn in range(1, math.ceil(seconds / (WORK_S + RELAX_S)) + 2):
        phases += [Phase("work", WORK_S, "Lift", repetition=turn), Phase("relax", RELAX_S, "Rest")]
    return Protocol("SOAK", "Soak", tuple(phases), "gmed", MUSCLES[1:], 3.0, 1.32, 10.0, None, "open", {})


def calibration(info: StreamInfo) -> Calibration:
    """As from quiet rest and a firm press."""
    worn = apply_montage(info, MONTAGE, "right", "gmed", MUSCLES[1:])
    given = {"rest_uv": [3.0] * 3, "rest_sd_uv": [0.3] * 3, "reference_uv": [120.0] * 3, "dof": [3.0] * 3}
    chain = chain_of(worn, grid_for(FS_HZ, trunk=True), 0.0)
    kept = {"reference_kind": "submaximal", "trials": [1, 1, 1], "chain": chain}
    today = datetime.now().astimezone().isoformat()
    return calibration_from_json({**given, **kept, "made_at": today})


@contextmanager
def session(feed: Feed, speed: float) -> Iterator[tuple[Job, Witness]]:
    """A recorded session of all of the feed, ready to run."""
    witness = Witness(feed)
    with VirtualCyton(feed, speed=speed) as cyton, tempfile.TemporaryDirectory() as folder:
        source = open_brainflow(f"cyton:{cyton.port}")
        witness.job = live_job(
            source,
            MONTAGE,
            "right",
            exercise(feed.total / FS_HZ),
            50.0,
            library=Path(folder),
            meta={"participant": "S1", "version": "soak", "source": "virtual", "simulated": True},
            calibration=calibration(source.info),
            sinks=(witness,),
            terms=Terms(limits=None),
        )
        witness.job.commands.post("start")
        yield witness.job, witness


def soak(minutes: float) -> Soak:
    """A session of so many simulated minutes, two at least.

    No rate is fitted: time passes unevenly here, and would be read as lost rows.
    """
    fitted_after_s, timeline.SHORTEST_S = timeline.SHORTEST_S, math.inf
    began_s = time.monotonic()
    try:
        with session(Feed(minutes * 60), math.inf) as (job, witness):
            outcome = job.run()
            growth_mb = resident_mb() - witness.warm_mb
    finally:
        timeline.SHORTEST_S = fitted_after_s
    return Soak(
        sent=witness.feed.handed,
        received=outcome.received_samples,
        misplaced=witness.misplaced,
        lost=outcome.lost_samples,
        flagged=outcome.flagged_samples,
        ticks=witness.ticks,
        growth_mb=growth_mb,
        took_s=time.monotonic() - began_s,
    )


def delays_ms(seconds: float) -> np.ndarray:
    """From sampling the last row of a hop to its tick, in real time, without the first second."""
    with session(Feed(seconds, keep_times=True), 1.0) as (job, witness):
        job.run()
    return 1000 * np.array(witness.delays_s)[round(len(witness.delays_s) / seconds) :]


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.system()}")
    print("virtual Cyton, BrainFlow, pipeline, session and recorder; 8 channels, 250 Hz")
    p50, p99 = np.percentile(delays_ms(options.seconds), [50, 99])
    print(f"row to tick, {options.seconds:g} s in real time: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    found = soak(options.minutes)
    print(
        f"{options.minutes:g} simulated minutes in {found.took_s:.0f} s: {found.sent} rows sent, "
        f"{found.received} received, {found.lost} counted as lost, {found.flagged} flagged, "
        f"{found.misplaced} misplaced, {found.ticks} ticks, memory growth {found.growth_mb:.1f} MB"
    )


if __name__ == "__main__":
    main()
