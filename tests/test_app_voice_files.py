"""The voice files and their catalogue: complete, small, up to date, and in the words of the screen."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from emgfeedback.app import words
from emgfeedback.app.patient import picture
from emgfeedback.app.voice import CUES
from emgfeedback.app.voices import (
    FOLDER,
    LANGUAGES,
    OUT_HZ,
    RATE_HZ,
    catalogue,
    clip,
    text_of,
    to_mu_law,
    utterance,
    wav_of,
)

REPO = Path(__file__).resolve().parent.parent
LARGE = [text for name, text in vars(picture).items() if name.isupper() and str(text)[:1].isupper()]
MOST_BYTES = 2_500_000


def test_every_key_has_a_file_in_every_language_that_says_its_text_and_no_file_is_left_over():
    wanted = {f"{language}/{key}.wav" for language in LANGUAGES for key in catalogue()}
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.wav")}
    assert there == wanted
    stale = [name for name in wanted if text_of(FOLDER / name) != catalogue()[Path(name).stem][name[:2]]]
    assert stale == [], "run tools/make_voices.py"


def test_the_files_are_small_and_none_is_empty_or_endless():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.wav")) < MOST_BYTES
    for language in LANGUAGES:
        for key in catalogue():
            samples = clip(key, language)
            assert 0.15 < len(samples) / OUT_HZ < 4.5, (language, key)
            assert 0.5 < np.abs(samples).max() <= 1.0, (language, key)
            assert np.abs(samples[[0, -1]]).max() < 0.02, (language, key)


def test_a_file_is_a_mono_mu_law_wave_that_keeps_what_was_put_in(tmp_path):
    wave = 0.8 * np.sin(2 * np.pi * 300 * np.arange(960) / RATE_HZ)
    path = tmp_path / "one.wav"
    path.write_bytes(wav_of(to_mu_law(wave), "Öffnen 打开"))
    assert text_of(path) == "Öffnen 打开"
    raw = path.read_bytes()
    assert (raw[:4], raw[8:12], len(raw)) == (b"RIFF", b"WAVE", 8 + int.from_bytes(raw[4:8], "little"))


def test_what_is_heard_is_what_was_stored_at_the_rate_of_the_card(tmp_path, monkeypatch):
    from emgfeedback.app import voices

    (tmp_path / "en").mkdir()
    at = np.arange(1920) / RATE_HZ
    coded = to_mu_law(0.8 * np.sin(2 * np.pi * 300 * at))
    (tmp_path / "en" / "hum.wav").write_bytes(wav_of(coded, "hum"))
    (tmp_path / "en" / "broken.wav").write_bytes(b"RIFF....")
    monkeypatch.setattr(voices, "FOLDER", tmp_path)
    heard = clip("hum", "en")
    wanted = 0.8 * np.sin(2 * np.pi * 300 * np.arange(len(heard)) / OUT_HZ)
    assert len(heard) == 1920 * OUT_HZ // RATE_HZ
    assert np.abs(heard - wanted)[500:-500].max() < 0.03
    assert len(clip("broken", "en")) == len(clip("missing", "en")) == 0
    assert len(utterance(("broken", "hum"))) == len(heard)


def test_keys_are_joined_with_a_breath_between_them():
    both = utterance(("well_done", "rest"), "de")
    assert len(both) == len(clip("well_done", "de")) + len(clip("rest", "de")) + round(0.12 * OUT_HZ)


def test_the_large_words_and_the_places_are_those_of_the_screen():
    assert {CUES[text] for text in LARGE} <= set(catalogue())
    for text, key in CUES.items():
        assert catalogue()[key]["en"] in (text, "Lie still."), text
    for code in words.MUSCLES:
        assert catalogue()[f"muscle_{code}"]["en"] == words.muscle(code).place.capitalize()


OF_EXERCISES = re.compile(
    r"coach_|reference_|get_ready|lower_|both_|stand_|turn_over|between_|next_(tfl|ql)$"
)


def test_every_sentence_is_one_that_a_screen_shows():
    of_files = "\n".join(path.read_text(encoding="utf-8") for path in (REPO / "protocols").glob("*.toml"))
    sources = "\n".join(path.read_text() for path in (REPO / "emgfeedback/app/patient").glob("*.py"))
    for key, texts in catalogue().items():
        if OF_EXERCISES.match(key):
            assert texts["en"] in of_files, key
        elif key in ("let_go", "that_was_all", "let_everything_go", "say_how_it_feels"):
            assert texts["en"] in sources, key
        elif key.startswith("soft_"):
            place = words.muscle(key.removeprefix("soft_")).place
            assert texts["en"] == f"Let the {place} go soft."


def test_every_text_is_there_in_every_language_and_not_left_in_english():
    for key, texts in catalogue().items():
        assert tuple(sorted(texts)) == tuple(sorted(LANGUAGES)), key
        assert len({texts[language] for language in LANGUAGES}) == len(LANGUAGES), key
        assert re.search(r"[\u4e00-\u9fff]", texts["zh"]), key
    assert catalogue()["next_ql"]["zh"] == "下面是腰部。"
