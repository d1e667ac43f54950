"""Serial ports by name, and the lock that keeps a second start away from one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emgfeedback.errors import SourceError
from emgfeedback.sources import ports
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.ports import (
    SerialPort,
    held,
    likely_dongle,
    linux_ports,
    lock_path,
    port_id,
    serial_ports,
    stable_path,
)

needs_links = pytest.mark.skipif(os.name != "posix", reason="needs symbolic links and files for ports")

HOLD = """
import sys
from emgfeedback.sources.ports import held
with held(sys.argv[1], "the port"):
    sys.stdout.write("held\\n"); sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.fixture
def usb_tree(tmp_path):
    """What Linux shows in /sys for an FTDI dongle, another adapter, and a tty that is no USB port."""
    for name, maker, product, serial in (
        ("ttyUSB0", "0403", "FT231X USB UART", "DM00Q0QN"),
        ("ttyACM3", "2341", "", ""),
        ("ttyACM4", "2458", "Low Energy Dongle", "1"),
    ):
        device = tmp_path / "devices" / name
        interface = device / "1-1:1.0" / name
        interface.mkdir(parents=True)
        for what, text in (("idVendor", maker), ("product", product), ("serial", serial)):
            if text:
                (device / what).write_text(text + "\n")
        (tmp_path / "tty" / name).mkdir(parents=True)
        (tmp_path / "tty" / name / "device").symlink_to(interface)
    (tmp_path / "tty" / "ttyS0").mkdir()
    return tmp_path / "tty"


@needs_links
def test_linux_ports_are_named_by_what_is_plugged_in(usb_tree):
    assert linux_ports(usb_tree, Path("/dev")) == [
        SerialPort("/dev/ttyACM3", "USB serial adapter"),
        SerialPort("/dev/ttyACM4", "Ganglion dongle (Low Energy Dongle), no. 1"),
        SerialPort("/dev/ttyUSB0", "OpenBCI dongle (FT231X USB UART), no. DM00Q0QN"),
    ]


def test_the_ports_of_this_computer_can_be_listed_without_any_device():
    assert all(port.path and port.name for port in serial_ports())


DONGLES = (SerialPort("/dev/ttyUSB0", "OpenBCI dongle (a)"), SerialPort("/dev/ttyUSB1", "OpenBCI dongle (b)"))
ADAPTER = SerialPort("/dev/ttyACM0", "USB serial adapter")


def test_the_only_dongle_is_taken(monkeypatch):
    monkeypatch.setattr(ports, "serial_ports", lambda: (DONGLES[0], ADAPTER))
    assert likely_dongle("cyton") == "/dev/ttyUSB0"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ((), "cyton: no serial port was found: plug the dongle in"),
        (DONGLES, r"2 dongles were found \(/dev/ttyUSB0 is .*; /dev/ttyUSB1 is .*such as cyton:/dev/ttyUSB0"),
        ((ADAPTER,), r"no port looks like its dongle \(/dev/ttyACM0 is USB serial adapter\): write the one"),
    ],
)
@pytest.mark.parametrize("address", ["cyton:", "cyton:auto"])
def test_without_one_likely_dongle_the_ports_are_listed(monkeypatch, address, found, sentence):
    monkeypatch.setattr(ports, "serial_ports", lambda: found)
    with pytest.raises(SourceError, match=sentence):
        open_brainflow(address)


@needs_links
def test_a_dongle_is_called_by_the_link_that_survives_plugging_it_in_anew(tmp_path):
    port, by_id = tmp_path / "ttyUSB0", tmp_path / "by-id"
    port.touch()
    by_id.mkdir()
    (by_id / "usb-FTDI_DM00").symlink_to(port)
    assert stable_path(str(port), by_id) == str(by_id / "usb-FTDI_DM00")
    assert stable_path(str(tmp_path / "ttyUSB1"), by_id) == str(tmp_path / "ttyUSB1")


@needs_links
def test_another_plugging_in_behind_the_same_link_is_told_apart(tmp_path):
    link = tmp_path / "dongle"
    assert port_id(str(link)) is None
    for name in ("first", "second"):
        (tmp_path / name).touch()
    link.symlink_to(tmp_path / "first")
    first = port_id(str(link))
    link.unlink()
    link.symlink_to(tmp_path / "second")
    assert first != port_id(str(link))


def test_a_port_is_held_once_and_again_after_it_was_let_go(tmp_path):
    port = str(tmp_path / "port")
    refused = pytest.raises(SourceError, match="the port is already open in this program: close that session")
    with held(port, "the port"), refused, held(port, "the port"):
        pytest.fail("held twice")
    with held(port, "the port"):
        pass


@needs_links
def test_another_name_of_the_same_port_shares_its_lock(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "port")
    refused = pytest.raises(SourceError, match="already open")
    with held(str(tmp_path / "port"), "the port"), refused, held(str(tmp_path / "link"), "the link"):
        pytest.fail("held twice")


def test_another_process_is_named_and_leaves_nothing_behind_when_it_is_killed(tmp_path):
    port = str(tmp_path / "port")
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        in_use = rf"the port is in use by another emgfeedback \(process {other.pid}\): close that one first"
        with pytest.raises(SourceError, match=in_use), held(port, "the port"):
            pytest.fail("held twice")
    finally:
        other.kill()
        other.wait()
        other.stdin.close()
        other.stdout.close()
    with held(port, "the port"):
        assert lock_path(port).read_text().strip() == str(os.getpid())


def test_a_temporary_folder_that_takes_no_lock_file_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    refused = pytest.raises(SourceError, match=r"the port cannot be locked: .*let this user write to")
    with refused, held("COM3", "the port"):
        pytest.fail("held without a lock")


def test_a_lock_file_with_a_long_or_odd_name_is_still_a_file():
    for link in ("/dev/" + 200 * "x", "192.168.4.1-6677", "COM3", "../../etc"):
        assert lock_path(link).parent == lock_path("COM3").parent
        assert len(lock_path(link).name) < 80


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells who has a file open")
def test_another_program_that_has_a_port_open_is_named(tmp_path):
    (tmp_path / "4711" / "fd").mkdir(parents=True)
    (tmp_path / "4711" / "fd" / "7").symlink_to("/dev/ttyUSB0")
    (tmp_path / "4711" / "comm").write_text("OpenBCI_GUI\n")
    assert ports._holder("/dev/ttyUSB0", tmp_path) == "OpenBCI_GUI (process 4711)"
    assert ports._holder("/dev/ttyUSB1", tmp_path) == ""
