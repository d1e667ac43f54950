"""How late the window's own clock gets while BrainFlow blocks: wrong port, cancel, connect, unplug, stop.

A timer of 10 ms in the thread of the window notes how much later than due it fires, while the real BrainFlow
driver speaks to a virtual Cyton on a pseudo-terminal. The first line, a window on a simulated person, is the
anchor: what painting and the machine cost without any board. Runs on Linux and macOS.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import PySide6
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from emgfeedback.app.theme import load_fonts
from emgfeedback.app.window import Window
from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.run.job import Job, live_job
from emgfeedback.run.terms import Terms
from emgfeedback.sources.opening import open_source
from emgfeedback.sources.virtual_cyton import Faults, VirtualCyton
from emgfeedback.training.calibration import calibration_from_json, chain_of
from emgfeedback.training.montage import apply_montage
from emgfeedback.values import Counts, Phase, Protocol

BEAT_MS, LIMIT_MS, PATIENCE_S = 10, 100, 90.0
MONTAGE = {"gmed": "1", "tfl": "2", "ql": "3"}


class Heart:
    """A timer that notes how late it fires."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self._beats_s.append(time.perf_counter()))
        self._beats_s: list[float] = []
        self._timer.start(BEAT_MS)

    def watch(self, name: str, over: Callable[[], bool]) -> float:
        """Turn the event loop until it is ``over``; print and return the greatest lateness in ms."""
        self._beats_s = [time.perf_counter()]
        end_s = time.monotonic() + PATIENCE_S
        while not over():
            if time.monotonic() > end_s:
                raise SystemExit(f"{name}: still not over after {PATIENCE_S:g} s")
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        self._beats_s.append(time.perf_counter())
        late_ms = np.maximum(0.0, 1000 * np.diff(self._beats_s) - BEAT_MS)
        took_s = self._beats_s[-1] - self._beats_s[0]
        p50, p99, most = np.percentile(late_ms, [50, 99, 100])
        print(f"{name:34} {took_s:6.1f} s   late p50 {p50:5.1f}  p99 {p99:5.1f}  most {most:6.1f} ms")
        return float(late_ms.max())

    def watch_for(self, name: str, seconds: float) -> float:
        """The same for a time."""
        end_s = time.monotonic() + seconds
        return self.watch(name, lambda: time.monotonic() > end_s)


def noise() -> Callable[[int], Counts]:
    """Muscles at work, eight channels."""
    chance = np.random.default_rng(1)
    return lambda n: chance.normal(0.0, 2000.0, (n, 8)).astype(np.int32)


def job_on(address: str, library: Path) -> Job:
    """A long work phase with everything on the screen, recorded."""
    work = Phase("work", 3600.0, "Lift", repetition=1)
    protocol = Protocol("B", "Bench", (work,), "gmed", ("tfl", "ql"), 5.0, 1.32, 10.0, None, "open", {})
    opened = open_source(address, paced=True)
    info = apply_montage(opened.source.info, MONTAGE, "right", "gmed", ("tfl", "ql"))
    grid = grid_for(info.fs_hz, trunk=True)
    given = {"rest_uv": [2.0] * 3, "rest_sd_uv": [0.2] * 3, "reference_uv": [100.0] * 3, "dof": [3.0] * 3}
    kind = {"reference_kind": "submaximal", "trials": [1, 1, 1], "chain": chain_of(info, grid, 0.0)}
    meta = {"participant": "bench", "started_at": "2000-01-01T00:00:00+00:00", "gain": 24, "source": address}
    return live_job(
        opened.source,
        MONTAGE,
        "right",
        protocol,
        50.0,
        library=library,
        meta=meta,
        calibration=calibration_from_json({**given, **kind}),
        sinks=opened.listeners,
        terms=Terms(limits=None),
    )


def opened_window(job: Job) -> Window:
    """A window of 1600 x 900 whose run has begun."""
    window = Window(job, "benchmark")
    window.resize(1600, 900)
    window.show()
    QCoreApplication.processEvents()
    window.begin(autostart=True)
    return window


def close(window: Window) -> None:
    """Take a window down at once."""
    window.shutdown()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def simulated(heart: Heart, folder: Path, seconds: float) -> list[float]:
    """No board at all."""
    window = opened_window(job_on("patient:seed=1", folder))
    heart.watch("(first paint)", lambda: window.stage.painted is not None)
    late = [heart.watch_for("no board: simulated person", seconds)]
    close(window)
    return late


def silent(heart: Heart, folder: Path) -> list[float]:
    """A port on which nothing answers, waited for and cancelled."""
    with VirtualCyton(noise(), faults=Faults(silent=True), link=folder / "silent") as board:
        window = opened_window(job_on(f"cyton:{board.port}", folder))
        late = [heart.watch("wrong port, until it fails", lambda: window.failure is not None)]
        close(window)
        window = opened_window(job_on(f"cyton:{board.port}", folder))
        heart.watch_for("wrong port, before Cancel", 1.0)
        window.connecting.buttons[0].click()
        late.append(heart.watch("wrong port, Cancel to its page", lambda: window.failure is not None))
        late.append(heart.watch_for("wrong port, after Cancel", 6.0))
        close(window)
    return late


def streaming(heart: Heart, folder: Path, seconds: float) -> list[float]:
    """A board that answers, is unplugged for 4 s, comes back, and is stopped."""
    with VirtualCyton(noise(), link=folder / "port") as board:
        window = opened_window(job_on(f"cyton:{board.port}", folder))
        late = [heart.watch("connect, until it is shown", lambda: window.stage.painted is not None)]
        late.append(heart.watch_for("streaming", seconds))
        board.unplug()
        late.append(heart.watch("unplugged, until it is seen", lambda: window._link.down))
        late.append(heart.watch_for("unplugged", 4.0))
        board.plug_in()
        late.append(heart.watch("plugged in, until it streams", lambda: window._link.state == "streaming"))
        late.append(heart.watch_for("after the return", seconds))
        window.stop()
        late.append(heart.watch("stop, until the last page", lambda: window.summary is not None))
        close(window)
        window = opened_window(job_on(f"cyton:{board.port}", folder))
        heart.watch("(connect again)", lambda: window.stage.painted is not None)
        board.unplug()
        heart.watch("(unplugged)", lambda: window._link.down)
        window.stop()
        late.append(heart.watch("stop while unplugged", lambda: window.summary is not None))
        close(window)
    return late


def main() -> None:
    """Print a line per situation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    app = QApplication([])
    load_fonts()
    print(f"Python {platform.python_version()}, PySide6 {PySide6.__version__}, {app.platformName()}")
    print(f"{os.cpu_count()} processors; a beat each {BEAT_MS} ms; target: at most {LIMIT_MS} ms late")
    heart = Heart()
    with tempfile.TemporaryDirectory() as folder:
        anchor = simulated(heart, Path(folder), seconds)
        late = silent(heart, Path(folder)) + streaming(heart, Path(folder), seconds)
    print(f"with a board: at most {max(late):.0f} ms late; without: {max(anchor):.0f} ms")


if __name__ == "__main__":
    main()
