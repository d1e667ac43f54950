"""Causal filters with kept state: any chunking gives the same bits."""

from __future__ import annotations

import numpy as np
from scipy import signal

from emgfeedback.values import Floats

ORDER = 4
NOTCH_Q = 30.0


def design_bandpass(fs_hz: float, band_hz: tuple[float, float]) -> Floats:
    """Fourth-order Butterworth band-pass as second-order sections, shape (4, 6)."""
    return np.asarray(signal.butter(ORDER, band_hz, "bandpass", fs=fs_hz, output="sos"))


def design_notch(fs_hz: float, mains_hz: float) -> Floats:
    """Second-order notch of quality 30 at the mains frequency, shape (1, 6)."""
    return np.asarray(signal.tf2sos(*signal.iirnotch(mains_hz, NOTCH_Q, fs=fs_hz)))


class Filter:
    """A cascade of second-order sections that remembers where it was.

    The state is seeded as if the first sample had lasted for ever, which hides an electrode offset of tens
    of millivolts and, unlike a seed from the mean of a chunk, does not depend on chunk size.
    """

    def __init__(self, sections: Floats) -> None:
        self._sections = sections
        self._steady = signal.sosfilt_zi(sections)[:, :, np.newaxis]
        self._state: Floats | None = None

    def reset(self) -> None:
        """Forget the past; the next sample seeds the state."""
        self._state = None

    def __call__(self, samples: Floats) -> Floats:
        """Filter ``(n_samples, n_channels)``, n_samples > 0; same shape, same unit."""
        if self._state is None:
            self._state = self._steady * samples[0]
        filtered, self._state = signal.sosfilt(self._sections, samples, axis=0, zi=self._state)
        return np.asarray(filtered)
