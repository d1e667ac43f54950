"""What a run publishes over LSL, read back as another program would."""

import json
import time
from typing import Any

import numpy as np
import pytest
from lsl_kit import PATIENCE_S, Reader, new_name, pylsl_or_skip
from run_kit import patient_job, protocol, repetitions, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.run.job import grid_of
from emgfeedback.run.lsl_outlets import LslOutlets
from emgfeedback.sources.lsl.description import FLOAT_STEP_UV
from emgfeedback.sources.patient import Patient
from emgfeedback.values import ACCEL, Channel, Chunk, Event, StreamInfo, Tick


@pytest.fixture(scope="session")
def pylsl() -> Any:
    return pylsl_or_skip()


class Listener:
    """An inlet as another program would have it."""

    def __init__(self, pylsl: Any, called: str) -> None:
        (found,) = pylsl.resolve_byprop("name", called, timeout=PATIENCE_S)
        self.inlet = pylsl.StreamInlet(found)
        self.info = self.inlet.info(PATIENCE_S)
        self.inlet.open_stream(PATIENCE_S)

    def rows(self, n_rows: int) -> tuple[list[Any], list[float]]:
        rows, stamps_s = [], []
        while len(rows) < n_rows:
            row, stamp_s = self.inlet.pull_sample(PATIENCE_S)
            assert row is not None, f"{len(rows)} of {n_rows} rows came"
            rows.append(row)
            stamps_s.append(stamp_s)
        return rows, stamps_s


class Witness:
    """A sink that keeps chunks and ticks."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.ticks: list[Tick] = []

    def on_chunk(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    def on_tick(self, tick: Tick) -> None:
        self.ticks.append(tick)


def test_the_outlets_say_what_the_run_saw_and_decided(pylsl: Any) -> None:
    job = patient_job(Patient(seed=3), protocol(repetitions(1, 2.0, 1.0)))
    called, witness = new_name(), Witness()
    outlets = LslOutlets(job.info, grid_of(job.info), called)
    raw, levels, events = (Listener(pylsl, f"{called} {what}") for what in ("raw", "levels", "events"))
    job.run((outlets, witness))
    counts = np.concatenate([chunk.counts for chunk in witness.chunks])
    rows, stamps_s = raw.rows(len(counts))
    np.testing.assert_array_equal(np.rint(np.array(rows) / job.info.lsb_uv), counts)
    assert np.all(np.isfinite(stamps_s))
    told, _ = levels.rows(len(witness.ticks))
    expected = [
        [*t.level_pct, t.dominance.share, t.dominance.margin_ln, float(t.reward.good)] for t in witness.ticks
    ]
    np.testing.assert_array_equal(np.array(told), np.array(expected))
    happened = [event for tick in witness.ticks for event in tick.events]
    lines, _ = events.rows(len(happened))
    decoded = [json.loads(line) for (line,) in lines]
    assert [(d["sample"], d["kind"]) for d in decoded] == [(e.sample, e.kind) for e in happened]
    outlets.close()


def test_the_outlets_describe_themselves_and_give_g_for_the_accelerometer(pylsl: Any) -> None:
    emg = stream()
    axis = Channel("Accel X", kind=ACCEL, unit="g", lsb=0.000125)
    info = StreamInfo(emg.fs_hz, (*emg.channels, axis), emg.device, emg.lsb_uv)
    grid, called = grid_for(info.fs_hz, trunk=True), new_name()
    outlets = LslOutlets(info, grid, called)
    raw, levels = Listener(pylsl, f"{called} raw"), Listener(pylsl, f"{called} levels")
    assert raw.info.get_channel_labels() == ["gmed", "tfl", "ql", "Accel X"]
    assert raw.info.get_channel_units() == ["microvolts"] * 3 + ["g"]
    assert levels.info.get_channel_labels() == ["gmed", "tfl", "ql", "share", "margin_ln", "good"]
    assert levels.info.nominal_srate() == pytest.approx(info.fs_hz / grid.hop_samples)
    counts = np.array([[1, 2, 3, 8000]], np.int32)
    outlets.on_chunk(Chunk.from_counts(0, counts, info.lsb_uv, received_s=time.monotonic()))
    (row,), _ = raw.rows(1)
    assert row[3] == pytest.approx(1.0)
    assert row[:3] == pytest.approx([info.lsb_uv, 2 * info.lsb_uv, 3 * info.lsb_uv])


def test_an_event_carries_the_time_of_its_sample_and_no_bare_nan(pylsl: Any) -> None:
    info, called = stream(), new_name()
    outlets = LslOutlets(info, grid_for(info.fs_hz, trunk=True), called)
    raw, events = Listener(pylsl, f"{called} raw"), Listener(pylsl, f"{called} events")
    counts = np.zeros((250, 3), np.int32)
    outlets.on_chunk(Chunk.from_counts(0, counts, info.lsb_uv, received_s=time.monotonic()))
    outlets.log([Event(125, "note", {"text": "größer", "value": np.nan})])
    _, chunk_s = raw.rows(250)
    ((line,),), (event_s,) = events.rows(1)
    assert line == '{"sample":125,"kind":"note","data":{"text":"größer","value":null}}'
    assert event_s == pytest.approx(chunk_s[124], abs=1e-6)


def test_what_one_program_publishes_another_reads_count_for_count(pylsl: Any) -> None:
    info, called = stream(), new_name()
    outlets = LslOutlets(info, grid_for(info.fs_hz, trunk=True), called)
    reader = Reader(f"{called} raw")
    counts = np.random.default_rng(2).integers(-9000, 9000, (500, 3)).astype(np.int32)
    outlets.on_chunk(Chunk.from_counts(0, counts, info.lsb_uv, received_s=time.monotonic()))
    reader.rows(500)
    back_uv = reader.counts * reader.source.info.lsb_uv
    assert np.abs(back_uv - counts * info.lsb_uv).max() <= FLOAT_STEP_UV / 2 + 1e-9
    assert [channel.name for channel in reader.source.info.channels] == ["gmed", "tfl", "ql"]
    reader.source.close()
