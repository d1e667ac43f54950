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
    of millivolts and, unlike a seed from the mean of a chunk, does not depend on chunk size. A whole hop
    goes through in one product with a matrix: for a linear filter of states z and input u,
    ``[y; z'] = M·[z; u]``, and M is what the sections make of unit vectors. It is what
    `scipy.signal.sosfilt` gives but for rounding, at a tenth of its cost for a hop.

    Parameters
    ----------
    sections : (n_sections, 6)
        Second-order sections.
    hop_samples : int
        Rows of a hop, from which on the matrix is used; 0 leaves all to `sosfilt`.
    """

    def __init__(self, sections: Floats, hop_samples: int = 0) -> None:
        self._sections, self._hop = sections, hop_samples
        self._steady = signal.sosfilt_zi(sections)[:, :, np.newaxis]
        self._n_states = 2 * len(sections)
        self._matrix = _hop_matrix(sections, max(1, hop_samples))
        self._state: Floats | None = None

    def reset(self) -> None:
        """Forget the past; the next sample seeds the state."""
        self._state = None

    def __call__(self, samples: Floats) -> Floats:
        """Filter ``(n_samples, n_channels)``, n_samples > 0; same shape, same unit."""
        state = self._state
        if state is None:
            state = np.ascontiguousarray((self._steady * samples[0]).reshape(self._n_states, -1))
        filtered, whole = [], len(samples) - len(samples) % self._hop if self._hop else 0
        for first in range(0, whole, self._hop or 1):
            both = self._matrix @ np.concatenate([state, samples[first : first + self._hop]])
            filtered.append(both[: self._hop])
            state = both[self._hop :]
        if whole < len(samples):
            shaped = state.reshape(len(self._sections), 2, -1)
            rest, shaped = signal.sosfilt(self._sections, samples[whole:], axis=0, zi=shaped)
            filtered.append(rest)
            state = np.ascontiguousarray(shaped.reshape(self._n_states, -1))
        self._state = state
        return filtered[0] if len(filtered) == 1 else np.concatenate(filtered)


def _hop_matrix(sections: Floats, hop_samples: int) -> Floats:
    """Output and next state, (hop + states, states + hop), for unit states and unit inputs."""
    n_states = 2 * len(sections)
    unit = np.eye(n_states + hop_samples)
    state = unit[:n_states].reshape(len(sections), 2, -1)
    output, after = signal.sosfilt(sections, unit[n_states:], axis=0, zi=state)
    return np.ascontiguousarray(np.concatenate([output, after.reshape(n_states, -1)]))
