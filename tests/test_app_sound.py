"""Tone, rustle, bells and voice in one stereo stream: what each tells, and that nothing clicks."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import app_kit as kit
import numpy as np
import pytest

from emgfeedback.app.feed import Feed
from emgfeedback.app.patient.picture import PatientState
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.sound import (
    CALM_FADE_S,
    RATE_HZ,
    STEPS_HZ,
    Clip,
    Scene,
    Sound,
    Tone,
    Voice,
    Volumes,
    render,
    rung,
    tone,
)
from emgfeedback.app.sound.bells import BELLS, bell
from emgfeedback.app.sound.mix import TONE_PEAK
from emgfeedback.values import Event

QUIET = {"phase": kit.work(2, feedback="off")}
FULL = np.ones(3 * RATE_HZ, np.float32)
UNIT = Event(9, "unit", {"repetition": 2, "units": 1})


def pictured(silent_s: float = 0.0, *before, **hop) -> PatientState:
    feed = Feed(kit.INFO, kit.PROTOCOL)
    for one in (*before, kit.tick(**hop)):
        feed.on_tick(one)
    return patient_state(feed.snapshot, kit.PROTOCOL, feed.channels, silent_s=silent_s)


def heard(silent_s: float = 0.0, **hop) -> Tone:
    return tone(pictured(silent_s, **hop))


def blocks(scene: Scene | Tone, count: int, voice: Voice | None = None, n_samples: int = 512):
    scene = Scene(scene) if isinstance(scene, Tone) else scene
    voice, parts = voice or Voice(), []
    for _ in range(count):
        wave, voice = render(scene, n_samples, voice)
        parts.append(wave)
    return np.concatenate(parts), voice


def loudness(wave: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(wave**2, axis=0))


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
        {"levels": (60, 80, 2), "quality": (0, 0, 8), "withheld": "quality:ql"},
        {"levels": (60, 3, 2), "phase": kit.RELAX},
        {"levels": (60, 3, 2), "phase": kit.OBSERVE, "good": True},
        {"levels": (60, 80, 2), "state": "paused"},
        {"levels": (9, 80, 60), "withheld": "ratio", **QUIET},
    ],
)
def test_silence_at_rest_without_signal_and_where_nothing_is_asked(hop):
    assert heard(**hop) == Tone()
    wave, _ = blocks(heard(**hop), 20)
    assert not wave.any()


def test_the_front_of_the_hip_rustles_in_the_right_ear_and_the_waist_in_the_left():
    front = heard(levels=(60, 80, 5), withheld="ratio")
    waist = heard(levels=(60, 5, 80), withheld="ratio")
    assert (front.left, front.right) == (False, True)
    assert (waist.left, waist.right) == (True, False)
    for one, ear in ((front, 1), (waist, 0)):
        loud = loudness(blocks(replace(one, hz=0.0), 40)[0][4096:])
        assert loud[ear] > 0.01
        assert loud[1 - ear] == 0.0


def test_a_rival_that_works_alone_rustles_without_a_tone_and_found_means_no_rustle():
    alone = heard(levels=(4, 60, 5), withheld="gate")
    assert (alone.hz, alone.right) == (0.0, True)
    found = heard(good=True)
    assert (found.left, found.right) == (False, False)


def test_the_two_rustles_differ_in_colour_for_a_single_loudspeaker():
    middle_hz = []
    for one in (Tone(left=True), Tone(right=True)):
        wave = blocks(one, 100)[0].mean(axis=1)[4096:36864]
        power = np.abs(np.fft.rfft(wave * np.hanning(32768))) ** 2
        middle_hz.append(float(np.sum(power * np.fft.rfftfreq(32768, 1 / RATE_HZ)) / power.sum()))
    assert middle_hz[1] > 2 * middle_hz[0]


def test_when_the_board_is_gone_tone_and_rustle_fade_within_a_fifth_of_a_second():
    _, voice = blocks(replace(heard(good=True), left=True), 10)
    gone = heard(good=True, silent_s=0.4)
    assert gone == Tone(fade_s=CALM_FADE_S)
    wave, _ = blocks(gone, 30, voice)
    half, over = (round(part * CALM_FADE_S * RATE_HZ) for part in (0.5, 1.01))
    assert 0.2 * TONE_PEAK < np.abs(wave[half : half + 500, 1]).max() < 0.6 * TONE_PEAK
    assert np.abs(wave[over:]).max() == 0.0


def test_loudness_does_not_grow_with_effort():
    levels = [loudness(blocks(Tone(hz), 40)[0][-4096:])[0] for hz in STEPS_HZ]
    assert max(levels) / min(levels) < 1.05


def test_the_pitch_is_the_asked_one():
    wave, _ = blocks(Tone(440.0), 100)
    spectrum = np.abs(np.fft.rfft(wave[4096:36864, 0] * np.hanning(32768)))
    assert np.argmax(spectrum) * RATE_HZ / 32768 == pytest.approx(440.0, abs=RATE_HZ / 32768)


LOUDEST = Scene(Tone(440.0, left=True, right=True), Clip(1, FULL), Clip(1, FULL))


def test_blocks_join_without_a_jump_whatever_changes_between_them():
    hum = np.sin(2 * np.pi * 200 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    scenes = [
        Scene(Tone(220.0)),
        Scene(Tone(440.0)),
        Scene(Tone(440.0), Clip(1, hum), Clip(1, hum)),
        Scene(Tone(), Clip(2, hum), Clip(2, hum)),
        Scene(Tone(330.0), Clip(2, hum), Clip(3, hum), Volumes(0.2, 1.0, 0.0, 0.1)),
        Scene(volumes=Volumes(0.0, 0.0, 0.0, 0.0)),
    ]
    voice, parts = Voice(), []
    for scene in scenes:
        wave, voice = blocks(scene, 7, voice)
        parts.append(wave)
    steepest = (2 * np.pi * 440.0 / RATE_HZ * 1.5 + 1 / 960) * 0.6
    assert np.abs(np.diff(np.concatenate(parts), axis=0)).max() < steepest
    assert np.abs(parts[-1][-512:]).max() == 0.0


@pytest.mark.parametrize("n_samples", [64, 480, 2048])
def test_all_layers_together_stay_below_minus_six_dbfs_also_while_they_change(n_samples):
    voice, peak = Voice(), 0.0
    for turn in range(12):
        scene = replace(LOUDEST, speech=Clip(turn // 2, FULL), bell=Clip(turn // 3, FULL))
        scene = replace(scene, tone=Tone(STEPS_HZ[turn % 6], left=turn % 2 == 0, right=True))
        wave, voice = blocks(scene, 4096 // n_samples, voice, n_samples)
        peak = max(peak, float(np.abs(wave).max()))
    assert 0.4 < peak < 0.5


def test_the_size_of_the_blocks_changes_nothing_once_a_clip_runs():
    small, _ = blocks(LOUDEST, 64, n_samples=128)
    large, _ = blocks(LOUDEST, 2, n_samples=4096)
    np.testing.assert_allclose(small, large, atol=1e-9)


def test_a_voice_makes_the_tone_twelve_decibels_softer_and_then_gives_it_back():
    silence = np.zeros(RATE_HZ // 2, np.float32)
    _, voice = blocks(Tone(440.0), 10)
    ducked, voice = blocks(Scene(Tone(440.0), speech=Clip(1, silence)), 30, voice)
    after, _ = blocks(Scene(Tone(440.0), speech=Clip(1, silence)), 40, voice)
    ratio = loudness(ducked[2048:])[0] / loudness(after[-4096:])[0]
    assert 20 * np.log10(ratio) == pytest.approx(-12.0, abs=0.3)


@pytest.mark.parametrize("layer", ["tone", "texture", "events", "voice"])
def test_every_layer_has_a_volume_of_its_own_down_to_silence(layer):
    alone = {
        "tone": Scene(Tone(440.0)),
        "texture": Scene(Tone(left=True, right=True)),
        "events": Scene(bell=Clip(1, bell("rewarded"))),
        "voice": Scene(speech=Clip(1, FULL)),
    }
    for name, scene in alone.items():
        off, _ = blocks(replace(scene, volumes=Volumes(**{layer: 0.0})), 40)
        assert (np.abs(off[1024:]).max() == 0.0) == (name == layer), name
        half, _ = blocks(replace(scene, volumes=Volumes(**{layer: 0.5})), 40)
        assert loudness(half)[0] > 0.0


def test_the_bells_can_be_told_apart():
    spectra = {}
    for name in BELLS:
        wave = np.zeros(2 * RATE_HZ)
        assert 0.2 * RATE_HZ < len(bell(name)) < 2.5 * RATE_HZ
        wave[: len(bell(name))] = bell(name)[: len(wave)]
        power = np.abs(np.fft.rfft(wave))
        spectra[name] = power / np.linalg.norm(power)
    for one in BELLS:
        for other in BELLS:
            assert one == other or float(spectra[one] @ spectra[other]) < 0.75, (one, other)


def test_a_step_of_a_long_hold_rings_and_not_without_a_picture():
    before = pictured(good=True)
    assert rung(before, pictured(good=True, events=(UNIT,))) == "unit"
    quiet = pictured(**QUIET)
    assert rung(quiet, pictured(events=(UNIT,), **QUIET)) == ""


def finished(rewarded: bool, feedback: str = "live", void: str = "") -> Event:
    return kit.finished(2, 6.0 if rewarded else 1.0, rewarded, void=void, feedback=feedback, met=rewarded)


@pytest.mark.parametrize(
    ("rewarded", "feedback", "void", "name"),
    [
        (False, "live", "", "over"),
        (True, "after", "", "rewarded"),
        (False, "after", "", "over"),
        (True, "off", "", "over"),
        (False, "off", "", "over"),
        (True, "after", "board lost", ""),
    ],
)
def test_the_end_of_a_repetition_rings_by_how_it_went_only_where_that_is_told(rewarded, feedback, void, name):
    phase = kit.work(2, feedback=feedback)
    work = kit.tick(phase=phase, levels=(60, 50, 5), withheld="ratio")
    over = kit.tick(phase=phase, events=(finished(rewarded, feedback, void),))
    before = pictured(0.0, phase=phase, levels=(60, 50, 5), withheld="ratio")
    assert rung(before, pictured(0.0, work, over, phase=kit.RELAX, left_s=5.9)) == name


def test_a_full_hold_rings_when_it_is_full_and_not_again_in_the_rest_after_it():
    hold = {"good": True, "good_s": 5.9}
    full = {"good": True, "good_s": 6.0, "rewarded": True}
    holding, held = pictured(**hold), pictured(**full)
    assert rung(holding, held) == "rewarded"
    over = kit.tick(events=(finished(True),), **full)
    rest = pictured(0.0, over, phase=kit.RELAX, left_s=5.9)
    later = pictured(0.0, over, phase=kit.RELAX, left_s=2.0)
    assert (rest.cue, later.cue) == ("Well done", "Rest")
    assert rung(held, rest) == rung(rest, later) == ""
    assert rung(later, rest) == "", "a second rest that praises once more"
    assert rung(replace(rest, cue="One moment", live=False), rest) == ""


def test_a_lost_board_pain_and_the_end_ring_once():
    good, lost = pictured(good=True), pictured(0.4, good=True)
    assert (rung(good, lost), rung(lost, pictured(1.4, good=True))) == ("lost", "")
    stopped = pictured(state="locked")
    assert (rung(good, stopped), rung(stopped, stopped)) == ("stopped", "")
    end = pictured(state="done")
    assert (rung(pictured(phase=kit.RELAX), end), rung(end, end)) == ("end", "")


class Card:
    """A sound card made of nothing; ``most`` is how many ears it has."""

    def __init__(self, monkeypatch, most: int = 2) -> None:
        self.calls, self.open, self.most, self.active = [], {}, most, True
        device = types.ModuleType("sounddevice")
        device.OutputStream = self.stream
        monkeypatch.setitem(sys.modules, "sounddevice", device)

    def stream(self, **about):
        if about["channels"] > self.most:
            raise RuntimeError("Invalid number of channels")
        self.open = about
        self.start, self.close = (lambda name=name: self.calls.append(name) for name in ("start", "close"))
        self.latency = 0.01
        return self

    def hear(self, n_samples: int = 4096) -> np.ndarray:
        out = np.zeros((n_samples, self.open["channels"]), np.float32)
        self.open["callback"](out, n_samples, None, None)
        return out


def test_a_computer_without_sound_stays_silent_and_says_why_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", types.ModuleType("sounddevice"))
    sound = Sound()
    assert "No sound on this computer" in sound.toggle()
    assert sound.toggle() == ""
    assert "No sound on this computer" in sound.problem
    assert not sound.on
    sound.play(pictured(good=True))
    sound.say(("rest",))
    sound.stop()


def test_the_device_is_opened_for_both_ears_and_closed_when_the_sound_goes_off(monkeypatch):
    card, sound = Card(monkeypatch), Sound()
    assert sound.toggle() == ""
    assert (sound.on, card.open["channels"], sound.latency_s) == (True, 2, 0.01)
    sound.toggle()
    assert card.calls == ["start", "close"]


def test_a_card_with_one_loudspeaker_plays_both_ears_on_it(monkeypatch):
    card, sound = Card(monkeypatch, most=1), Sound()
    assert sound.toggle() == ""
    sound.play(pictured(levels=(60, 80, 5), withheld="ratio"))
    assert card.hear().shape == (4096, 1)
    assert np.abs(card.hear()).max() > 0.01


def test_a_card_that_is_pulled_out_ends_the_sound_and_not_the_session(monkeypatch):
    card, sound = Card(monkeypatch), Sound()
    sound.toggle()
    card.active = False
    sound.play(pictured(good=True))
    assert not sound.on
    assert "gone" in sound.problem
    assert card.calls == ["start", "close"]


def test_what_is_played_said_and_rung_is_heard_and_logged(monkeypatch):
    now_s = [0.0]
    card, sound = Card(monkeypatch), Sound(clock=lambda: now_s[0])
    sound.volumes = Volumes(tone=0.5)
    sound.toggle()
    sound.play(pictured(good=True))
    assert np.abs(card.hear()).max() > 0.05
    now_s[0] = 4.0
    sound.play(pictured(state="locked"))
    assert [(heard.at_s, heard.what, heard.names[0]) for heard in sound.log] == [
        (0.0, "say", "hold"),
        (4.0, "bell", "stopped"),
        (4.0, "say", "stopped"),
    ]
    sound.finish()
    card.hear(RATE_HZ // 4)
    assert np.abs(card.hear(RATE_HZ // 4)).max() > 0.05, "the last words go on"
    sound.stop()
    assert sound.volumes == Volumes(tone=0.5)


def test_one_rival_sounds_too():
    info = replace(kit.INFO, channels=kit.INFO.channels[:2])
    feed = Feed(info, kit.PROTOCOL)
    feed.on_tick(kit.tick((60, 50), withheld="ratio", quality=(0, 0)))
    assert tone(patient_state(feed.snapshot, kit.PROTOCOL, feed.channels)).hz in STEPS_HZ
