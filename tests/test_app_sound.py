"""The tone follows the margin in steps, is silent without effort, and never clicks."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import app_kit as kit
import numpy as np
import pytest

from emgfeedback.app.feed import Feed
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.sound import CALM_FADE_S, PEAK, RATE_HZ, STEPS_HZ, Sound, Tone, Voice, render, tone
from emgfeedback.values import Event


def heard(silent_s: float = 0.0, **hop) -> Tone:
    feed = Feed(kit.INFO, kit.PROTOCOL)
    feed.on_chunk(kit.chunk(0))
    feed.on_tick(kit.tick(**hop))
    return tone(patient_state(feed.snapshot, kit.PROTOCOL, feed.channels, silent_s=silent_s))


def blocks(wanted: Tone, count: int, voice: Voice | None = None):
    voice, parts = voice or Voice(), []
    for _ in range(count):
        wave, voice = render(wanted, 512, voice)
        parts.append(wave)
    return np.concatenate(parts), voice


def test_the_top_note_is_the_decision_and_the_others_lie_below():
    assert heard(good=True).hz == STEPS_HZ[-1]
    behind = [heard(levels=(60, rival, 5), withheld="ratio").hz for rival in (44, 50, 60, 75, 100)]
    assert behind == sorted(behind, reverse=True)
    assert set(behind) <= set(STEPS_HZ[:-1])


@pytest.mark.parametrize(
    "hop",
    [
        {"levels": (5, 3, 2), "withheld": "gate"},
        {"levels": (60, 0, 2), "quality": (0, 8, 0), "withheld": "quality:tfl"},
        {"levels": (60, 3, 2), "phase": kit.RELAX},
        {"levels": (60, 3, 2), "phase": kit.OBSERVE, "good": True},
    ],
)
def test_silence_below_the_gate_without_signal_and_where_nothing_is_asked(hop):
    assert heard(**hop).hz == 0.0


def test_when_the_board_is_gone_the_tone_fades_within_a_fifth_of_a_second():
    _, voice = blocks(heard(good=True), 10)
    gone = heard(good=True, silent_s=0.4)
    assert gone.hz == 0.0
    wave, _ = blocks(gone, 30, voice)
    half, over = (round(part * CALM_FADE_S * RATE_HZ) for part in (0.5, 1.01))
    assert 0.2 * PEAK < np.abs(wave[half : half + 500]).max() < 0.6 * PEAK
    assert np.abs(wave[over:]).max() == 0.0


def test_loudness_does_not_grow_with_effort():
    waves = [blocks(Tone(hz), 40)[0][-4096:] for hz in STEPS_HZ]
    levels = [float(np.sqrt(np.mean(wave**2))) for wave in waves]
    assert max(levels) / min(levels) < 1.05


def test_the_pitch_is_the_asked_one():
    wave, _ = blocks(Tone(440.0), 100)
    spectrum = np.abs(np.fft.rfft(wave[4096:36864] * np.hanning(32768)))
    assert np.argmax(spectrum) * RATE_HZ / 32768 == pytest.approx(440.0, abs=RATE_HZ / 32768)


def test_blocks_join_without_a_jump_and_stay_below_minus_six_dbfs():
    up, voice = blocks(Tone(220.0), 10)
    change, voice = blocks(Tone(440.0), 10, voice)
    off, voice = blocks(Tone(), 10, voice)
    wave = np.concatenate([up, change, off])
    steepest = 2 * np.pi * 440.0 / RATE_HZ * PEAK * 1.5
    assert np.abs(np.diff(wave)).max() < 1.5 * steepest
    assert np.abs(wave).max() < 0.5
    assert np.abs(wave[-512:]).max() == 0.0


def test_a_computer_without_sound_stays_silent_and_says_why(monkeypatch):
    broken = types.ModuleType("sounddevice")
    monkeypatch.setitem(sys.modules, "sounddevice", broken)
    sound = Sound()
    assert "No sound on this computer" in sound.toggle()
    assert not sound.on
    sound.stop()


def test_the_device_is_closed_when_the_sound_goes_off(monkeypatch):
    calls = []
    stream = types.SimpleNamespace(start=lambda: calls.append("start"), close=lambda: calls.append("close"))
    device = types.ModuleType("sounddevice")
    device.OutputStream = lambda **_: stream
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    sound = Sound()
    assert sound.toggle() == ""
    assert sound.on
    sound.toggle()
    assert calls == ["start", "close"]


def test_one_rival_sounds_too():
    info = replace(kit.INFO, channels=kit.INFO.channels[:2])
    feed = Feed(info, kit.PROTOCOL)
    feed.on_chunk(kit.chunk(0))
    feed.on_tick(kit.tick((60, 50), withheld="ratio", quality=(0, 0)))
    assert tone(patient_state(feed.snapshot, kit.PROTOCOL, feed.channels)).hz in STEPS_HZ


def test_a_step_of_a_long_hold_rings_once_over_the_tone_and_not_without_a_picture():
    unit = Event(9, "unit", {"repetition": 2, "units": 1})
    assert heard(good=True, events=(unit,)).chimes == 1
    assert heard(phase=kit.work(2, feedback="off"), events=(unit,)).chimes == 0
    _, voice = blocks(Tone(440.0), 10)
    rung, voice = blocks(Tone(440.0, chimes=1), 200, voice)
    spectrum = np.abs(np.fft.rfft(rung[:4800] * np.hanning(4800)))
    assert spectrum[88] > 5 * np.median(spectrum), "880 Hz"
    assert np.abs(rung).max() < 0.5
    again, _ = blocks(Tone(440.0, chimes=1), 10, voice)
    plain, _ = blocks(Tone(440.0), 10, replace(voice, since_chime_s=np.inf))
    np.testing.assert_array_equal(again, plain)
