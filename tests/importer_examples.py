"""What the tests of the importers share: the real files, and short ways to write, read and look."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import ImportOptions, read_file
from emgfeedback.values import EMG, Recording

Write = Callable[..., Path]

CYTON = "openbci_gui_cyton"
V4 = f"{CYTON}/OpenBCI-v4-first30s.txt"
V5 = f"{CYTON}/OpenBCI_GUI-v5-first30s.txt"
V6 = f"{CYTON}/OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
GANGLION_RAW = "brainflow_ganglion_file/brainflow_ganglion_first15s.csv"
GROVE = "brainflow_ganglion_file/grove_emg_daq_1000hz_first12s.txt"
WALK = "hip_walk_rdata/ID0012_TW_01_raw_emg.csv"
TFL = "hip_tfl_tasks_csv/Sub10_session.csv"
TFL_LABELLED = "hip_tfl_tasks_csv/Sub10_calibration.csv.gz"

EXAMPLES = {
    "openbci-text": [V4, V5, V6, "openbci_ganglion_emg/OpenBCI-RAW-S12_S1R0.txt"],
    "brainflow": [GANGLION_RAW],
    "delimited": [WALK, TFL, GROVE, "emgflow_csv/sample_data_01.csv", "biosppy_txt/emg.txt"],
}


def write_file(folder: Path, content: str | bytes, name: str = "emg.csv") -> Path:
    """Write text or bytes to a file and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names_of(recording: Recording) -> list[str]:
    return [channel.name for channel in recording.info.channels if channel.kind == EMG]


def n_emg(recording: Recording) -> int:
    return len(names_of(recording))


def microvolts(recording: Recording) -> np.ndarray:
    """EMG in µV, (n_samples, n_emg); the axes of an accelerometer stand behind it."""
    return recording.counts[:, : n_emg(recording)] * recording.info.lsb_uv


def axes_g(recording: Recording) -> np.ndarray:
    """Accelerometer in g, (n_samples, 3)."""
    lsb_g = [channel.lsb for channel in recording.info.channels[n_emg(recording) :]]
    return recording.counts[:, n_emg(recording) :] * np.array(lsb_g)


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as refused:
        read_file(path, ImportOptions(**options))
    message = str(refused.value)
    assert message.startswith(path.name)
    assert "\n" not in message
    return message
