"""Surface-EMG biofeedback that shows, live and in replay, which muscle does the work.

For training and research; not a medical device. The names below are what other programs may rely on; each
is imported when it is first used, so that ``import emgfeedback`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    **dict.fromkeys(("Calibration", "Channel", "Chunk", "Command", "Dominance", "Event", "Frame"), "values"),
    **dict.fromkeys(("Gap", "Phase", "Protocol", "Quality", "Recording", "Reward", "Setup"), "values"),
    **dict.fromkeys(("StreamInfo", "Tick"), "values"),
    **dict.fromkeys(("CalibrationError", "EmgFeedbackError", "InputError", "ProtocolError"), "errors"),
    **dict.fromkeys(("RecordingError", "SourceError", "UsageError"), "errors"),
    **dict.fromkeys(("Grid", "grid_for", "statistical_bandwidth_hz"), "processing.bandwidth"),
    "Pipeline": "processing.pipeline",
    "ImportOptions": "storage.importers",
    "open_any": "storage.opening",
    "Recorder": "storage.recorder",
    **dict.fromkeys(("open_recording", "recover"), "storage.recording"),
    **dict.fromkeys(("apply_montage", "parse_montage"), "training.montage"),
    "parse_protocol": "training.protocol",
    "Session": "training.session",
    "open_source": "sources.opening",
    **dict.fromkeys(("Patient", "Segment", "steady"), "sources.patient"),
    **dict.fromkeys(("Faults", "VirtualCyton"), "sources.virtual_cyton"),
    **dict.fromkeys(("live_job", "replay_job"), "run.job"),
    **dict.fromkeys(("Stretch", "analyze", "calibrate_from"), "run.offline"),
}
"""Public name → where it lives in the package."""

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'emgfeedback' has no attribute {name!r}")
    return getattr(importlib.import_module(f"emgfeedback.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
