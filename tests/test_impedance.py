"""Electrodes of a Cyton, pin by pin: resistors in, ohm and a verdict out, and the board as it was before."""

from __future__ import annotations

import math

import numpy as np
import pytest
from impedance_kit import Bench, muscle_uv, table

from emgfeedback.errors import SourceError, UsageError
from emgfeedback.sources.brainflow import impedance
from emgfeedback.sources.brainflow.contact import judge
from emgfeedback.sources.brainflow.impedance import check_electrodes, measure, with_losses
from emgfeedback.sources.brainflow.tone import TONE_HZ, Tone, find_tone
from emgfeedback.sources.clock import Counter


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mains_hz", [49.95, 50.0, 60.0, 60.05])
def test_resistors_on_both_pins_are_within_10_pct_beside_mains_and_muscle(mains_hz, seed):
    bench = Bench(table(), seed, mains_hz=mains_hz)
    pins = measure(bench, range(1, 6))
    assert [(pin.channel, pin.pin) for pin in pins] == [(c, p) for c in range(1, 6) for p in "PN"]
    for pin in pins:
        assert pin.ohm == pytest.approx(bench.ohm[pin.channel, pin.pin], rel=0.1), pin
    assert bench.as_before()
    assert bench.most_driven == 1


@pytest.mark.parametrize("fs_hz", [125.0, 500.0, 1000.0])
def test_other_rates_of_the_converter_see_the_same_resistors(fs_hz):
    bench = Bench(table(), fs_hz=fs_hz, emg_uv=0.0)
    for pin in measure(bench, range(1, 6)):
        assert pin.ohm == pytest.approx(bench.ohm[pin.channel, pin.pin], rel=0.1), pin


def test_a_twentieth_of_the_samples_may_be_lost():
    bench = Bench(table(), lost=0.05)
    for pin in measure(bench, range(1, 6)):
        assert pin.ohm == pytest.approx(bench.ohm[pin.channel, pin.pin], rel=0.1), pin


def test_a_radio_that_loses_most_samples_is_named_as_the_cause():
    bench = Bench(lost=0.6)
    with pytest.raises(SourceError, match="radio loses too many samples"):
        measure(bench, [1], seconds=1.0)
    assert bench.as_before()


def test_the_range_spans_a_current_that_is_20_pct_off():
    bench = Bench(table(), emg_uv=0.0)
    for pin in measure(bench, range(1, 6)):
        through = pin.ohm + 2200
        assert pin.low_ohm == pytest.approx(max(0, through / 1.2 - 2200), rel=0.05, abs=80)
        assert pin.high_ohm == pytest.approx(through / 0.8 - 2200, rel=0.05, abs=80)


def test_the_channel_is_measured_at_gain_1_with_bias_on_and_srb_off():
    bench = Bench()
    seen = set()
    bench.scare = lambda what: what == "read" and seen.add((*bench.settings["2"], *bench.driven["2"]))
    measure(bench, [2])
    assert seen == {tuple("00010010"), tuple("00010001")}


def test_a_muscle_that_never_rests_is_listened_to_for_longer_and_called_uncertain():
    bench = Bench({(1, "P"): 8e3}, rest_s=0.0)
    reads = []
    bench.scare = lambda what: what == "read" and reads.append(1)
    (p, _) = measure(bench, [1], seconds=4.0)
    assert len(reads) == 2 * (8.4 * 250) / 50
    assert "the muscle was active" in p.words
    assert p.high_ohm > 1.5 * p.ohm
    assert p.low_ohm < 8e3 < p.high_ohm


def test_the_error_of_the_tone_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    at_s = np.arange(1000) / 250
    covered = 0
    for _ in range(200):
        uv = 20 * np.sin(2 * np.pi * TONE_HZ * at_s + rng.uniform(0, 6)) + muscle_uv(rng, 1000, 250, 100, 0.5)
        tone = find_tone(uv + rng.standard_normal(1000), 250.0)
        covered += abs(tone.amplitude_uv - 20) < tone.error_uv
    assert 0.9 <= covered / 200 <= 1.0


def tones(**uv):
    """Tones without noise from ``P1=µV``, of what these resistances give."""
    return {
        (int(name[1]), name[0]): Tone(6e-3 * (ohm + 2200) if ohm >= 0 else 0.5, 0.1)
        for name, ohm in uv.items()
    }


@pytest.mark.parametrize(
    ("ohm", "verdict"),
    [
        (0, "good"),
        (9e3, "good"),
        (11e3, "fair"),
        (49e3, "fair"),
        (51e3, "poor"),
        (9e5, "poor"),
        (2e6, "open"),
    ],
)
def test_the_light_for_emg_turns_at_10_and_50_kohm_and_at_1_megohm(ohm, verdict):
    assert judge(tones(P1=ohm))[0].verdict == verdict


def test_a_pair_20_kohm_apart_is_poor_at_its_higher_pin_only():
    low, high = judge(tones(P1=5e3, N1=26e3))
    assert (low.verdict, high.verdict) == ("good", "poor")
    assert "21 kΩ above the other electrode" in high.words
    assert [pin.verdict for pin in judge(tones(P1=5e3, N1=24e3))] == ["good", "fair"]


def test_an_open_pin_does_not_spoil_the_verdict_of_its_neighbour():
    opened, fair = judge(tones(P1=3e6, N1=30e3))
    assert (opened.verdict, fair.verdict) == ("open", "fair")
    assert "pin P" in opened.words


def test_nothing_connected_points_to_the_bias_electrode():
    assert all("bias electrode" in pin.words for pin in judge(tones(P1=3e6, N1=5e6)))


def test_a_pin_that_rails_is_open_and_has_no_number():
    emg_uv = np.where(np.arange(1000) % 5 < 3, 4.5e6, -4.5e6)
    (pin, _) = judge({(1, "P"): find_tone(emg_uv, 250.0), (1, "N"): Tone(40.0, 0.1)})
    assert pin.verdict == "open"
    assert math.isinf(pin.ohm)


def test_less_than_the_resistor_on_the_board_means_that_no_current_flowed():
    pin, _ = judge(tones(P1=-1, N1=5e3))
    assert pin.verdict == "open"
    assert "no test current" in pin.words
    assert math.isnan(pin.ohm)


def test_lost_packets_become_rows_of_nan_and_keep_the_phase():
    emg_uv = np.arange(5.0)[:, None]
    placed = with_losses(emg_uv, np.array([1, 1, 3, -254, 0]), Counter())[:, 0]
    assert np.array_equal(np.flatnonzero(np.isfinite(placed)), [0, 1, 4, 6, 262])
    daisy = with_losses(emg_uv, np.array([2, 2, 0, 4, -254]), Counter(stride=2, repeats=256))[:, 0]
    assert np.array_equal(daisy, [0, 1, np.nan, 3, 4], equal_nan=True)


class Scared(Exception):
    """Something that nobody foresaw."""


@pytest.mark.parametrize("failure", [Scared, KeyboardInterrupt, SourceError("gone"), SystemExit])
@pytest.mark.parametrize("moment", ["x1000100Xz110Z", "z101Z", "read", "z100Zx1060110Xx2000100Xz210Z"])
def test_the_board_is_as_before_whatever_happens(moment, failure):
    happened = []

    def scare(what):
        if what == moment and not happened:
            happened.append(what)
            raise failure

    bench = Bench(scare=scare)
    expected = failure if isinstance(failure, type) else type(failure)
    with pytest.raises(expected):
        measure(bench, [1, 2], seconds=1.0)
    assert happened
    assert bench.as_before()


def test_ctrl_c_while_the_settings_are_put_back_waits_until_they_are():
    happened = []

    def scare(what):
        if what.startswith("z100Z") and not happened:
            happened.append(what)
            raise KeyboardInterrupt

    bench = Bench(scare=scare)
    with pytest.raises(KeyboardInterrupt):
        measure(bench, [1], seconds=1.0)
    assert happened
    assert bench.as_before()


def test_a_failure_of_the_progress_display_puts_the_settings_back():
    def progress(done, channel, pin):
        if done > 0:
            raise Scared

    bench = Bench()
    with pytest.raises(Scared):
        measure(bench, [1], seconds=1.0, progress=progress)
    assert bench.as_before()


def test_cancelled_in_the_second_pin_gives_the_first_and_the_settings_back():
    bench = Bench()
    pins = measure(bench, [1, 2], seconds=1.0, cancelled=lambda: bench.driven.get("1") == ("0", "1"))
    assert [(pin.channel, pin.pin) for pin in pins] == [(1, "P")]
    assert bench.as_before()


def test_cancelled_before_the_start_sends_nothing():
    bench = Bench()
    assert measure(bench, [1], cancelled=lambda: True) == []
    assert bench.sent == []


def test_progress_names_each_pin_before_it_is_driven():
    bench, told = Bench(), []
    measure(bench, [3, 1], seconds=1.0, progress=lambda *step: told.append((step, dict(bench.driven))))
    assert [step for step, _ in told] == [(0.0, 3, "P"), (0.25, 3, "N"), (0.5, 1, "P"), (0.75, 1, "N")]
    assert told[0][1] == {}


def test_a_board_that_refuses_the_current_is_quoted_and_put_back():
    bench = Bench()
    bench.obey = lambda command, obey=bench.obey: (
        "Failure: too few chars$$$" if command == "z110Z" else obey(command)
    )
    with pytest.raises(SourceError, match='pin P of channel 1 but answered "Failure: too few chars"'):
        measure(bench, [1])
    assert bench.as_before()


def test_an_answer_spoilt_by_packets_is_asked_for_once_more():
    spoilt = ["x1000100Xz110Z", "z101Z"]

    def scare(what):
        if what in spoilt:
            spoilt.remove(what)
            raise UnicodeDecodeError("utf-8", b"\xa0", 0, 1, "invalid start byte")

    bench = Bench(scare=scare)
    assert len(measure(bench, [1], seconds=1.0)) == 2
    assert spoilt == []


def test_a_current_that_cannot_be_switched_off_is_said_with_the_next_step():
    bench = Bench()

    def scare(what):
        if what.startswith("z100Z"):
            raise SourceError("the port is gone")

    bench.scare = scare
    with pytest.raises(
        SourceError, match=r"channel 1 could not be switched off .*gone.*switch the board off"
    ):
        measure(bench, [1], seconds=1.0)


def test_a_board_that_falls_silent_is_said_and_the_settings_are_put_back(monkeypatch):
    monkeypatch.setattr(impedance, "SILENCE_S", 0.0)
    bench = Bench()
    bench.read = lambda: np.empty((0, 8))
    with pytest.raises(SourceError, match="no samples"):
        measure(bench, [1])
    assert bench.as_before()


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_duration_that_cannot_be_is_refused_before_any_current(seconds):
    bench = Bench()
    with pytest.raises(UsageError, match="s of signal a pin: give 1 to 60"):
        measure(bench, [1], seconds=seconds)
    assert bench.sent == []


@pytest.mark.parametrize("address", ["galea:/dev/x", "synthetic:", "patient:seed=1", "file:x.bdf"])
def test_other_boards_cannot_and_say_so(address):
    with pytest.raises(UsageError, match="only those of a Cyton or a Ganglion can"):
        check_electrodes(address, [1])


@pytest.mark.parametrize("channels", [[], [0], [9], [1, 1]])
def test_channels_that_the_board_does_not_have_are_refused(channels):
    with pytest.raises(UsageError, match="from 1 to 8"):
        check_electrodes("cyton:/dev/x", channels)
