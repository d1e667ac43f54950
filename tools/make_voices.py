"""Make the spoken cues: every text of the catalogue in every language, by espeak-ng, as small WAV files.

Run it after a change of ``emgfeedback/app/voices/catalogue.toml``; espeak-ng has to be installed. A file
whose text is unchanged is left alone unless ``--all`` is given; a file that no key asks for is taken away.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

from emgfeedback.app.voices import FOLDER, LANGUAGES, RATE_HZ, catalogue, text_of, to_mu_law, wav_of

VOICES = {"en": "en-gb", "de": "de", "zh": "cmn-latn-pinyin"}
"""The Mandarin voice is the one that reads characters; ``cmn`` of espeak-ng 1.51 reads pinyin as English."""
WORDS_A_MINUTE = {"en": 160, "de": 165, "zh": 205}
LOUD, SILENT, EDGE_S = 0.85, 0.02, 0.015
"""Peak of every file, what counts as silence at its ends, and how long the ends take to fade."""


def main() -> int:
    """Render what is missing or out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="render every file again")
    again = parser.parse_args().all
    made = 0
    for language in LANGUAGES:
        folder = FOLDER / language
        folder.mkdir(exist_ok=True)
        for path in folder.glob("*.wav"):
            if path.stem not in catalogue():
                path.unlink()
        for key, texts in catalogue().items():
            path = folder / f"{key}.wav"
            if again or not path.exists() or text_of(path) != texts[language]:
                path.write_bytes(wav_of(to_mu_law(spoken(texts[language], language)), texts[language]))
                made += 1
    size = sum(path.stat().st_size for path in FOLDER.glob("*/*.wav"))
    sys.stdout.write(f"{made} made, {len(catalogue())} keys, {size / 1e6:.2f} MB\n")
    return 0


def spoken(text: str, language: str) -> np.ndarray:
    """The text as samples (n,) from -1 to 1 at `RATE_HZ`, without silence at its ends."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        voice = ["-v", VOICES[language], "-s", str(WORDS_A_MINUTE[language])]
        subprocess.run(["espeak-ng", *voice, "-w", str(path), "--", text], check=True)
        with wave.open(str(path)) as file:
            rate_hz, raw = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(raw, "<i2").astype(float)
    return faded(slower(samples / max(1.0, np.abs(samples).max()), rate_hz))


def slower(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """The samples at `RATE_HZ`, by cutting the spectrum."""
    n = round(len(samples) * RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(samples)[: n // 2 + 1]
    return np.fft.irfft(spectrum, n) * n / len(samples)


def faded(samples: np.ndarray) -> np.ndarray:
    """The samples cut to what is heard, at the agreed peak, with soft ends."""
    samples = samples * LOUD / np.abs(samples).max()
    heard = np.flatnonzero(np.abs(samples) > SILENT)
    edge = round(EDGE_S * RATE_HZ)
    samples = samples[max(0, heard[0] - edge) : heard[-1] + edge]
    ramp = np.linspace(0.0, 1.0, edge)
    samples[:edge] *= ramp
    samples[-edge:] *= ramp[::-1]
    return samples


if __name__ == "__main__":
    sys.exit(main())
