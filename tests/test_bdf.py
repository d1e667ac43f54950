"""BDF+ files: every count exact, headers believed only when they make sense."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from recording_kit import GAINS, META, cyton_lsb_uv, pattern, stream

from emgfeedback.errors import InputError, RecordingError
from emgfeedback.storage.bdf import (
    LOST,
    BdfCounts,
    BdfReader,
    BdfWriter,
    annotation,
    encode,
    live_header,
    short_labels,
)
from emgfeedback.storage.bdf_header import choose_record, fit, parse_header, scale_of, unit_scale
from emgfeedback.storage.recorder import Recorder
from emgfeedback.storage.recording import open_recording
from emgfeedback.values import ACCEL, Channel, Chunk

FAST_HZ = 100_000.0  # records of 50 000 samples: few forced writes


def record_codes(library: Path, gain: int, codes: np.ndarray, n_channels: int) -> Path:
    info = stream(FAST_HZ, n_channels, cyton_lsb_uv(gain))
    recorder = Recorder(library, info, {**META, "gain": gain})
    counts = codes.reshape(-1, n_channels).astype(np.int32)
    recorder.on_chunk(Chunk(0, counts, np.empty(0)))
    return recorder.close()


def check_in_three_readers(path: Path, gain: int, codes: np.ndarray, n_channels: int) -> None:
    wanted = codes.reshape(-1, n_channels)
    ours = open_recording(path)
    assert np.array_equal(ours.counts[:], wanted)
    assert ours.info.lsb_uv == cyton_lsb_uv(gain)
    foreign = edfio.read_bdf(path)
    raw = mne.io.read_raw_bdf(path, verbose="error")
    for column in range(n_channels):
        assert np.array_equal(foreign.signals[column].digital[: len(wanted)], wanted[:, column])
        volts = raw.get_data(picks=[column], stop=len(wanted))[0]
        assert np.array_equal(np.rint(volts / (cyton_lsb_uv(gain) * 1e-6)), wanted[:, column])


def test_all_24_bit_codes_come_back_from_three_readers(tmp_path):
    codes = np.arange(-(2**23), 2**23)
    check_in_three_readers(record_codes(tmp_path, 24, codes, 16), 24, codes, 16)


@pytest.mark.parametrize("gain", GAINS)
def test_codes_come_back_at_every_gain_of_the_cyton(tmp_path, gain):
    codes = np.concatenate([np.arange(-(2**23), 2**23, 509), [2**23 - 1, -(2**23), -1, 0, 1]])
    codes = codes[: len(codes) // 8 * 8]
    codes[-5:] = [2**23 - 1, -(2**23), -1, 0, 1]
    check_in_three_readers(record_codes(tmp_path, gain, codes, 8), gain, codes, 8)


@pytest.mark.full
@pytest.mark.parametrize("gain", GAINS)
def test_all_24_bit_codes_come_back_at_every_gain(tmp_path, gain):
    codes = np.arange(-(2**23), 2**23)
    check_in_three_readers(record_codes(tmp_path, gain, codes, 16), gain, codes, 16)


@pytest.mark.parametrize("gain", GAINS)
def test_the_header_alone_gives_the_scale_of_the_cyton(tmp_path, gain):
    header = live_header(stream(lsb_uv=cyton_lsb_uv(gain)), None)
    again = parse_header(header.to_bytes(), "x.bdf")
    assert again.signals[0].lsb == pytest.approx(cyton_lsb_uv(gain), rel=1e-15)
    assert again == header or again.started_at is not None  # 1985 stands for an unknown date


def test_zero_stays_zero_where_eight_characters_round_the_scale(tmp_path):
    ganglion = stream(200.0, 4, lsb_uv=1.2 / (2**23 - 1) / 1.5 / 51 * 1e6)
    signal = parse_header(live_header(ganglion, None).to_bytes(), "x.bdf").signals[0]
    assert signal.physical_min == -signal.physical_max
    assert signal.lsb == pytest.approx(ganglion.lsb_uv, rel=2e-6)


@pytest.mark.parametrize("fs_hz", [125, 200, 250, 500, 512, 1000, 1600, 2000])
def test_the_rates_of_boards_have_exact_record_lengths(fs_hz):
    n_samples, record_s = choose_record(fs_hz)
    assert n_samples == record_s * fs_hz
    assert Decimal("0.45") <= record_s <= Decimal("0.5")


@given(st.floats(2, 100_000))
@example(3.0)
def test_any_rate_has_a_record_of_at_most_half_a_second_that_keeps_it_to_a_millionth(fs_hz):
    n_samples, record_s = choose_record(fs_hz)
    assert 1 <= n_samples <= 0.5 * fs_hz
    assert n_samples / float(record_s) == pytest.approx(fs_hz, rel=2e-6)
    assert len(str(record_s)) <= 8


@given(st.floats(-99_999_999, 99_999_999).filter(lambda x: x >= 0 or x > -9_999_999))
def test_a_number_is_written_as_exactly_as_eight_characters_allow(value):
    text = fit(value)
    assert len(text) <= 8
    assert float(text) == pytest.approx(value, rel=1e-5, abs=5.1e-6)


@pytest.mark.parametrize("lsb_uv", [0.0, -1.0, float("nan"), float("inf"), 1e-12, 1e9])
def test_a_scale_that_no_amplifier_has_is_refused(lsb_uv):
    with pytest.raises(RecordingError, match="lsb_uv"):
        scale_of(lsb_uv)


@pytest.mark.parametrize("lsb_uv", [1e-6, 1e-3, 0.1, 1.0, *map(cyton_lsb_uv, GAINS)])
def test_decimal_steps_and_every_gain_of_a_cyton_stand_exactly_in_the_header(lsb_uv):
    scale = scale_of(lsb_uv)
    factor = {"uV": 1.0, "mV": 1e3, "V": 1e6}[scale.unit]
    assert scale.physical_max * factor / scale.count_max == pytest.approx(lsb_uv, rel=1e-14)


BOARD_LSBS_G = (0.000125, 0.016, 0.001)


@pytest.mark.parametrize("lsb_g", BOARD_LSBS_G)
def test_the_header_alone_gives_the_exact_scale_of_an_accelerometer(lsb_g):
    header = parse_header(live_header(stream(lsb_g=lsb_g), None).to_bytes(), "x.bdf")
    for signal in header.signals[8:11]:
        assert (signal.unit, signal.lsb) == ("g", lsb_g)
        assert signal.digital_max == -signal.digital_min == 8_000_000
    assert header.signals[0].digital_max == 2**23 - 1


@given(st.floats(1e-9, 1.0))
def test_any_step_of_an_accelerometer_stands_in_the_header_as_well_as_it_can(lsb):
    scale = unit_scale("g", lsb)
    assert scale.physical_max / scale.count_max == pytest.approx(lsb, rel=1e-3 if lsb < 1e-7 else 1e-5)
    assert len(fit(-scale.physical_max)) <= 8


@pytest.mark.parametrize("lsb", [0.0, -1.0, math.nan, math.inf, 1e-12, 1e9])
def test_a_step_that_no_accelerometer_has_is_refused(tmp_path, lsb):
    axis = Channel("Accel X", kind=ACCEL, unit="g", lsb=lsb)
    info = replace(stream(), channels=(*stream().channels, axis))
    with pytest.raises(RecordingError, match="one count is"):
        Recorder(tmp_path, info, META)
    assert not list(tmp_path.rglob("*.bdf"))


@pytest.mark.parametrize("lsb_g", BOARD_LSBS_G)
def test_an_accelerometer_comes_back_from_three_readers_in_its_own_unit(tmp_path, lsb_g):
    info = stream(1000.0, 2, lsb_g=lsb_g)
    wanted = pattern(0, 900, 5)
    wanted[:4, 2:] = [[8_000_000], [-8_000_000], [32_767], [-32_768]]
    recorder = Recorder(tmp_path, info, META)
    recorder.on_chunk(Chunk.from_counts(0, wanted, info.lsb_uv))
    path = recorder.close()
    recording = open_recording(path)
    assert recording.info == info
    assert np.array_equal(recording.counts[:], wanted)
    foreign = edfio.read_bdf(path)
    raw = mne.io.read_raw_bdf(path, verbose="error")
    for column in (2, 3, 4):
        signal = foreign.signals[column]
        assert (signal.label, signal.physical_dimension) == (info.channels[column].name, "g")
        assert np.array_equal(signal.digital[:900], wanted[:, column])
        np.testing.assert_allclose(signal.data[:900], wanted[:, column] * lsb_g, rtol=1e-12, atol=1e-9)
        assert np.array_equal(np.rint(raw.get_data(picks=[column], stop=900)[0] / lsb_g), wanted[:, column])


@pytest.mark.parametrize("fs_hz", [0.0, -250.0, float("nan"), float("inf"), 100_001.0])
def test_a_rate_that_no_board_has_is_refused(tmp_path, fs_hz):
    with pytest.raises(RecordingError, match="cannot be recorded"):
        Recorder(tmp_path, stream(fs_hz), META)


@pytest.mark.parametrize("n_channels", [0, 513])
def test_a_number_of_channels_that_no_board_has_is_refused(tmp_path, n_channels):
    with pytest.raises(RecordingError, match="channels"):
        Recorder(tmp_path, stream(250.0, n_channels), META)


def test_labels_are_short_ascii_and_never_alike():
    labels = short_labels(["gap", "", "Gluteus medius links", "Gluteus medius rechts", "Müller", "a", "a"])
    assert len(set(labels)) == len(labels)
    assert all(0 < len(label) <= 16 and label.isascii() for label in labels)
    assert "gap" not in labels


def test_an_annotation_cannot_break_out_of_its_field():
    block = annotation(Decimal("1.500"), "a\x14b\x00c\n" + "ü" * 300)
    assert block.startswith(b"+1.5\x14a b c ")
    assert block.count(b"\x14") == 2
    assert block.count(b"\x00") == 1
    assert len(block) < 3 * 64 - 20
    assert annotation(Decimal("1E+2")) == b"+100\x14\x14\x00"


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 5))
def test_encoding_is_24_bit_little_endian_signal_by_signal(seed, n_samples, n_channels):
    counts = np.random.default_rng(seed).integers(-(2**23), 2**23, (n_samples, n_channels), dtype=np.int32)
    by_hand = b"".join(struct.pack("<i", int(count))[:3] for count in counts.T.ravel())
    assert encode(counts) == by_hand


@settings(max_examples=200)
@given(st.one_of(st.slices(40), st.integers(-40, 39)))
def test_counts_slice_like_an_array(key):
    wanted = pattern(0, 42, 3)
    records = np.frombuffer(b"".join(encode(wanted[i : i + 7]) for i in range(0, 42, 7)), np.uint8)
    counts = BdfCounts(records.reshape(6, 63), [0, 21, 42], 7).head(40)
    wanted = wanted[:40]
    assert counts.shape == wanted.shape
    assert len(counts) == 40
    assert np.array_equal(counts[key], wanted[key])
    assert counts[key].dtype == np.int32
    assert np.array_equal(counts[key, 1], wanted[key, 1])
    assert np.array_equal(np.asarray(counts), wanted)


def test_the_count_is_raised_only_after_the_record_is_written(tmp_path):
    header = live_header(stream(n_channels=1), None)
    writer = BdfWriter(tmp_path / "x.bdf", header)
    for n in range(3):
        assert BdfReader(tmp_path / "x.bdf").header.n_records == n
        assert BdfReader(tmp_path / "x.bdf").n_whole == n
        writer.append(bytes([LOST]) * header.record_bytes)
    writer.close()
    writer.close()


@pytest.fixture(scope="module")
def small_file(tmp_path_factory) -> bytes:
    return record_codes(tmp_path_factory.mktemp("small"), 24, np.arange(100), 2).read_bytes()


def test_a_file_cut_anywhere_in_its_header_is_refused_in_one_sentence(small_file, tmp_path):
    path = tmp_path / "cut.bdf"
    for n_bytes in range(256 * 5):
        path.write_bytes(small_file[:n_bytes])
        with pytest.raises(InputError, match=r"cut\.bdf: .*") as refusal:
            open_recording(path)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("low", "high"), [(b"5       ", b"5       "), (b"5       ", b"-5      ")])
def test_limits_that_span_nothing_are_refused(small_file, tmp_path, low, high):
    at = 256 + 4 * (16 + 80 + 8)  # physical minima of four signals, then their maxima
    data = small_file[:at] + low + small_file[at + 8 : at + 32] + high + small_file[at + 40 :]
    (tmp_path / "x.bdf").write_bytes(data)
    with pytest.raises(InputError, match="a minimum is not below its maximum"):
        open_recording(tmp_path / "x.bdf")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 256 * 5 - 1), st.binary(min_size=1, max_size=12))
def test_a_header_with_junk_in_it_opens_plausibly_or_is_refused(small_file, tmp_path_factory, at, junk):
    path = tmp_path_factory.getbasetemp() / "junk.bdf"
    path.write_bytes(small_file[:at] + junk + small_file[at + len(junk) :])
    try:
        recording = open_recording(path)
    except InputError:
        return
    assert 1 <= recording.info.fs_hz <= 100_000
    assert recording.info.lsb_uv > 0
    assert recording.counts[:3].shape[1] == len(recording.info.channels)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000))
def test_junk_is_refused(tmp_path_factory, junk):
    path = tmp_path_factory.getbasetemp() / "noise.bdf"
    path.write_bytes(junk)
    with pytest.raises(InputError):
        open_recording(path)
