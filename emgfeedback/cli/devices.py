"""``emgfeedback boards``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from emgfeedback.cli.common import json_option, print_json

if TYPE_CHECKING:
    from emgfeedback.sources.boards import Board


@click.command("boards")
@json_option
def boards_command(as_json: bool) -> None:
    """List the boards that can be used, what their rate can show, and the serial ports there are."""
    from emgfeedback.sources.boards import boards
    from emgfeedback.sources.ports import serial_ports

    ports = serial_ports()
    if as_json:
        print_json(
            {
                "boards": [_facts(board) for board in boards()],
                "ports": [{"path": port.path, "name": port.name} for port in ports],
            }
        )
        return
    click.echo(f"{'address':22}{'board':32}{'Hz':>6}{'EMG':>5}{'power':>7}  {'electrodes':12}verdict")
    for board in boards():
        name, power = f"{board.scheme}:", f"{board.emg_power_pct:.0f} %"
        size = f"{board.fs_hz:>6g}{board.n_channels:>5}{power:>7}"
        click.echo(f"{name:22}{board.device[:30]:32}{size}  {board.electrode_check:12}{board.verdict}")
    click.echo(
        "power: share of typical surface EMG that rate and converter keep; electrodes: how they are checked"
    )
    for port in ports:
        click.echo(f"port {port.path}: {port.name}")
    if not ports:
        click.echo("no serial port on this computer now")


def _facts(board: Board) -> dict[str, Any]:
    return {
        "name": board.scheme,
        "device": board.device,
        "brainflow_id": board.board_id,
        "fs_hz": board.fs_hz,
        "nyquist_hz": board.nyquist_hz,
        "channels": board.n_channels,
        "emg_power_pct": board.emg_power_pct,
        "gains": list(board.gains),
        "electrode_check": board.electrode_check,
        "settings": board.settings,
        "verdict": board.verdict,
        "why": board.why,
    }
