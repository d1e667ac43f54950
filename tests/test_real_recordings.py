"""Real recordings: the figures that others measured on them come out of the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from emgfeedback.cli.main import main
from emgfeedback.storage.opening import open_any


@pytest.fixture
def result(capsys: pytest.CaptureFixture[str]):
    def run(*words: object) -> dict:
        with pytest.raises(SystemExit) as end:
            main([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert not end.value.code, err
        return json.loads(out)

    return run


def test_walking_is_shared_by_gmed_tfl_and_gmax_as_published(result, shared_data: Path) -> None:
    file = shared_data / "hip_walk_rdata/ID0012_TW_01_raw_emg.csv"
    analysis = result("analyze", file, "--montage", "gmed=ME,tfl=FL,gmax=MA", "--unit", "uV")
    shares = {channel["muscle"]: channel["share_pct"] for channel in analysis["channels"]}
    assert shares == pytest.approx({"gmed": 38.8, "tfl": 45.1, "gmax": 16.1}, abs=2.0)
    rms = {channel["muscle"]: channel["rms_uv"] for channel in analysis["channels"]}
    assert rms == pytest.approx({"gmed": 59.9, "tfl": 69.6, "gmax": 24.8}, rel=0.02)


def test_three_generations_of_the_openbci_gui_hold_the_same_samples(shared_data: Path) -> None:
    folder = shared_data / "openbci_gui_cyton"
    names = (
        "OpenBCI-v4-first30s.txt",
        "OpenBCI_GUI-v5-first30s.txt",
        "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt",
    )
    first, *others = (np.asarray(open_any(folder / name).counts[:7500, :8]) for name in names)
    assert len(first) == 7500
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize(
    ("subject", "channel", "rest_uv", "run_uv"), [("S06", 0, 1.7, 7.1), ("S12", 1, 3.3, 18.5)]
)
def test_a_ganglion_run_stands_clearly_above_its_rest_and_the_band_is_the_boards(
    result, shared_data: Path, subject: str, channel: int, rest_uv: float, run_uv: float
) -> None:
    folder = shared_data / "openbci_ganglion_emg"
    files = [folder / f"OpenBCI-RAW-{subject}_S1{kind}.txt" for kind in ("REST", "R0")]
    rest, run = (result("analyze", file, "--montage", "gmed=1,tfl=2") for file in files)
    assert run["band_hz"] == [20.0, 90.0], "a 200 Hz board cannot show 450 Hz"
    assert rest["channels"][channel]["rms_uv"] == pytest.approx(rest_uv, rel=0.1)
    assert run["channels"][channel]["rms_uv"] == pytest.approx(run_uv, rel=0.1)
    assert run["channels"][channel]["high_uv"] > 6 * run["channels"][channel]["low_uv"]


def test_a_ganglion_run_replays_with_a_calibration_from_its_own_seconds(result, shared_data: Path) -> None:
    file = shared_data / "openbci_ganglion_emg/OpenBCI-RAW-S06_S1R0.txt"
    words = (
        "replay",
        file,
        "--montage",
        "gmed=1,tfl=2",
        "--rest",
        "0,3",
        "--reference",
        "20,25",
        "--headless",
    )
    one, other = result(*words), result(*words, "--chunk", "7")
    assert one["ticks_sha256"] == other["ticks_sha256"]
    assert one["seconds"] == pytest.approx(140.6, abs=0.1)
    assert any("times rest" in warning for warning in one["warnings"])


def test_a_brainflow_file_has_its_one_missing_package_as_a_gap(result, shared_data: Path) -> None:
    file = shared_data / "brainflow_ganglion_file/brainflow_ganglion_first15s.csv"
    analysis = result("analyze", file, "--board", "ganglion")
    assert analysis["fs_hz"] == 200.0
    assert [gap["missing_s"] for gap in analysis["gaps"]] == [0.01]


def test_the_rate_of_rounded_times_is_1920_hz(result, shared_data: Path) -> None:
    file = shared_data / "hip_tfl_tasks_csv/Sub10_session.csv"
    analysis = result("analyze", file, "--unit", "mV", "--from", "3", "--to", "6", "--montage", "tfl=1,rf=2")
    assert analysis["fs_hz"] == pytest.approx(1920.0, abs=0.05)
    assert analysis["channels"][0]["rms_uv"] == pytest.approx(18.1, rel=0.1)


def test_hum_is_said_where_it_swamps_the_signal(result, shared_data: Path) -> None:
    for file in (
        "emgflow_csv/sample_data_01.csv",
        "openbci_gui_cyton/OpenBCI_GUI-v6-blinks-jawClench-alpha.txt",
    ):
        analysis = result("analyze", shared_data / file, "--unit", "uV")
        assert all("mains" in channel["quality"] for channel in analysis["channels"])


@pytest.mark.parametrize(
    "file",
    [
        "edf_bids_emg/emg_Multimodal/sub-01/emg/sub-01_task-pullstand_emg.edf",
        "delsys_mat_trunk_ecg/data_delsys.mat",
        "opensignals_h5/emg_bursts.h5",
        "c3d_gait_bilateral/Gait.c3d",
    ],
)
def test_what_cannot_be_read_yet_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], shared_data: Path, file: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["analyze", str(shared_data / file)])
    assert end.value.code == 4
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert Path(file).name in said
