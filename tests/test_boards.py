"""The table of boards against BrainFlow's own descriptions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import emgfeedback
from emgfeedback.errors import UsageError
from emgfeedback.sources.boards import boards, driver, find_board
from emgfeedback.values import COUNT_MAX


def test_every_board_has_a_name_of_its_own_and_a_verdict():
    table = boards()
    assert len({board.scheme for board in table}) == len(table)
    for board in table:
        assert board.n_channels >= 3
        assert board.nyquist_hz == board.fs_hz / 2
        assert board.verdict in {"good", "usable", "cue only", "unusable"}
        assert board.electrode_check in {"lead-off", "resistance", "none"}
        assert 0 <= board.emg_power_pct <= 100
        assert board.why
        assert "\n" not in board.why


def test_every_board_of_brainflow_with_three_emg_channels_is_in_the_table():
    shim = driver()
    wanted = set()
    for member in shim.BoardIds:
        try:
            about = shim.BoardShim.get_board_descr(member.value)
        except shim.BrainFlowError:
            continue
        if len(about.get("emg_channels", [])) >= 3:
            wanted.add(member.value)
    assert {board.board_id for board in boards()} == wanted


@pytest.mark.parametrize(
    ("scheme", "board_id", "fs_hz", "n_channels", "verdict"),
    [
        ("cyton", 0, 250, 8, "usable"),
        ("cyton-daisy", 2, 125, 16, "cue only"),
        ("cyton-wifi", 5, 1000, 8, "good"),
        ("ganglion", 1, 200, 4, "usable"),
        ("ganglion-wifi", 4, 1600, 4, "good"),
        ("aavaa-v3", 53, 50, 8, "unusable"),
        ("synthetic", -1, 250, 16, "usable"),
    ],
)
def test_a_known_board_is_found_by_its_name(scheme, board_id, fs_hz, n_channels, verdict):
    board = find_board(scheme)
    assert (board.board_id, board.fs_hz, board.n_channels) == (board_id, fs_hz, n_channels)
    assert board.verdict == verdict


@pytest.mark.parametrize(
    ("scheme", "kept_pct"),
    [("cyton", 29), ("cyton-wifi", 86), ("ganglion", 19), ("cyton-daisy", 12), ("aavaa-v3", 0)],
)
def test_the_share_of_emg_power_is_that_of_the_literature(scheme, kept_pct):
    board = find_board(scheme)
    assert board.emg_power_pct == pytest.approx(kept_pct, abs=1.1)
    if kept_pct:
        assert f"keeps {board.emg_power_pct:.0f} % of EMG power" in board.why


@pytest.mark.parametrize(
    ("scheme", "check", "n_accel", "settings"),
    [
        ("cyton", "lead-off", 3, "SRB2 off, bias on"),
        ("cyton-daisy", "lead-off", 3, "SRB2 off, bias on"),
        ("cyton-wifi", "lead-off", 3, "SRB2 off, bias on"),
        ("ganglion", "resistance", 3, "switches away from REF"),
        ("ganglion-native", "resistance", 3, "switches away from REF"),
        ("ganglion-wifi", "resistance", 3, "switches away from REF"),
        ("synthetic", "none", 0, ""),
        ("gforce-pro", "none", 0, ""),
    ],
)
def test_first_class_boards_have_their_settings_and_electrode_check(scheme, check, n_accel, settings):
    board = find_board(scheme)
    assert (board.electrode_check, board.n_accel) == (check, n_accel)
    assert settings in board.settings


def test_brainflows_log_is_off_and_its_developer_log_is_never_switched_on():
    package = Path(emgfeedback.__file__).parent
    texts = [file.read_text(encoding="utf-8") for file in package.rglob("*.py")]
    assert [text for text in texts if re.search(r"\benable_\w*board_logger\(", text)] == []
    assert any("disable_board_logger()" in text for text in texts)


def test_the_step_of_a_cyton_fills_its_input_range():
    cyton = find_board("cyton")
    assert cyton.lsb_uv(24) * COUNT_MAX == pytest.approx(187_500)
    assert cyton.lsb_uv(1) * COUNT_MAX == pytest.approx(4_500_000)


def test_a_gain_the_board_does_not_have_is_refused_with_the_list():
    with pytest.raises(UsageError, match=r"gain 5 .* OpenBCI Cyton: write one of 1, 2, 4, 6, 8, 12, 24"):
        find_board("cyton").lsb_uv(5)


def test_the_gain_of_a_ganglion_is_fixed():
    assert find_board("ganglion").lsb_uv(1) == find_board("ganglion").lsb_uv(24)


def test_an_unknown_board_names_the_nearest():
    with pytest.raises(UsageError, match=r'no board is called "cytn": write cyton') as caught:
        find_board("cytn")
    assert caught.value.exit_code == 2
