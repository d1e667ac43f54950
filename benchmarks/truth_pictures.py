"""Draw the pictures of `docs/truth.md`: simulated muscles of known levels, seen through the product's chain.

Signals, board, calibration and dominance are those of `published.py` in this folder, at 250 Hz; the
picture of the rates comes from the model in `training/honesty.py`. Needs matplotlib, which the package
itself does not.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from published import AVERAGED, LSB_UV, Parts, calibrated, recorded, stream, within

from emgfeedback.processing.bandwidth import Grid, grid_for, power_kept
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.run.job import grid_of
from emgfeedback.training.calibration import levels_pct
from emgfeedback.training.dominance import Dominator
from emgfeedback.training.honesty import raw_ratio_bias
from emgfeedback.values import Calibration, Chunk, Dominance, Floats, Frame, Quality, Recording, Setup

GMED, TFL, WAIST, INK, PALE = "#0072B2", "#A65A00", "#4E2444", "#333333", "#D8E6EF"
LINE = 1.32
FS_HZ = 250
STYLE = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "figure.facecolor": "white",
    "savefig.dpi": 100,
}


def lifts() -> Figure:
    """The same share with two leaders: why the margin decides."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=(1, 1))
    cases = {"Lift A": (40.0, 30.0, 30.0), "Lift B": (40.0, 60.0, 0.0)}
    styles = ((GMED, "", "GMed"), (TFL, "//", "TFL"), (WAIST, "..", "waist (QL site)"))
    for i, (color, hatch, name) in enumerate(styles):
        at = np.arange(2) + 0.27 * (i - 1)
        values = [levels[i] for levels in cases.values()]
        left.bar(at, values, 0.24, color=color, hatch=hatch, edgecolor="white", label=name)
        for x, value in zip(at, values, strict=True):
            left.text(x, value + 1, f"{value:.0f}", ha="center")
    left.set_xticks(range(2), cases)
    left.set_ylabel("level, % of own reference")
    left.set_ylim(0, 85)
    left.legend(frameon=False, ncols=3, loc="upper left", fontsize=10, columnspacing=1, handlelength=1.4)
    left.set_title("What each muscle does", loc="left")
    for i, levels in enumerate(cases.values()):
        _lift_words(right, 1 - i, levels)
    right.set_yticks([1, 0], cases)
    right.set_xlim(0, 2.2)
    right.set_ylim(-0.6, 1.6)
    right.axvline(LINE, color=INK, linestyle="--")
    right.text(LINE + 0.02, 1.55, f"line {LINE}", va="top")
    right.set_xlabel("GMed, times the stronger rival")
    right.set_title("What is judged", loc="left")
    return figure


def _lift_words(axes: Axes, y: float, levels: tuple[float, float, float]) -> None:
    ratio, share = levels[0] / max(levels[1:]), levels[0] / sum(levels)
    axes.barh(y, ratio, 0.34, color=GMED)
    leader = "GMed leads" if ratio > 1 else "TFL leads"
    axes.text(0.04, y, f"{ratio:.2f} : 1", va="center", color="white")
    axes.text(0, y - 0.32, f"share {share:.2f}, {leader}", va="center")


def judged(
    parts: Parts, rival: str, seed: int, spoil: Callable[[Recording, int], None] | None = None
) -> tuple[list[Frame], Calibration, float]:
    """Frames of everything after set-up, the calibration, and when set-up was over, in s."""
    setting_up = {"rest": (20.0, 0.0, 0.0), "gmed": (30.0, 100.0, 0.0), rival: (30.0, 0.0, 100.0)}
    recording, spans = recorded(rival, FS_HZ, setting_up | parts, seed)
    calibration = calibrated(recording, rival, spans)
    start_s = spans[rival][1]
    if spoil:
        spoil(recording, round(start_s * FS_HZ))
    pipeline = Pipeline(recording.info, grid_of(recording.info), 50.0)
    pipeline.configure(Setup(rest_power_uv2=tuple(calibration.rest_uv**2)))
    chunk = Chunk.from_counts(0, recording.counts, LSB_UV)
    frames = within(list(pipeline.frames(chunk)), FS_HZ, (start_s, math.inf))
    return frames, calibration, start_s


def verdicts(
    frames: list[Frame], calibration: Calibration, rival: str, start_s: float
) -> tuple[Floats, list[Dominance]]:
    """Times since set-up in s, and what is said of each frame."""
    judge = Dominator(stream(rival, FS_HZ), _grid(rival), calibration)
    return _times_s(frames, start_s), [judge(frame.envelope_uv) for frame in frames]


def _grid(rival: str) -> Grid:
    return grid_for(float(FS_HZ), trunk=rival == "ql")


def _times_s(frames: list[Frame], start_s: float) -> Floats:
    return np.array([frame.end_sample for frame in frames]) / FS_HZ - start_s


def interval(seed: int) -> Figure:
    """A steady 1.5 : 1 as it is measured, window by window."""
    frames, calibration, start_s = judged({"work": (9.0, 45.0, 30.0)}, "ql", seed)
    time_s, said = verdicts(frames, calibration, "ql", start_s)
    figure, axes = plt.subplots(figsize=(10, 3.8))
    low, high = (np.exp([getattr(d, name) for d in said]) for name in ("margin_low_ln", "margin_high_ln"))
    axes.fill_between(time_s, low, high, color=PALE, label="95 % interval")
    axes.plot(time_s, np.exp([d.margin_ln for d in said]), color=GMED, linewidth=2, label="measured ratio")
    axes.axhline(1.5, color=INK, label="the truth, 1.5 : 1")
    axes.axhline(LINE, color=INK, linestyle="--", label=f"the line, {LINE} : 1")
    _ratio_axis(axes, (0.8, 1.0, 1.32, 1.5, 2.0, 3.0))
    axes.set_xlim(1, 10)
    axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.14))
    return figure


def at_least(seed: int) -> Figure:
    """The rival falls silent: from a ratio to "at least"."""
    parts = {"both": (5.0, 45.0, 30.0), "quiet": (6.0, 45.0, 0.0)}
    frames, calibration, start_s = judged(parts, "ql", seed)
    time_s, said = verdicts(frames, calibration, "ql", start_s)
    ratio = np.exp([d.margin_ln for d in said])
    low = np.exp([d.margin_low_ln for d in said])
    known = np.isfinite(ratio)
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(10, 5), sharex=True, height_ratios=(1, 1.3))
    level_pct = levels_pct(np.array([frame.envelope_uv for frame in frames]), calibration)
    top.plot(time_s, level_pct[:, 0], color=GMED, linewidth=2, label="GMed")
    top.plot(time_s, level_pct[:, 1], color=WAIST, linewidth=2, linestyle="--", label="waist (QL site)")
    top.set_ylabel("level, % of reference")
    top.legend(frameon=False, loc="upper right", ncols=2, bbox_to_anchor=(1, 1.2))
    bottom.plot(time_s, np.where(known, ratio, np.nan), color=GMED, linewidth=2, label="measured ratio")
    bottom.plot(
        time_s, np.where(known, np.nan, low), color=GMED, linestyle=":", linewidth=2.5, label="at least this"
    )
    bottom.axhline(LINE, color=INK, linestyle="--", label=f"the line, {LINE} : 1")
    _ratio_axis(bottom, (1, 1.5, 2, 3, 5, 10, 20))
    bottom.set_xlim(1, 13)
    bottom.legend(frameon=False, loc="upper left")
    return figure


def _ratio_axis(axes: Axes, ticks: tuple[float, ...]) -> None:
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(ticks[0], ticks[-1])
    axes.set_ylabel("GMed : waist (ratio)")
    axes.set_xlabel("time, s")


def electrode_off(seed: int) -> Figure:
    """A TFL electrode falls off while both muscles go on as before."""
    off_s = 6.0
    rng = np.random.default_rng(seed)

    def fall(recording: Recording, start: int) -> None:
        column = recording.counts[start + round(off_s * FS_HZ) :, 1]
        column[:] = np.rint(0.6 * rng.standard_normal(len(column)) / LSB_UV)

    frames, calibration, start_s = judged({"work": (11.0, 30.0, 30.0)}, "tfl", seed, fall)
    time_s = _times_s(frames, start_s)
    level_pct = levels_pct(np.array([frame.envelope_uv for frame in frames]), calibration)
    flagged = np.array([bool(frame.quality[1] & (Quality.OFF | Quality.FLAT)) for frame in frames])
    figure, axes = plt.subplots(figsize=(10, 3.8))
    axes.plot(time_s, level_pct[:, 0], color=GMED, linewidth=2, label="GMed")
    axes.plot(time_s, level_pct[:, 1], color=TFL, linewidth=2, linestyle="--", label="TFL, as measured")
    axes.axhline(30, color=INK, linewidth=1, label="the truth: both at 30 %")
    axes.axvline(off_s, color=INK, linestyle=":")
    axes.text(off_s - 0.1, 52, "the electrode falls off", ha="right")
    assert flagged.any(), "the fallen electrode was not noticed"
    seen_s = float(time_s[np.argmax(flagged)])
    axes.axvspan(seen_s, time_s[-1], facecolor="#EEEEEE", hatch="//", edgecolor="white", zorder=0)
    axes.text(seen_s + 0.1, 52, "“electrode off”: no reward")
    axes.set_xlim(1, 12)
    axes.set_ylim(0, 58)
    axes.set_xlabel("time, s")
    axes.set_ylabel("level, % of reference")
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.15))
    return figure


def rates() -> Figure:
    """What each rate keeps of EMG, and how wrong a ratio of microvolts can be."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
    grids = {fs_hz: grid_for(float(fs_hz), trunk=False) for fs_hz in AVERAGED}
    kept_pct = [100 * power_kept(grid, averaged=AVERAGED[fs_hz]) for fs_hz, grid in grids.items()]
    bias = [raw_ratio_bias(grid, AVERAGED[fs_hz]) for fs_hz, grid in grids.items()]
    left.bar(range(len(grids)), kept_pct, 0.6, color=GMED)
    right.bar(range(len(grids)), np.array(bias) - 1, 0.6, bottom=1, color=TFL)
    for axes in (left, right):
        axes.set_xticks(range(len(grids)), [str(fs_hz) for fs_hz in grids])
        axes.set_xlabel("sampling rate, Hz")
    for x, value in enumerate(kept_pct):
        left.text(x, value + 2, f"{value:.0f}", ha="center")
    for x, value in enumerate(bias):
        right.text(x, value + 0.02, f"{value:.2f}", ha="center")
    left.set_ylim(0, 105)
    left.set_ylabel("EMG power kept, %")
    right.axhline(1, color=INK, linewidth=1)
    right.set_ylim(0.95, 1.85)
    right.set_ylabel("microvolt ratio, times the truth")
    return figure


def main() -> None:
    """Write every picture into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    images = Path(__file__).resolve().parent.parent / "docs" / "images"
    parser.add_argument("--out", type=Path, default=images)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    mpl.rcParams.update(STYLE)
    pictures = {
        "lifts": lifts(),
        "interval": interval(options.seed),
        "at_least": at_least(options.seed),
        "electrode_off": electrode_off(options.seed),
        "rates": rates(),
    }
    for name, figure in pictures.items():
        file = options.out / f"truth_{name}.png"
        figure.savefig(file, bbox_inches="tight", metadata={"Software": None})
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
