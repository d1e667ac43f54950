"""A stream of LSL as a source, on the loopback of one computer."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from lsl_kit import FS_HZ, PATIENCE_S, Amplifier, Reader, new_name, pylsl_or_skip

from emgfeedback.errors import SourceError
from emgfeedback.sources.lsl import LslSource, discovery, open_lsl, parse_query, source
from emgfeedback.sources.lsl.description import FLOAT_STEP_UV
from emgfeedback.values import COUNT_MAX


@pytest.fixture(scope="session")
def pylsl() -> Any:
    return pylsl_or_skip()


@pytest.fixture
def signal_uv() -> np.ndarray:
    return np.random.default_rng(7).normal(0, 80, (4000, 4))


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    made: list[Reader] = []
    yield made
    for reader in made:
        reader.source.close()


def test_floats_come_back_within_half_a_step_with_names_and_rate(
    pylsl: Any, signal_uv: np.ndarray, readers: list[Reader]
) -> None:
    amplifier = Amplifier(pylsl, new_name(), signal_uv, number="float32")
    readers.append(reader := Reader(amplifier.called))
    for _ in range(40):
        amplifier.send(100)
    reader.rows(4000)
    info = reader.source.info
    assert (info.fs_hz, info.lsb_uv) == (FS_HZ, FLOAT_STEP_UV)
    assert [channel.name for channel in info.channels] == list("abcd")
    assert amplifier.called in info.device
    assert reader.index == list(range(4000))
    assert np.abs(reader.counts * info.lsb_uv - signal_uv).max() <= FLOAT_STEP_UV / 2 + 1e-4
    assert reader.source.warnings == []
    assert reader.source.link == "streaming"
    assert reader.links == []


def test_whole_numbers_come_back_exactly(pylsl: Any, readers: list[Reader]) -> None:
    counts = np.random.default_rng(1).integers(-30000, 30000, (500, 3)).astype(np.int16)
    amplifier = Amplifier(pylsl, new_name(), counts, number="int16", unit="nV")
    readers.append(reader := Reader(amplifier.called))
    amplifier.send(500)
    reader.rows(500)
    np.testing.assert_array_equal(reader.counts, counts)
    assert reader.source.info.lsb_uv == 1e-3


def test_lost_samples_are_a_gap_in_the_index(
    pylsl: Any, signal_uv: np.ndarray, readers: list[Reader]
) -> None:
    amplifier = Amplifier(pylsl, new_name(), signal_uv)
    readers.append(reader := Reader(amplifier.called))
    amplifier.send(1000)
    amplifier.skip(333)
    amplifier.send(1000)
    reader.rows(2000)
    assert reader.index == [*range(1000), *range(1333, 2333)]
    truth = signal_uv[reader.index]
    assert np.abs(reader.counts * FLOAT_STEP_UV - truth).max() <= FLOAT_STEP_UV / 2 + 1e-9


def test_a_row_that_is_no_number_is_flagged_and_too_large_ones_are_cut_with_a_warning(
    pylsl: Any, readers: list[Reader]
) -> None:
    values = np.zeros((50, 2))
    values[10, 1], values[20, 0], values[30, 0] = np.nan, np.inf, 1e9
    amplifier = Amplifier(pylsl, new_name(), values)
    readers.append(reader := Reader(amplifier.called))
    amplifier.send(50)
    reader.rows(50)
    flags = [
        chunk.flagged if chunk.flagged is not None else np.zeros(len(chunk.counts)) for chunk in reader.chunks
    ]
    assert np.flatnonzero(np.concatenate(flags)).tolist() == [10, 20]
    assert reader.counts[30, 0] == COUNT_MAX
    assert reader.counts[10, 1] == 0
    (warning,) = reader.source.warnings
    assert "839 mV" in warning


@pytest.mark.parametrize("source_id", ["", "serial 1"])
def test_an_outlet_that_vanishes_is_stalled_then_lost_and_goes_on_after_a_gap_when_it_is_back(
    pylsl: Any,
    signal_uv: np.ndarray,
    readers: list[Reader],
    source_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source, "STALL_S", 0.3)
    monkeypatch.setattr(source, "LOST_S", 0.9)
    amplifier = Amplifier(pylsl, new_name(), signal_uv, source_id=source_id and f"{source_id} {new_name()}")
    readers.append(reader := Reader(amplifier.called))
    amplifier.send(500)
    reader.rows(500)
    amplifier.switch_off()
    reader.until(lambda: reader.source.link == "lost")
    amplifier.skip(250)
    amplifier.switch_on()
    reader.until(lambda: amplifier.outlet.have_consumers())
    amplifier.send(500)
    reader.rows(1000)
    assert [state for state, _ in reader.links] in (["stalled", "lost", "streaming"], ["lost", "streaming"])
    assert reader.index == [*range(500), *range(750, 1250)]


def test_an_outlet_that_pauses_is_stalled_and_its_late_rows_are_not_lost(
    pylsl: Any, signal_uv: np.ndarray, readers: list[Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "STALL_S", 0.2)
    amplifier = Amplifier(pylsl, new_name(), signal_uv)
    readers.append(reader := Reader(amplifier.called))
    amplifier.send(100)
    reader.rows(100)
    reader.until(lambda: reader.source.link == "stalled")
    amplifier.send(100)
    reader.rows(200)
    assert [state for state, _ in reader.links] == ["stalled", "streaming"]
    assert reader.index == list(range(200))


def test_what_was_sent_before_the_run_began_is_not_in_it(pylsl: Any, signal_uv: np.ndarray) -> None:
    amplifier = Amplifier(pylsl, new_name(), signal_uv)
    early = open_lsl(amplifier.called)
    early.connect()
    amplifier.send(300)
    deadline_s = time.monotonic() + PATIENCE_S
    while not early._inlet.samples_available():
        assert time.monotonic() < deadline_s
    amplifier.skip(300)
    rows = iter(early)
    next(rows)
    amplifier.send(100)
    chunk = next(chunk for chunk in rows if len(chunk.counts))
    early.close()
    assert chunk.first_sample == 0
    np.testing.assert_allclose(chunk.counts[0] * FLOAT_STEP_UV, signal_uv[600], atol=FLOAT_STEP_UV / 2 + 1e-9)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


def test_the_rate_is_measured_against_this_computers_clock(
    pylsl: Any, signal_uv: np.ndarray, readers: list[Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    amplifier, clock = Amplifier(pylsl, new_name(), signal_uv), HandClock()
    monkeypatch.setattr(source, "time", clock)
    readers.append(reader := Reader(amplifier.called))
    assert np.isnan(reader.source.drift_ppm)
    for turn in range(1, 81):
        amplifier.send(50)
        clock.now_s += 0.05 / (1 + 300e-6)
        reader.rows(50 * turn)
    assert reader.source.drift_ppm == pytest.approx(300, abs=20)
    assert reader.source.fs_measured_hz == pytest.approx(1000.3, abs=0.02)


def test_a_stream_that_never_sends_is_an_error_with_the_next_step(
    pylsl: Any, signal_uv: np.ndarray, readers: list[Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SILENT_S", 0.2)
    amplifier = Amplifier(pylsl, new_name(), signal_uv)
    readers.append(reader := Reader(amplifier.called))
    with pytest.raises(SourceError, match="start the measurement"):
        reader.until(lambda: False)


def test_no_such_stream_is_an_error_with_the_next_step(pylsl: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "RESOLVE_S", 0.3)
    with pytest.raises(SourceError, match="was found in") as refusal:
        open_lsl(new_name()).connect()
    assert "start the stream" in str(refusal.value)


def test_two_streams_that_fit_are_refused_and_a_source_id_chooses(
    pylsl: Any, signal_uv: np.ndarray, readers: list[Reader]
) -> None:
    called = new_name()
    one = Amplifier(pylsl, called, signal_uv, source_id=f"{called} one")
    other = Amplifier(pylsl, called, signal_uv[:, :2], source_id=f"{called} other")
    with pytest.raises(SourceError, match="2 LSL streams"):
        open_lsl(called).connect()
    readers.append(reader := Reader(f"name={called},source_id={called} other"))
    assert len(reader.source.info.channels) == 2
    assert one.outlet is not other.outlet


def test_text_and_irregular_streams_are_refused(pylsl: Any, signal_uv: np.ndarray) -> None:
    irregular = Amplifier(pylsl, new_name(), signal_uv, fs_hz=0.0)
    with pytest.raises(SourceError, match="irregular rate"):
        open_lsl(irregular.called).connect()
    text = Amplifier(pylsl, new_name(), signal_uv, number="string")
    with pytest.raises(SourceError, match="carries text"):
        open_lsl(text.called).connect()


def test_connecting_is_given_up_when_another_thread_closes(
    pylsl: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "RESOLVE_S", 3600.0)
    amplifier = open_lsl(new_name())
    thread = threading.Thread(target=amplifier.connect)
    thread.start()
    amplifier.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert list(amplifier) == []


def test_closing_ends_the_iteration(pylsl: Any, signal_uv: np.ndarray, readers: list[Reader]) -> None:
    amplifier = Amplifier(pylsl, new_name(), signal_uv)
    readers.append(reader := Reader(amplifier.called))
    amplifier.send(10)
    reader.rows(10)
    reader.source.close()
    with pytest.raises(StopIteration):
        reader.until(lambda: False)
    assert reader.source.link == "closed"


def test_a_source_has_no_rate_and_no_drift_before_it_is_connected() -> None:
    unconnected = LslSource(parse_query("amplifier"))
    assert np.isnan([unconnected.fs_measured_hz, unconnected.drift_ppm]).all()
    assert unconnected.link == "absent"
