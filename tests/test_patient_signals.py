"""The signals of the simulated person: is every ingredient what it says it is?"""

import numpy as np
import pytest
from scipy import signal

from emgfeedback.sources.patient import MUSCLES, Body, Patient, Segment, steady
from emgfeedback.sources.patient.emg import BLOCK, EmgNoise, emg_power, sinc3_taps
from emgfeedback.values import COUNT_MAX

GMED, TFL, QL = range(3)
RATES = (125.0, 200.0, 250.0, 500.0, 1000.0, 1600.0)
BARE = {"crosstalk": 0, "noise_uv": 0, "ecg_uv": 0, "mains_uv": 0, "offset_uv": 0, "drift_uv": 0}
FULL = {"gmed": 1.0, "tfl": 1.0, "ql": 1.0}


def recorded_uv(patient: Patient, seconds: float) -> np.ndarray:
    return patient.next_counts(round(seconds * patient.info.fs_hz)) * patient.info.lsb_uv


def rms(x: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(x**2, axis=0))


def test_the_decimation_filter_is_3_db_down_at_0_262_of_the_rate_and_blocks_its_multiples() -> None:
    for ratio in (8, 16, 32):
        taps = sinc3_taps(ratio)
        part_of_rate = np.array([0.0, 0.262, 0.5, 1.0, 2.0])
        gain = np.abs(np.exp(-2j * np.pi * np.outer(part_of_rate / ratio, np.arange(len(taps)))) @ taps)
        np.testing.assert_allclose(gain[:2], [1.0, 10 ** (-3 / 20)], atol=0.006)
        np.testing.assert_allclose(20 * np.log10(gain[2]), -11.8, atol=0.25)
        np.testing.assert_allclose(gain[3:], 0.0, atol=1e-12)


@pytest.mark.parametrize("sinc3", [True, False])
@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
def test_the_spectrum_is_the_model_through_the_decimation_filter_with_what_folds(
    fs_hz: float, sinc3: bool
) -> None:
    patient = Patient([Segment(240, FULL)], fs_hz, rise_s=0, sinc3=sinc3, **BARE)
    uv = recorded_uv(patient, 240)
    f_hz, found = signal.welch(uv, fs_hz, nperseg=256, axis=0)
    body = Body()
    images = np.abs(f_hz[:, None] + fs_hz * np.arange(-9, 10))
    images[images > patient.info.fs_hz * max(8, 4000 / fs_hz) / 2] = 0.0  # the master rate holds no more
    for muscle in range(3):
        power = emg_power(images, body.low_hz[muscle], body.high_hz[muscle])
        expected = (power * (np.sinc(images / fs_hz) ** 6 if sinc3 else 1.0)).sum(axis=1)
        bands = np.array_split(np.arange(3, len(f_hz) - 3), 8)
        seen = np.array([found[band, muscle].mean() for band in bands])
        model = np.array([expected[band].mean() for band in bands])
        keep = model > 0.01 * model.max()
        np.testing.assert_allclose((seen / seen.sum())[keep], (model / model.sum())[keep], rtol=0.08)


@pytest.mark.parametrize("fs_hz", RATES)
def test_the_recorded_rms_is_amplitude_times_activation_at_every_rate(fs_hz: float) -> None:
    known = steady({"gmed": 0.5, "tfl": 0.25, "ql": 0.1}, 150, fs_hz, reference_s=1, rest_s=1, **BARE)
    uv = known.counts[slice(*known.work)] * known.info.lsb_uv
    np.testing.assert_allclose(rms(uv), np.array(Body().amplitude_uv) * [0.5, 0.25, 0.1], rtol=0.02)


def test_the_seams_between_blocks_cannot_be_seen() -> None:
    noise = EmgNoise(1000.0, Body(), np.random.default_rng(1))
    blocks = np.stack([noise.block() for _ in range(2000)])
    following = np.concatenate([blocks[:-1], blocks[1:]], axis=1)
    pairs = following[:, :-1] * following[:, 1:]
    inside = pairs.mean(axis=(0, 1))
    for sample in range(BLOCK - 2, BLOCK + 2):
        np.testing.assert_allclose(pairs[:, sample].mean(axis=0), inside, atol=0.08)


def test_the_first_samples_are_as_large_as_all_others() -> None:
    firsts = [EmgNoise(1000.0, Body(), np.random.default_rng(seed)).block()[:3] for seed in range(150)]
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(firsts), axis=(0, 2))), 1.0, atol=0.12)


def test_equal_seeds_give_equal_samples_and_others_do_not() -> None:
    one, same, other = (Patient([Segment(9, FULL)], seed=seed).next_counts(2000) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.99


def test_crosstalk_is_the_stated_fraction_of_voltage_and_can_be_a_matrix() -> None:
    alone = [Segment(60, {"gmed": 1.0})]
    even = rms(recorded_uv(Patient(alone, **{**BARE, "crosstalk": 0.1}), 60))
    np.testing.assert_allclose(even[1:] / even[0], 0.1, rtol=0.01)
    rows = ((1.0, 0.0, 0.0), (0.3, 1.0, 0.0), (0.0, 0.0, 1.0))
    one_way = rms(recorded_uv(Patient(alone, **{**BARE, "crosstalk": rows}), 60))
    np.testing.assert_allclose(one_way[1:] / one_way[0], [0.3, 0.0], atol=0.001)


@pytest.mark.parametrize("fs_hz", RATES)
def test_rest_in_the_band_is_1_to_2_5_uv_where_there_is_no_heart(fs_hz: float) -> None:
    uv = recorded_uv(Patient("rest", fs_hz), 30)
    band = signal.butter(4, [30, min(0.45 * fs_hz, 450)], "bandpass", fs=fs_hz, output="sos")
    still = signal.sosfilt(band, uv - uv[0], axis=0)[round(fs_hz) :, :QL]
    assert ((rms(still) > 1.0) & (rms(still) < 2.5)).all()


def test_the_heart_beats_at_the_waist_70_times_a_minute_give_or_take_4_percent() -> None:
    uv = recorded_uv(Patient("rest", 1000.0, **{**BARE, "ecg_uv": 60}), 300)
    peaks, found = signal.find_peaks(uv[:, QL], height=40)
    gaps_s = np.diff(peaks) / 1000
    np.testing.assert_allclose(found["peak_heights"], 60, rtol=0.02)
    np.testing.assert_allclose(60 / gaps_s.mean(), 70, rtol=0.01)
    assert 0.015 < gaps_s.std() / gaps_s.mean() < 0.03
    assert np.abs(uv[:, GMED]).max() < 7
    assert np.abs(np.diff(uv[:, QL])).max() < 5, "a wave is cut off"


@pytest.mark.parametrize("mains_hz", [50, 60])
@pytest.mark.parametrize("fs_hz", RATES)
def test_mains_is_one_line_of_the_stated_rms(fs_hz: float, mains_hz: int) -> None:
    uv = recorded_uv(Patient("rest", fs_hz, **{**BARE, "mains_uv": 5, "mains_hz": mains_hz}), 40)
    np.testing.assert_allclose(rms(uv), 5, rtol=0.002)
    line_hz = np.fft.rfftfreq(len(uv), 1 / fs_hz)[np.abs(np.fft.rfft(uv[:, TFL])).argmax()]
    assert line_hz == pytest.approx(mains_hz, abs=0.03)


def test_offsets_differ_by_channel_and_drift_is_slow() -> None:
    uv = recorded_uv(Patient("rest", **{**BARE, "offset_uv": 20_000, "drift_uv": 300}), 120)
    offset = uv.mean(axis=0)
    assert np.abs(offset).max() < 20_300
    assert np.ptp(offset) > 2000
    assert (np.ptp(uv, axis=0) > 150).all()
    assert np.abs(np.diff(uv, axis=0)).max() < 300 * 2 * np.pi * 0.1 / 250 + 0.05


def test_motion_is_off_unless_asked_for() -> None:
    quiet, bumpy = (
        recorded_uv(Patient("rest", motion_per_min=per_min, offset_uv=0), 60) for per_min in (0, 20)
    )
    assert np.abs(quiet).max() < 150
    assert (np.abs(bumpy).max(axis=0) > 300).all()


def test_switching_one_ingredient_off_changes_no_other() -> None:
    with_heart, without = (recorded_uv(Patient("rest", ecg_uv=size), 20) for size in (60, 0))
    heart = with_heart - without
    np.testing.assert_allclose(heart[:, GMED], heart[:, QL] / 10, atol=0.05)
    assert heart.max() == pytest.approx(60, rel=0.05)


def test_further_channels_of_the_board_are_quiet() -> None:
    patient = Patient([Segment(20, FULL)], n_channels=8, offset_uv=0)
    assert [channel.name for channel in patient.info.channels] == [
        *MUSCLES,
        *(f"EMG {i}" for i in range(4, 9)),
    ]
    assert not any(channel.muscle for channel in patient.info.channels)
    uv = recorded_uv(patient, 20)
    assert uv.shape == (5000, 8)
    assert (signal.detrend(uv[:, 3:], axis=0).std(axis=0) < 40).all()
    np.testing.assert_allclose(rms(np.diff(uv[:, 3:], axis=0)), 0.5 * np.sqrt(2), rtol=0.05)


def test_counts_saturate_at_the_ends_of_24_bits() -> None:
    counts = Patient([Segment(5, FULL)], amplitude_uv=(1e6, 1e6, 1e6)).next_counts(1000)
    assert counts.dtype == np.int32
    assert counts.min() == -COUNT_MAX - 1
    assert counts.max() == COUNT_MAX


@pytest.mark.parametrize("gain", [1, 2, 4, 6, 8, 12, 24])
def test_the_gain_sets_the_size_of_a_count(gain: int) -> None:
    coarse = Patient([Segment(5, FULL)], gain=gain)
    assert coarse.info.lsb_uv == pytest.approx(187_500 / 8_388_607 * 24 / gain, rel=1e-12)
    fine = Patient([Segment(5, FULL)])
    np.testing.assert_allclose(recorded_uv(coarse, 5), recorded_uv(fine, 5), atol=coarse.info.lsb_uv)


def test_a_known_recording_has_rest_references_and_work_where_it_says() -> None:
    levels = {"gmed": 0.6, "tfl": 0.3, "ql": 0.15}
    known = steady(levels, 30, 500.0, seed=3, ecg_uv=0, offset_uv=0, drift_uv=0)
    power = {
        name: np.mean((known.counts[slice(*span)] * known.info.lsb_uv) ** 2, axis=0)
        for name, span in {"rest": known.rest, "work": known.work, **known.references}.items()
    }
    reference = np.array([power[muscle][i] for i, muscle in enumerate(MUSCLES)])
    found = np.sqrt((power["work"] - power["rest"]) / (reference - power["rest"]))
    np.testing.assert_allclose(found, list(levels.values()), rtol=0.06)
    assert known.seconds(known.rest) == "1.000000,16.000000"
    assert known.work[1] - known.work[0] == 30 * 500
    assert sum(len(chunk.counts) for chunk in known.recording.chunks()) == len(known.counts)
