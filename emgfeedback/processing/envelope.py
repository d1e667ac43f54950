"""Sums over hops and windows in a fixed order, so that block size cannot change a bit."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from emgfeedback.values import Floats


def ordered_sum(values: Floats, axis: int) -> Floats:
    """Sum along ``axis``, strictly first to last.

    NumPy's ``sum`` picks its order by shape and stride; ``add.accumulate`` cannot.
    """
    return np.asarray(np.add.accumulate(values, axis=axis).take(-1, axis=axis))


def moving_sum(values: Floats, length: int) -> Floats:
    """Sum over ``length`` consecutive rows, for every window that fits: (n - length + 1, n_channels)."""
    if len(values) == length:  # one window, the live case: the same additions without the strided view
        return np.asarray(np.add.accumulate(values, axis=0)[-1:])
    return ordered_sum(sliding_window_view(values, length, axis=0), axis=-1)


def moving_max(values: Floats, length: int) -> Floats:
    """Maximum over ``length`` consecutive rows: (n - length + 1, n_channels)."""
    if len(values) == length:
        return np.asarray(values.max(axis=0, keepdims=True))
    return np.asarray(sliding_window_view(values, length, axis=0).max(axis=-1))
