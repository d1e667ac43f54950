"""The accelerometer of a board, beside the EMG in files of the OpenBCI GUI and of BrainFlow."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from importer_examples import GANGLION_RAW, V4, V5, V6, Write, axes_g, write_file

from emgfeedback.storage.importers import ImportOptions, read_file
from emgfeedback.storage.importers.boards import BOARDS, CYTON_LSB_G, GANGLION_LSB_G
from emgfeedback.values import ACCEL, Channel, Gap


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file and returns its path."""
    return partial(write_file, tmp_path)


@pytest.mark.parametrize("name", [V4, V5, V6])
def test_the_accelerometer_stands_behind_the_emg_in_g(shared_data: Path, name: str) -> None:
    recording = read_file(shared_data / name)
    assert recording.counts.shape[1] == 11
    assert recording.info.channels[8:] == tuple(
        Channel(f"Accel {axis}", kind=ACCEL, unit="g", lsb=CYTON_LSB_G) for axis in "XYZ"
    )
    np.testing.assert_allclose(axes_g(recording)[0], [0.040, 0.420, 0.238], rtol=1e-12)
    np.testing.assert_allclose(axes_g(recording)[2994], [0.046, 0.784, 0.596], rtol=1e-12)
    still_g = np.linalg.norm(axes_g(recording)[-500:], axis=1)
    assert np.all((still_g > 0.9) & (still_g < 1.1)), "a head at rest feels gravity"


def test_readings_with_zeros_between_are_held_as_later_files_hold_them(shared_data: Path) -> None:
    v4, v5 = (read_file(shared_data / name) for name in (V4, V5))
    same = np.all(v4.counts[:, 8:] == v5.counts[:, 8:], axis=1)
    # v5 also threw away the one reading in which a single axis was exactly zero.
    assert np.flatnonzero(~same).tolist() == list(range(388, 398))
    assert axes_g(v4)[388].tolist() == pytest.approx([0, 0.774, 0.594])


def test_an_accelerometer_that_was_off_or_is_none_is_left_out(shared_data: Path, write: Write) -> None:
    rows = (shared_data / V6).read_text().splitlines()[:200]
    off = "\n".join(row.replace("0.040, 0.420, 0.238", "0, 0, 0") for row in rows[:12])
    assert read_file(write(off, "off.txt")).counts.shape[1] == 8
    wild = "\n".join([*rows[:10], rows[10].replace(" 0.040,", " 512,"), *rows[11:]])
    recording = read_file(write(wild, "wild.txt"))
    assert recording.counts.shape[1] == 8
    assert "left out: the accelerometer's columns reach 512" in " ".join(recording.warnings)
    named_otherwise = "\n".join(rows).replace("Accel Channel", "Other Channel")
    assert read_file(write(named_otherwise, "other.txt")).counts.shape[1] == 8


def test_an_empty_cell_of_the_accelerometer_costs_no_emg(shared_data: Path, write: Write) -> None:
    rows = (shared_data / V6).read_text().splitlines()[:200]
    rows[10] = rows[10].replace(" 0.420,", " ,")
    recording = read_file(write("\n".join(rows), "empty.txt"))
    assert recording.gaps == ()
    np.testing.assert_allclose(axes_g(recording)[:6], [[0.040, 0.420, 0.238]] * 6, rtol=1e-12)


@pytest.mark.parametrize(
    ("label", "device"),
    [
        ("BoardCytonSerial", "CYTON"),
        ("BoardCytonSerialDaisy", "CYTON_DAISY"),
        ("BoardCytonWifi", "CYTON_WIFI"),
        ("BoardCytonWifiDaisy", "CYTON_DAISY_WIFI"),
        ("BoardGanglionBLE", "GANGLION"),
        ("BoardGanglionNative", "GANGLION"),
        ("BoardGanglionWifi", "GANGLION_WIFI"),
        ("BoardBrainFlowSynthetic", "SYNTHETIC"),
    ],
)
def test_the_header_names_the_board_and_with_it_the_steps(write: Write, label: str, device: str) -> None:
    board = BOARDS[device]
    cells = ", ".join(["10.5"] * board.n_emg + ["0.1", "0.25", "0.96"])
    head = f"%OpenBCI Raw EXG Data\n%Sample Rate = 200 Hz\n%Board = OpenBCI_GUI${label}\n"
    head += f"%Number of channels = {board.n_emg}\n"
    rows = "".join(f"{i}, {cells}, 12:00:00.000\n" for i in range(100))
    recording = read_file(write(head + rows))
    assert recording.info.device == device
    assert {channel.lsb for channel in recording.info.channels if channel.kind == ACCEL} == {board.lsb_g}
    np.testing.assert_allclose(axes_g(recording)[0], [0.1, 0.25, 0.96], atol=board.lsb_g / 2)


def test_the_accelerometer_of_a_ganglion_lies_on_its_own_grid(shared_data: Path, write: Write) -> None:
    lines = (shared_data / GANGLION_RAW).read_text().splitlines()
    counts = np.random.default_rng(4).integers(-128, 128, (len(lines), 3))
    counts[:, 0] |= 1  # no row of zeros
    # BrainFlow keeps this step in single precision.
    texts = ["\t".join(f"{count * float(np.float32(0.016)):.6f}" for count in row) for row in counts]
    cells = [line.split("\t") for line in lines]
    rows = ["\t".join((*row[:5], axes, *row[8:])) for row, axes in zip(cells, texts, strict=True)]
    recording = read_file(write("\n".join(rows), "axes.csv"), ImportOptions(board="GANGLION"))
    whole = read_file(shared_data / GANGLION_RAW, ImportOptions(board="GANGLION"))
    np.testing.assert_array_equal(recording.counts[:, :4], whole.counts)
    received = [row for first, end in recording.stretches() for row in range(first, end)]
    np.testing.assert_array_equal(recording.counts[received, 4:], counts)
    assert {channel.lsb for channel in recording.info.channels[4:]} == {GANGLION_LSB_G}


def test_each_row_keeps_its_own_reading_where_rows_are_lost_or_left_out(write: Write) -> None:
    header = (
        "%OpenBCI Raw EXG Data\n%Number of channels = 8\n%Sample Rate = 250 Hz\n%Board = $BoardCytonSerial\n"
    )
    indices = [0, 1, 2, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    rows = (
        f"{index}, {', '.join(['1.5'] * 8)}, 0.{row:03d}, -0.5, 0.25, 12:00:00.000\n"
        for row, index in enumerate(indices, 1)
    )
    recording = read_file(write(header + "".join(rows)))
    assert recording.gaps == (Gap(4, 1),)
    readings = [1, 2, 3, 5, 0, 6, 7, 8, 9, 10, 11, 12, 13, 14]
    np.testing.assert_array_equal(np.rint(axes_g(recording)[:, 0] * 1000), readings)
