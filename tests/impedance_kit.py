"""A Cyton of one's own for the check of electrodes: resistors on its pins, mains, and a restless muscle."""

from __future__ import annotations

import re

import numpy as np

from emgfeedback.sources.brainflow.tone import TONE_HZ

RESISTORS = (1e3, 5e3, 20e3, 50e3, 200e3)
DEFAULT = ("0", "6", "0", "1", "1", "0")
ADS_NOISE_UV = 1.2


def muscle_uv(rng: np.random.Generator, n: int, fs_hz: float, rms_uv: float, rest_s: float) -> np.ndarray:
    """Bursts of half a second with the spectrum of surface EMG, and pauses of ``rest_s`` on average."""
    f_hz = np.fft.rfftfreq(n, 1 / fs_hz)
    shape = f_hz**2 / (f_hz**2 + 60**2) / (1 + (f_hz / 120) ** 2)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n)
    active = np.zeros(n)
    at = int(rng.exponential(rest_s) * fs_hz)
    while at < n:
        burst = np.sqrt(np.hanning(round(0.5 * fs_hz)))
        active[at : at + len(burst)] = burst[: n - at]
        at += len(burst) + int(rng.exponential(rest_s) * fs_hz)
    return rms_uv * noise / noise.std() * (active if rest_s else 1.0)


class Bench:
    """A Cyton with a resistor on every pin, on a person who will not lie still.

    ``ohm`` maps (channel, pin) to a resistor; ``scare`` is called before each answer and each read, with
    what is about to happen, and may raise.
    """

    def __init__(
        self, ohm=None, seed=1, fs_hz=250.0, mains_hz=50.0, emg_uv=200.0, rest_s=0.5, scare=None, lost=0.0
    ):
        self.fs_hz = fs_hz
        self.ohm, self.mains_hz, self.emg_uv, self.rest_s = ohm or {}, mains_hz, emg_uv, rest_s
        self.scare = scare or (lambda what: None)
        self.settings = {str(channel): DEFAULT for channel in range(1, 9)}
        self.driven: dict[str, tuple[str, str]] = {}
        self.most_driven, self.streaming, self.sent, self.lost = 0, False, [], lost
        self.rng = np.random.default_rng(seed)
        self.counted = 0

    def config(self, text):
        assert not self.streaming, "a Cyton that streams answers nothing"
        self.sent.append(text)
        self.scare(text)
        return "".join(self.obey(command) for command in re.findall("x.{7}X|z.{3}Z", text))

    def obey(self, command):
        letter = command[1]
        if command[0] == "x":
            self.settings[letter] = tuple(command[2:-1])
            return f"Success: Channel set for {letter}$$$"
        self.driven.pop(letter, None)
        if command[2:4] != "00":
            self.driven[letter] = (command[2], command[3])
        self.most_driven = max(self.most_driven, sum((p + n).count("1") for p, n in self.driven.values()))
        return f"Success: Lead off set for {letter}$$$"

    def start(self):
        assert not self.streaming
        self.streaming, self.counted = True, 0
        self.noise = {}

    def stop(self):
        self.streaming = False

    def read(self):
        assert self.streaming
        self.scare("read")
        n = 50
        at_s = (self.counted + np.arange(n)) / self.fs_hz
        self.counted += n
        rows = np.stack([self.channel_uv(str(channel), at_s) for channel in range(1, 9)], axis=1)
        rows[self.rng.random(n) < self.lost] = np.nan
        return rows

    def channel_uv(self, letter, at_s):
        gain = (1, 2, 4, 6, 8, 12, 24)[int(self.settings[letter][1])]
        if letter not in self.noise:
            long = round(20 * self.fs_hz)
            self.noise[letter] = muscle_uv(self.rng, long, self.fs_hz, self.emg_uv, self.rest_s)
        emg_uv = self.noise[letter][np.rint(at_s * self.fs_hz).astype(int)]
        hum = np.sin(2 * np.pi * self.mains_hz * at_s + 1) + 0.2 * np.sin(6 * np.pi * self.mains_hz * at_s)
        drift_uv = 15000 + 1000 * np.sin(2 * np.pi * 0.2 * at_s)
        uv = emg_uv + 30 * hum + drift_uv + ADS_NOISE_UV * self.rng.standard_normal(len(at_s))
        for sign, on, pin in zip((1, -1), self.driven.get(letter, ("0", "0")), "PN", strict=True):
            if on == "1":
                volts = 6e-9 * (self.ohm.get((int(letter), pin), 5e3) + 2200)
                uv = uv + sign * 1e6 * volts * np.sin(2 * np.pi * TONE_HZ * at_s + 0.3)
        lsb_uv = 4.5e6 / (2**23 - 1) / gain
        return np.clip(np.rint(uv / lsb_uv), -(2**23), 2**23 - 1) * lsb_uv

    def as_before(self):
        """Whether no current flows and every channel is as the board's default has it."""
        return not self.driven and set(self.settings.values()) == {DEFAULT} and not self.streaming


def table(order=RESISTORS):
    """These resistors at P of the first channels, and in reverse at N."""
    ohm = {(channel, "P"): value for channel, value in enumerate(order, start=1)}
    return ohm | {(channel, "N"): value for channel, value in enumerate(reversed(order), start=1)}


def restless(seed, n_channels=8):
    """A feed without end: mains, drift, noise and bursts of muscle activity, as counts at gain 24."""
    rng = np.random.default_rng(seed)
    n = 10000
    emg_uv = np.stack([muscle_uv(rng, n, 250.0, 200.0, 0.5) for _ in range(n_channels)], axis=1)
    hum_uv = 30 * np.sin(2 * np.pi * 50 * np.arange(n) / 250)[:, None]
    uv = 15000 + emg_uv + hum_uv + ADS_NOISE_UV * rng.standard_normal((n, n_channels))
    counts = np.rint(uv / (4.5e6 / (2**23 - 1) / 24)).astype(np.int32)
    at = 0

    def feed(wanted):
        nonlocal at
        at += wanted
        return np.take(counts, range(at - wanted, at), axis=0, mode="wrap")

    return feed
