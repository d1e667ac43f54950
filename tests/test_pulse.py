"""The heartbeat between band-pass and squaring: heard at rest, taken out 60 ms late, told where it stays."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from run_kit import LSB_UV, MUSCLES, Ticks, calibrating, patient_job, protocol, repetitions, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.run.outcome import tick_bytes
from emgfeedback.sources.patient import Patient
from emgfeedback.values import Chunk, Frame, Phase, Quality, Setup, Tick

FS_HZ = 250.0
HOP, DELAY_HOPS = 5, 3
REMOVE = Setup(heartbeat=(False, False, True))
SESSION = protocol([Phase("rest", 15, "Rest"), *calibrating()[1:], *repetitions(2)])


def counts(seconds: float, ecg_uv: float = 100.0) -> np.ndarray:
    person = Patient("rest", FS_HZ, seed=7, n_channels=3, ecg_uv=ecg_uv)
    return np.asarray(person.next_counts(round(seconds * FS_HZ)))


def frames(setup: Setup, data: np.ndarray, cuts: Sequence[int], gap: tuple[int, int] = (0, 0)) -> list[Frame]:
    """Frames of data cut at these rows, with the rows of ``gap`` lost."""
    pipeline = Pipeline(stream(), grid_for(FS_HZ, trunk=True), 50.0)
    pipeline.configure(setup)
    found: list[Frame] = []
    edges = sorted({0, *cuts, *gap, len(data)})
    for first, end in pairwise(edges):
        if not gap[0] <= first < gap[1]:
            found += pipeline.frames(Chunk.from_counts(first, data[first:end].astype(np.int32), LSB_UV))
    return found


def test_frames_come_late_but_with_their_own_time_and_none_is_left_out_or_doubled() -> None:
    data = counts(20.0)
    ends = [frame.end_sample for frame in frames(REMOVE, data, [1, 7, 50, 1000])]
    assert ends == list(range(HOP, len(data) - DELAY_HOPS * HOP + 1, HOP))


def test_a_gap_takes_what_was_on_its_way_and_every_hop_is_told_once() -> None:
    data = counts(20.0)
    found = frames(REMOVE, data, range(0, len(data), 20), gap=(2503, 3001))
    ends = [frame.end_sample for frame in found]
    assert ends == list(range(HOP, len(data) - DELAY_HOPS * HOP + 1, HOP))
    lost = [frame.end_sample for frame in found if frame.quality[0] & Quality.GAP]
    assert (lost[0], lost[-1]) == (2500 - (DELAY_HOPS - 1) * HOP, 3005)


@pytest.mark.parametrize("size", [1, 7, 50, 5000])
def test_the_size_of_chunks_changes_no_bit(size: int) -> None:
    data = counts(20.0)
    whole = frames(REMOVE, data, [])
    cut = frames(REMOVE, data, range(0, len(data), size))
    assert [f.envelope_uv.tobytes() + f.quality.tobytes() for f in whole] == [
        f.envelope_uv.tobytes() + f.quality.tobytes() for f in cut
    ]


def test_without_removal_nothing_is_late() -> None:
    data = counts(4.0)
    assert frames(Setup(), data, [])[-1].end_sample == len(data)


def run(ecg_uv: float, kept: list[Chunk] | None = None) -> list[Tick]:
    ticks = Ticks()
    if kept is not None:
        ticks.on_chunk = kept.append  # type: ignore[method-assign]
    job = patient_job(Patient("taught", FS_HZ, seed=7, n_channels=3, ecg_uv=ecg_uv), SESSION)
    job.run((ticks,))
    return ticks


class Played:
    """A source that gives kept samples again, in chunks of another size."""

    def __init__(self, kept: Sequence[Chunk], size: int) -> None:
        self._counts, self._size = np.concatenate([chunk.counts for chunk in kept]), size

    def __iter__(self) -> Iterator[Chunk]:
        for first in range(0, len(self._counts), self._size):
            yield Chunk.from_counts(first, self._counts[first : first + self._size], LSB_UV)

    def close(self) -> None:
        pass


def events(ticks: Sequence[Tick], kind: str) -> list[dict]:
    return [dict(event.data) for tick in ticks for event in tick.events if event.kind == kind]


def test_a_strong_heartbeat_is_heard_at_rest_taken_out_and_rest_is_done_again() -> None:
    ticks = run(150.0)
    first, second = events(ticks, "heartbeat")
    waist = MUSCLES.index("ql")
    assert first["residue_uv"][waist] > first["limit_uv"][waist] > second["residue_uv"][waist]
    assert (first["taken_out"], second["taken_out"]) == (False, True)
    assert 35 < first["rate_bpm"] < 200
    assert [data["heartbeat"] for data in events(ticks, "setup") if "heartbeat" in data] == [
        [False, False, True]
    ]
    assert [data["kind"] for data in events(ticks, "phase")][:2] == ["rest", "rest"]
    (made,) = events(ticks, "calibration")
    assert made["chain"]["heartbeat"] == [False, False, True]
    assert [data["rewarded"] for data in events(ticks, "repetition")] == [True, True]


def test_a_weak_heartbeat_is_told_and_left_alone() -> None:
    ticks = run(5.0)
    told = events(ticks, "heartbeat")
    assert len(told) == 1
    assert not any("heartbeat" in data for data in events(ticks, "setup"))
    assert [data["rewarded"] for data in events(ticks, "repetition")] == [True, True]


def test_a_session_with_removal_gives_the_same_bits_at_any_chunk_size() -> None:
    kept: list[Chunk] = []
    live, again = run(150.0, kept), Ticks()
    job = patient_job(Patient("taught", FS_HZ, seed=7, n_channels=3), SESSION)
    job.source, job.sinks = Played(kept, 37), ()
    job.run((again,))
    assert [tick_bytes(tick) for tick in again] == [tick_bytes(tick) for tick in live]


def test_a_heartbeat_that_stays_is_flagged_and_earns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from emgfeedback.processing import ecg

    monkeypatch.setattr(ecg.Heartbeat, "_take_out", lambda self, beat: None)
    ticks = run(150.0)
    work = [tick for tick in ticks if tick.phase.kind == "work"]
    assert all(tick.frame.quality[2] & Quality.HEARTBEAT for tick in work)
    assert not any(tick.reward.good for tick in work)
    assert ["heartbeat"] in [data.get("ql") for data in events(ticks, "quality")]
    assert math.isfinite(events(ticks, "heartbeat")[-1]["residue_uv"][2])
