"""A tiny reader of the virtual Cyton's port, which knows nothing of the code that writes it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import time

import numpy as np
import pytest

from emgfeedback.sources.virtual_cyton import VirtualCyton

PATIENCE_S = 60.0
PACKET = 33


def counting_feed(n_rows=10**9, n_channels=8, most=10**9):
    """Counts whose first column is the row number and whose last is its negative."""
    state = {"at": 0}

    def next_counts(n):
        first, end = state["at"], min(state["at"] + min(n, most), n_rows)
        state["at"] = end
        if first == end:
            return None
        rows = np.arange(first, end, dtype=np.int32)[:, None]
        return np.hstack([rows + np.zeros((1, n_channels - 1), np.int32), -rows]).astype(np.int32)

    return next_counts


@contextlib.contextmanager
def opened(port):
    """The host's end of the cable."""
    import tty

    cable = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(cable)
        yield cable
    finally:
        os.close(cable)


def read_until(cable, enough):
    got, deadline = b"", time.monotonic() + PATIENCE_S
    while not enough(got):
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain; got {got[-200:]!r}")
        with contextlib.suppress(OSError):
            got += os.read(cable, 65536)
    return got


def becomes_true(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("waited in vain")


def ask(cable, command):
    os.write(cable, command.encode())
    return read_until(cable, lambda got: got.endswith(b"$$$")).decode()


def decode(data):
    """Number and counts of whole packets, decoded independently of the encoder."""
    numbers, rows = [], []
    for at in range(0, len(data) // PACKET * PACKET, PACKET):
        packet = data[at : at + PACKET]
        assert (packet[0], packet[32]) == (0xA0, 0xC0)
        numbers.append(packet[1])
        rows.append([int.from_bytes(packet[i : i + 3], "big", signed=True) for i in range(2, 26, 3)])
    return np.array(numbers), np.array(rows)


def decode_accel(data):
    """Accelerometer counts (n, 3) of whole packets."""
    packets = np.frombuffer(data, np.uint8)[: len(data) // PACKET * PACKET].reshape(-1, PACKET)
    return packets[:, 26:32].copy().view(">i2").astype(int)


def stream_to_the_end(feed, commands=(), speed=math.inf, **options):
    """All bytes of a feed that ends, the fates of its packets, and what the truth file says."""
    with VirtualCyton(feed, speed=speed, **options) as board, opened(board.port) as cable:
        for command in commands:
            ask(cable, command)
        os.write(cable, b"b")
        data = read_until(cable, lambda _: board.ended.is_set())
        with contextlib.suppress(OSError):
            while more := os.read(cable, 65536):
                data += more
    return data, board.fates


def lines_of(truth_file):
    """Packets and events of a truth file."""
    lines = [json.loads(line) for line in truth_file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if "fate" in line], [line for line in lines if "event" in line]
