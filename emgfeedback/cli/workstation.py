"""``emgfeedback`` without a command: the workstation, with the real library, ports and boards behind it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgfeedback.errors import InputError, UsageError

if TYPE_CHECKING:
    from emgfeedback.app.pages.doors import Doors, Exercise, Kept, Order, Person, Port
    from emgfeedback.run.job import Job
    from emgfeedback.values import Protocol

GAIN = 24
TRIED = "demo"
TRY_SEED = 1
SIDES = ("left", "right")
NO_WINDOW = "the workstation needs a screen, and {reason}; see emgfeedback --help for what runs without one"
_PARTS = re.compile(r"sub-([A-Za-z0-9]+)_(?:ses-[A-Za-z0-9]+_)?task-([A-Za-z0-9]+)_run-(\d+)_emg\.bdf")
MAX_BYTES = 100_000


def open_workstation() -> int:
    """Open the workstation; returns the exit code.

    Raises
    ------
    UsageError
        Where no window can open.
    """
    from emgfeedback.app.main import open_workstation as show
    from emgfeedback.app.main import why_no_window

    reason = why_no_window()
    if reason:
        raise UsageError(NO_WINDOW.format(reason=reason))
    return show(doors_to(_data_folder(), _library()))


def doors_to(data: Path, library: Path) -> Doors:
    """What the pages ask for, kept in two folders: persons in ``data``, recordings in ``library``."""
    from emgfeedback.app.pages.doors import Doors

    persons = Persons(data)
    return Doors(
        today=_today,
        new_code=_new_code,
        check_code=_check_code,
        last=persons.last,
        load=persons.load,
        save=persons.save,
        warm_up=_warm_up,
        exercises=exercises,
        ports=ports,
        kept=lambda: kept_in(library),
        try_it=lambda: _try_it(library),
        check=lambda order: _check(order, library),
        live=lambda order: _with_again(lambda: _live(order, library)),
        replay=_replay,
    )


@dataclass(frozen=True, slots=True)
class Persons:
    """The limits of each person as a small file named by the code, and which code was seen last.

    ``persons/CODE.toml`` is a limits file as ``run --limits`` takes it; ``persons.json`` has the trained leg
    of each code. No names of patients, and nothing of it beside the recordings.
    """

    data: Path

    def last(self) -> str:
        """The code of the person seen last, as long as its file is there; else empty."""
        code = str(self._index().get("last", ""))
        return code if code and self._file(code).is_file() else ""

    def load(self, code: str) -> Person | None:
        """A person by its code; None for a code that is new.

        Raises
        ------
        InputError
            For a file that cannot be read or has mistakes.
        """
        from emgfeedback.app.pages.doors import Person
        from emgfeedback.training.limits import parse_limits

        file = self._file(code)
        if not file.is_file():
            return None
        try:
            with file.open("rb") as opened:
                text = opened.read(MAX_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"the limits of {code} cannot be read ({error}); mend or delete {file}"
            ) from None
        sides = self._index().get("sides")
        side = sides.get(code) if isinstance(sides, dict) else None
        return Person(code, side if side in SIDES else "right", parse_limits(text, str(file)))

    def save(self, person: Person) -> None:
        """Keep a person, in place of what was known of this code.

        Raises
        ------
        InputError
            Where the folder cannot be written.
        """
        from emgfeedback.training.limits import limits_to_toml

        index = self._index()
        known = index.get("sides")
        sides = {**(known if isinstance(known, dict) else {}), person.code: person.side}
        try:
            self._file(person.code).parent.mkdir(parents=True, exist_ok=True)
            _write(self._file(person.code), limits_to_toml(person.legs))
            _write(self.data / "persons.json", json.dumps({"last": person.code, "sides": sides}, indent=1))
        except OSError as error:
            raise InputError(
                f"the limits of {person.code} cannot be kept ({error.strerror}); make room in "
                f"{self.data}, or let this user write there"
            ) from None

    def _file(self, code: str) -> Path:
        return self.data / "persons" / f"{_check_code(code)}.toml"

    def _index(self) -> dict[str, Any]:
        """What is noted beside the limits; nothing where it is missing or damaged."""
        try:
            index = json.loads((self.data / "persons.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return index if isinstance(index, dict) else {}


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = file.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)


def exercises() -> list[Exercise]:
    """The exercises that come with the program, by name; the demo is behind Try it."""
    from emgfeedback.app.pages.doors import Exercise
    from emgfeedback.cli.protocols import load_protocol
    from emgfeedback.storage.packaged import packaged_dir

    files = sorted(packaged_dir("protocols").glob("*.toml"))
    found = [Exercise(file.stem, load_protocol(str(file))) for file in files if file.stem != TRIED]
    return sorted(found, key=lambda exercise: (exercise.protocol.stage, exercise.protocol.name))


def ports() -> list[Port]:
    """The serial ports of this computer, likely dongles first."""
    from emgfeedback.app.pages.doors import Port
    from emgfeedback.sources.ports import serial_ports

    return [Port(port.path, port.name, port.is_dongle) for port in serial_ports()]


def kept_in(library: Path) -> list[Kept]:
    """The recordings of a library, newest first."""
    from emgfeedback.app.pages.doors import Kept

    found = []
    for file in library.glob("sub-*/**/*_emg.bdf"):
        parts = _PARTS.fullmatch(file.name)
        if parts:
            made_s = file.stat().st_mtime
            day = datetime.fromtimestamp(made_s).strftime("%Y-%m-%d %H:%M")
            found.append((made_s, Kept(str(file), parts[1], f"{parts[2]}, run {int(parts[3])}", day)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _live(order: Order, library: Path) -> Job:
    """Put a recorded run together."""
    from emgfeedback.cli.protocols import load_protocol

    return _put_together(order, load_protocol(order.exercise), library)


def _check(order: Order, library: Path) -> Job:
    """Put a few quiet seconds together, for the pairs that are worn; they are not recorded."""
    from emgfeedback.app.pages.listening import USUAL, check_protocol
    from emgfeedback.training.montage import parse_montage

    muscles = tuple(parse_montage(order.montage)) if order.montage else USUAL
    job = _put_together(order, check_protocol(muscles), library)
    job.start_recorder = None
    return job


def _put_together(order: Order, protocol: Protocol, library: Path) -> Job:
    """Put a run of a protocol together; the source is let go when that fails."""
    from emgfeedback.cli.common import mains_hz_of, montage_for
    from emgfeedback.cli.live import header
    from emgfeedback.cli.permits import terms_of
    from emgfeedback.run.job import live_job
    from emgfeedback.sources.opening import open_source
    from emgfeedback.training.limits import limits_for

    person = order.person
    limits = limits_for(person.legs, person.side) if person else None
    opened = open_source(order.source, gain=GAIN, paced=True)
    code = person.code if person else TRIED
    try:
        return live_job(
            opened.source,
            montage_for(opened.source.info, order.montage or None, protocol),
            person.side if person else "right",
            protocol,
            mains_hz_of(None),
            library=library,
            meta=header(code, order.source, None, GAIN, opened.simulated),
            sinks=opened.listeners,
            terms=terms_of(order.source, limits, order.options, False, None, {}),
        )
    except BaseException:
        opened.source.close()
        raise


def _try_it(library: Path) -> Job:
    """A whole session of a simulated person."""
    from emgfeedback.app.pages.doors import Order

    return _live(Order(TRIED, (), None, f"patient:seed={TRY_SEED}", ""), library)


def _with_again(put_together: Callable[[], Job]) -> Job:
    """A run that can be put together once more, after a board that could not be had."""
    job = put_together()
    job.again = lambda: _with_again(put_together)
    return job


def _replay(path: str, montage: str) -> Job:
    """Put the replay of a recording together, at the speed at which it was made."""
    from emgfeedback.cli.common import mains_hz_of, montage_of_file
    from emgfeedback.run.job import observing, recorded_calibration, recorded_protocol, replay_job
    from emgfeedback.storage.importers import ImportOptions
    from emgfeedback.storage.opening import open_any
    from emgfeedback.training.session import DEFAULT_RULE

    opened = open_any(Path(path).expanduser(), ImportOptions())
    if not montage and not opened.info.used():
        raise UsageError(_which_channels(path, [channel.name for channel in opened.info.channels]))
    info = montage_of_file(opened, montage or None)
    return replay_job(
        opened,
        info,
        recorded_protocol(opened) or observing(info, len(opened.counts) / info.fs_hz + 1),
        float(opened.meta.get("mains_hz") or mains_hz_of(None)),
        calibration=recorded_calibration(opened),
        rule=str(opened.meta.get("rule", DEFAULT_RULE)),
        sizes=(max(1, round(info.fs_hz / 50)),),
        speed=1.0,
    )


def _which_channels(path: str, names: Sequence[str]) -> str:
    listed = ", ".join(f"{number}: {name}" for number, name in enumerate(names[:8], start=1))
    return (
        f"{Path(path).name}: which channel is which muscle? Open it on the Replay page and write for example "
        f"gmed=1,tfl=2,ql=3 below its path; the file has {listed}"
    )


def _warm_up() -> None:
    """Load what a run needs while the exercise is being chosen, so that Start opens at once."""
    import emgfeedback.run.job
    import emgfeedback.sources.brainflow
    import emgfeedback.sources.opening
    import emgfeedback.sources.patient.address  # noqa: F401


def _new_code() -> str:
    from emgfeedback.cli.live import new_pseudonym

    return new_pseudonym()


def _check_code(code: str) -> str:
    from emgfeedback.storage.library import check_label

    return check_label("code", code)


def _data_folder() -> Path:
    import platformdirs

    return platformdirs.user_data_path("emgfeedback", appauthor=False)


def _library() -> Path:
    from emgfeedback.cli.common import default_library

    return default_library()


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()
