"""The page about boards against the table of boards."""

from __future__ import annotations

from pathlib import Path

import pytest

from emgfeedback.sources.boards import boards, find_board

PAGE = Path(__file__).resolve().parent.parent / "docs" / "boards.md"


def rows():
    """Cells of each row whose first cell is an address."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")
    ]
    return {cells[0].strip("`:"): cells for cells in table if cells[0].endswith(":`")}


@pytest.mark.parametrize("scheme", sorted(rows()))
def test_a_row_of_the_page_says_what_the_table_says(scheme):
    board = find_board(scheme)
    _, _, fs, channels, band, power, verdict = rows()[scheme]
    assert (float(fs), int(channels)) == (board.fs_hz, board.n_channels)
    assert board.why.startswith(f"{band} Hz keeps {power} of EMG power")
    assert verdict == board.verdict


def test_the_page_has_every_first_class_board():
    assert set(rows()) == {board.scheme for board in boards() if board.settings}
