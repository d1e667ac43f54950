"""The spoken cues: a catalogue of texts, and one small sound file for each key and language.

The files are mono WAV, 8 bit mu-law (ITU-T G.711), and carry their text, so that a file that is older than
the catalogue is noticed. They are made by ``tools/make_voices.py``; nothing is synthesized while the program
runs.
"""

from __future__ import annotations

import struct
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emgfeedback.values import Floats

Samples = NDArray[np.float32]
FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "zh")
RATE_HZ = 9600
OUT_HZ = 48000
GAP_S = 0.12
"""Silence between two clips of one utterance."""
TAPS = 16
MU_LAW = 7
KEPT = 24
"""Clips that stay in memory."""


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """The texts by key and language."""
    return tomllib.loads((FOLDER / "catalogue.toml").read_text(encoding="utf-8"))


@cache
def key_of_sentence() -> Mapping[str, str]:
    """The key of each whole sentence on the English screen."""
    return {texts["en"]: key for key, texts in catalogue().items() if texts["en"].endswith(".")}


def utterance(keys: Sequence[str], language: str = "en") -> Samples:
    """One stretch of samples (n,) at `OUT_HZ` that says all keys; a key without a file is left out."""
    gap = np.zeros(round(GAP_S * OUT_HZ), np.float32)
    parts: list[Samples] = []
    for key in keys:
        said = clip(key, language)
        if len(said):
            parts += [gap, said] if parts else [said]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


@lru_cache(maxsize=KEPT)
def clip(key: str, language: str) -> Samples:
    """The samples (n,) of one key at `OUT_HZ`, from -1 to 1; empty without a readable file."""
    try:
        coded = _chunks((FOLDER / language / f"{key}.wav").read_bytes())[b"data"]
    except (OSError, KeyError, ValueError, struct.error):
        return np.zeros(0, np.float32)
    samples = _smooth(_linear()[np.frombuffer(coded, np.uint8)])
    return samples / max(1.0, float(np.abs(samples).max(initial=0.0)))


def text_of(path: Path) -> str:
    """The text a sound file was made from."""
    info = _chunks(path.read_bytes())[b"LIST"]
    length = struct.unpack_from("<I", info, 8)[0]
    return info[12 : 12 + length].rstrip(b"\0").decode("utf-8")


def wav_of(coded: NDArray[np.uint8], text: str) -> bytes:
    """A WAV file of mu-law bytes with the text it says as its title."""
    title = text.encode("utf-8") + b"\0"
    info = b"INFO" + _chunk(b"INAM", title)
    form = struct.pack("<HHIIHHH", MU_LAW, 1, RATE_HZ, RATE_HZ, 1, 8, 0)
    count = struct.pack("<I", len(coded))
    parts = ((b"fmt ", form), (b"fact", count), (b"LIST", info), (b"data", coded.tobytes()))
    return _chunk(b"RIFF", b"WAVE" + b"".join(_chunk(name, data) for name, data in parts))


def to_mu_law(samples: Floats) -> NDArray[np.uint8]:
    """Samples (n,) from -1 to 1 as the nearest of the 256 mu-law steps."""
    steps = _linear()
    order = np.argsort(steps, kind="stable")
    between = (steps[order][1:] + steps[order][:-1]) / 2
    return order[np.searchsorted(between, samples)].astype(np.uint8)


@cache
def _linear() -> Floats:
    """What each of the 256 mu-law bytes stands for, from -1 to 1."""
    code = ~np.arange(256, dtype=np.uint8)
    size = ((((code & 15).astype(int) << 3) + 132) << ((code >> 4) & 7)) - 132
    return np.where(code & 128, -size, size) / 32768.0


def _smooth(samples: Floats) -> Samples:
    """Five times the rate, by a windowed sinc for each of the five places between two samples."""
    times = OUT_HZ // RATE_HZ
    out = np.empty(len(samples) * times, np.float32)
    for place in range(times):
        distance = np.arange(TAPS) - TAPS // 2 + 1 - place / times
        weights = np.sinc(distance) * np.cos(np.pi * distance / (TAPS + 1)) ** 2
        out[place::times] = np.convolve(samples, weights[::-1], "full")[TAPS // 2 :][: len(samples)]
    return out


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _chunks(raw: bytes) -> dict[bytes, bytes]:
    """The chunks of a WAV file by name."""
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    chunks, at = {}, 12
    while at + 8 <= len(raw):
        length = struct.unpack_from("<I", raw, at + 4)[0]
        chunks[raw[at : at + 4]] = raw[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return chunks
