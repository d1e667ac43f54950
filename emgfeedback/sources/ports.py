"""Serial ports of this computer, with a name a person understands, and a lock for each.

BrainFlow takes no lock on POSIX: a second program on one port steals packets, or resets the board of the
first. So a port is held by a lock file for as long as a session has it.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emgfeedback.errors import SourceError

DONGLE = "OpenBCI dongle"
GANGLION_DONGLE = "Ganglion dongle"
MAKERS = {"0403": DONGLE, "2458": GANGLION_DONGLE}
"""USB vendor numbers: FTDI, whose chip is in the OpenBCI dongle (and in other adapters), and Bluegiga."""

PortId = tuple[str, int]
"""Where a port really is, and which node: plugged in anew, it is another one."""

LOCKED_BYTE = 4096
"""Behind the text, which stays readable on Windows."""


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A port as it stands in a source address, and what seems to be plugged in there."""

    path: str
    name: str

    @property
    def is_dongle(self) -> bool:
        """Whether this is likely the dongle of a Cyton or Ganglion."""
        return self.name.startswith((DONGLE, GANGLION_DONGLE))


def serial_ports() -> tuple[SerialPort, ...]:
    """The serial ports that something is plugged into, likely dongles first."""
    if sys.platform == "win32":
        found = _windows_ports()
    elif sys.platform == "darwin":
        found = _mac_ports(Path("/dev"))
    else:
        found = linux_ports(Path("/sys/class/tty"), Path("/dev"))
    return tuple(sorted(found, key=lambda port: (not port.is_dongle, port.path)))


def linux_ports(tty: Path, dev: Path) -> list[SerialPort]:
    """USB ports as the kernel describes them: ttys whose device has a USB interface above it."""
    found = []
    for entry in sorted(tty.glob("tty*")):
        interface = (entry / "device").resolve()
        usb = next((up for up in interface.parents if (up / "idVendor").is_file()), None)
        if usb is not None:
            maker, product = _line(usb / "idVendor"), _line(usb / "product")
            found.append(SerialPort(str(dev / entry.name), _name(maker, product, _line(usb / "serial"))))
    return found


def _line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _name(maker: str, product: str, serial: str) -> str:
    what = product or "USB serial adapter"
    name = f"{MAKERS[maker]} ({what})" if maker in MAKERS else what
    return f"{name}, no. {serial}" if serial else name


def _mac_ports(dev: Path) -> list[SerialPort]:
    """Call-out devices; those of an FTDI chip are called usbserial and a number."""
    ports = sorted(str(path) for path in dev.glob("cu.*") if "Bluetooth" not in path.name)
    return [SerialPort(port, _mac_name(Path(port).name.removeprefix("cu."))) for port in ports]


def _mac_name(name: str) -> str:
    return f"{DONGLE} ({name})" if name.startswith("usbserial") else name


def _windows_ports() -> list[SerialPort]:
    """The registry lists COM ports by the driver that made them; FTDI's is called VCP."""
    if sys.platform != "win32":
        return []
    import winreg

    found = []
    with contextlib.suppress(OSError):
        key = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DEVICEMAP\SERIALCOMM")
        for i in range(winreg.QueryInfoKey(key)[1]):
            device, port, _ = winreg.EnumValue(key, i)
            driver = device.rpartition("\\")[2]
            name = f"{DONGLE} ({driver})" if driver.startswith("VCP") else driver
            found.append(SerialPort(str(port), name))
    return found


def likely_dongle(scheme: str) -> str:
    """The one port that looks like the dongle of a board, under a name that outlives plugging it in anew.

    Raises
    ------
    SourceError
        If there is none, or more than one; the message lists what was found.
    """
    kind = GANGLION_DONGLE if scheme.startswith("ganglion") else DONGLE
    ports = serial_ports()
    dongles = [port for port in ports if port.name.startswith(kind)]
    if len(dongles) == 1:
        return stable_path(dongles[0].path)
    if not ports:
        raise SourceError(f"{scheme}: no serial port was found: {plug_in()}")
    listed = "; ".join(f"{port.path} is {port.name}" for port in (dongles or ports)[:6])
    chosen = (dongles or ports)[0].path
    what = f"{len(dongles)} dongles were found" if dongles else "no port looks like its dongle"
    raise SourceError(f"{scheme}: {what} ({listed}): write the one to use, such as {scheme}:{chosen}")


def stable_path(port: str, by_id: Path = Path("/dev/serial/by-id")) -> str:
    """The link that Linux keeps for one and the same dongle; elsewhere, and without one, the port."""
    real = os.path.realpath(port)
    links = sorted(str(link) for link in by_id.glob("*") if os.path.realpath(link) == real)
    return links[0] if links else port


def port_id(port: str) -> PortId | None:
    """Tell one plugging-in of a port from the next; None where there is no such port."""
    if sys.platform == "win32":
        there = any(found.path.upper() == port.upper() for found in serial_ports())
        return (port.upper(), 0) if there else None
    real = os.path.realpath(port)
    try:
        node = os.stat(real)
    except OSError:
        return None
    return real, node.st_ctime_ns if _is_pseudo(real) else node.st_ino


def _is_pseudo(real: str) -> bool:
    """Whether this is a pseudo-terminal: its name is given to another as soon as it is closed."""
    return real.startswith("/dev/pts/")


def ports_seen() -> str:
    """What to do when a port is missing: the ports there are, or to plug in a dongle."""
    ports = serial_ports()
    if not ports:
        return plug_in()
    return "use " + " or ".join(f"{port.path} ({port.name})" for port in ports[:4])


def plug_in() -> str:
    """Where a port shows up on this system."""
    if sys.platform == "win32":
        return "plug the dongle in, and give the COM port that then appears in the Device Manager"
    if sys.platform == "darwin":
        return "plug the dongle in, and give the /dev/cu.usbserial-… that then appears"
    return "plug the dongle in, and give the /dev/ttyUSB… that then appears"


@contextlib.contextmanager
def held(link: str, where: str) -> Iterator[None]:
    """Hold the lock of a port or address; a dead process holds nothing, whatever it left behind.

    Parameters
    ----------
    link : str
        Port or address; other names of the same port share its lock.
    where : str
        What the message calls it.

    Raises
    ------
    SourceError
        If another session has it; the message says whether in this program or which process. Also if no lock
        file can be made.
    """
    try:
        file = os.open(lock_path(link), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SourceError(
            f"{where} cannot be locked: {error}; let this user write to {tempfile.gettempdir()}"
        ) from error
    try:
        if not _lock(file):
            raise _in_use(file, where)
        os.truncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(file)


def lock_path(link: str) -> Path:
    """The lock file of a port or address, in the temporary folder of this computer."""
    real = os.path.realpath(link) if link.startswith("/") else link.upper()
    if _is_pseudo(real):
        real = "-".join(map(str, port_id(real) or (real,)))
    slug = re.sub(r"[^A-Za-z0-9]+", "-", real).strip("-")[-40:]
    folder = Path(tempfile.gettempdir()) / f"emgfeedback-ports-{_user()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{slug}-{hashlib.sha256(real.encode()).hexdigest()[:8]}.lock"


def _user() -> str:
    return "" if sys.platform == "win32" else str(os.getuid())


def _lock(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _in_use(file: int, where: str) -> SourceError:
    os.lseek(file, 0, os.SEEK_SET)
    holder = os.read(file, 20).decode("ascii", "replace").strip()
    if holder == str(os.getpid()):
        return SourceError(f"{where} is already open in this program: close that session first")
    return SourceError(
        f"{where} is in use by another emgfeedback (process {holder or 'unknown'}): close that one first"
    )


def other_user_of(port: str) -> str:
    """Name and number of another program that has a serial port open, as far as Linux tells; else "".

    A pseudo-terminal is held by whoever made it and counts as free.
    """
    real = os.path.realpath(port)
    if not sys.platform.startswith("linux") or not re.match(r"/dev/tty[A-Z]", real):
        return ""
    return _holder(real, Path("/proc"))


def _holder(real: str, proc: Path) -> str:
    for link in glob.iglob(f"{proc}/[0-9]*/fd/*"):
        pid = Path(link).parts[-3]
        with contextlib.suppress(OSError):
            if pid != str(os.getpid()) and os.readlink(link) == real:
                return f"{_line(proc / pid / 'comm') or 'a program'} (process {pid})"
    return ""
