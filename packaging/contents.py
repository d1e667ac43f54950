"""What goes into the folder of the built program, besides the Python that PyInstaller finds by itself."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
PACKAGE = REPO / "emgfeedback"

LIBRARIES = (
    *("numpy", "scipy", "brainflow", "PySide6_Essentials", "shiboken6", "pyqtgraph", "pydantic"),
    *("pydantic_core", "click", "rich", "platformdirs", "sounddevice", "cffi", "pylsl"),
)
"""Distributions whose version and licence travel along; ``pylsl`` where it is installed."""

LEFT_OUT = ("tkinter", "matplotlib", "IPython", "pytest", "hypothesis", "mypy", "pip", "setuptools")
"""Modules that other libraries mention and this program never loads."""

LIBRARY_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}
OTHER_MACHINES = re.compile(r"raspberry|(?:32|x86)\.dll$|32\.so$")
LICENCE = re.compile(r"(?:^|/)(?:licen[cs]es?/.+|(?:licen[cs]e|copying|notice)[^/]*)$", re.IGNORECASE)


def wheel_folders() -> dict[str, str]:
    """Folders beside the package that ``pyproject.toml`` puts into it: name → place in the program."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    folders: dict[str, str] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    return folders


def data_files() -> list[tuple[str, str]]:
    """Every file of the program that is not Python, as (file, folder in the program).

    A new folder of fonts, voices or translations inside the package is found without a word here.
    """
    found = [(file, file.parent.relative_to(REPO)) for file in _files(PACKAGE) if "_data" not in file.parts]
    for name, place in wheel_folders().items():
        found += [(file, place / file.parent.relative_to(REPO / name)) for file in _files(REPO / name)]
    return sorted((str(file), Path(place).as_posix()) for file, place in found)


def _files(folder: Path) -> list[Path]:
    return [
        file
        for file in folder.rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"} and file.name != "py.typed"
    ]


def modules() -> list[str]:
    """Every module of the package by its dotted name: commands and rooms are imported by name."""
    files = (file.relative_to(REPO).with_suffix("") for file in PACKAGE.rglob("*.py"))
    return sorted(".".join(file.parts).removesuffix(".__init__") for file in files)


def board_libraries(folder: Path, platform: str = sys.platform) -> list[tuple[str, str]]:
    """BrainFlow's own libraries for one system, as (file, folder in the program).

    Parameters
    ----------
    folder : Path
        ``lib`` of the installed ``brainflow``, which carries those of all systems.
    platform : str
        As ``sys.platform`` says.
    """
    suffix = LIBRARY_SUFFIX.get(platform, ".so")
    return [
        (str(file), "brainflow/lib")
        for file in sorted(folder.iterdir())
        if file.suffix == suffix and not OTHER_MACHINES.search(file.name)
    ]


def installed() -> list[importlib.metadata.Distribution]:
    """The distributions of `LIBRARIES` that this Python has."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(importlib.metadata.distribution(name))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def licences() -> list[tuple[Path, str]]:
    """Licence texts of the libraries in the folder, as (file, library and version/name)."""
    found = []
    for library in installed():
        label = f"{library.metadata['Name']}-{library.version}"
        for file in library.files or ():
            if ".dist-info/" in file.as_posix() and LICENCE.search(file.as_posix()):
                inside = re.sub(r"^.*\.dist-info/(?:licen[cs]es?/)?", "", file.as_posix())
                found.append((Path(str(library.locate_file(file))), f"{label}/{inside}"))
    return found
