"""The house rules of the code, read from the source text alone.

A rule is a function ``(path, tree) -> complaints``; ``path`` is relative to the repository. Each rule is
shown one snippet it must refuse and one it must let pass, so that no rule can rot into a yes-man.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

REPO = Path(__file__).resolve().parent.parent
PACKAGE = "emgfeedback"

LADDER = (
    {"values", "errors", "__version__", "__file__"},
    {"processing", "storage"},
    {"training", "sources"},
    {"run"},
    {"study"},
    {"reports"},
    {"app", "cli"},
    {"__init__", "__main__"},
)
RUNG = {room: rung for rung, rooms in enumerate(LADDER) for room in rooms}

QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6"}
IMPURE = {
    *("time", "datetime", "sched", "zoneinfo"),
    *("threading", "queue", "asyncio", "concurrent", "multiprocessing", "subprocess", "socket", "signal"),
    *("os", "pathlib", "io", "shutil", "tempfile", "glob", "mmap", "pickle", "sqlite3", "platformdirs"),
    *("random", "secrets", "uuid"),
}
PURE_ROOMS = {"processing", "training"}
NUMPY_FILES = {"load", "save", "savez", "loadtxt", "savetxt", "genfromtxt", "fromfile", "memmap"}
SEEDED = {"default_rng", "Generator", "SeedSequence", "PCG64"}

MAX_FILE, MAX_CLASS, MAX_FUNCTION = 400, 250, 50

UNITS = ("_uv", "_uv2", "_s", "_hz", "_bpm", "_pct", "_ln", "_sample", "_samples", "_ratio")
UNITLESS = {  # counts, indices, codes, ratios and probabilities
    *("sample", "counts", "seconds", "repetition", "phase_index", "quality", "trials", "whitening", "dof"),
    *("block", "percentile", "tries", "stop_after"),
    *("ratio", "share", "share_low", "share_high", "confidence", "flagged"),
    "lsb",  # its unit stands beside it
}
NUMBERS = {"int", "float", "Floats", "Counts", "Bits"}

VAGUE = ("manager", "handler", "helper", "utils")
STDLIB_NAMES_KEPT = {"statistics"}  # study/statistics.py, named by the plan of the house

Complaints = Iterator[str]
Rule = Callable[[str, ast.Module], Complaints]


def room_of(path: str) -> str:
    """Return the room a file of the package stands in: its folder or its own name at the top."""
    parts = PurePosixPath(path).with_suffix("").parts
    return parts[1] if parts[0] == PACKAGE else ""


def imported(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every import, relative ones resolved, deferred ones too."""
    folder = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else ()
            module = ".".join((*base, *(node.module or "").split("."))).strip(".")
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def rooms_used(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, room) for all that a file takes from the package; its public page is its top."""
    taken = [(line, name.split(".")) for line, name in imported(path, tree)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == PACKAGE:
            taken.append((node.lineno, [PACKAGE, node.attr]))
    for line, parts in taken:
        if parts[0] == PACKAGE and len(parts) > 1:
            yield line, parts[1] if parts[1] in RUNG else "__init__"


def imports_go_down(path: str, tree: ast.Module) -> Complaints:
    """A file imports from its own rung or below."""
    room = room_of(path)
    if not room:
        return
    if room not in RUNG:
        yield f"{path}: the room {room!r} is not on the ladder"
        return
    for line, used in rooms_used(path, tree):
        if RUNG[used] > RUNG[room]:
            yield f"{path}:{line}: {room} imports {used}, which stands above it"


def libraries_stay_in_their_rooms(path: str, tree: ast.Module) -> Complaints:
    """Qt only in app, no scipy there; brainflow only where the board is spoken to."""
    room = room_of(path)
    speaks_to_boards = (
        path.startswith("emgfeedback/sources/brainflow/") or path == "emgfeedback/sources/boards.py"
    )
    for line, name in imported(path, tree):
        top = name.split(".")[0]
        misplaced = (
            (top in QT and room != "app")
            or (top == "scipy" and room == "app")
            or (top == "brainflow" and not speaks_to_boards)
        )
        if room and misplaced:
            yield f"{path}:{line}: {top} does not belong here"


def the_core_is_pure(path: str, tree: ast.Module) -> Complaints:
    """No clock, thread or file in processing and training."""
    if room_of(path) not in PURE_ROOMS:
        return
    for line, name in imported(path, tree):
        if name.split(".")[0] in IMPURE:
            yield f"{path}:{line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield f"{path}:{node.lineno}: opens a file"
        if (
            isinstance(node, ast.Attribute)
            and node.attr in NUMPY_FILES
            and ast.unparse(node.value) in ("np", "numpy")
        ):
            yield f"{path}:{node.lineno}: np.{node.attr} touches a file"


def chance_is_seeded(path: str, tree: ast.Module) -> Complaints:
    """The core is handed a generator; other rooms may make one, from a seed only."""
    room = room_of(path)
    allowed = {"Generator"} if room in PURE_ROOMS else SEEDED
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
            if room and node.attr not in allowed:
                yield f"{path}:{node.lineno}: np.random.{node.attr}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng"):
            unseeded = not node.args and not node.keywords
            if room and unseeded:
                yield f"{path}:{node.lineno}: a generator without a seed"


def sizes_are_kept(path: str, tree: ast.Module) -> Complaints:
    """Classes and functions fit the limits, docstring included (files: see `a_file_is_short`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            limit = MAX_CLASS
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            limit = MAX_FUNCTION
        else:
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > limit:
            yield f"{path}:{node.lineno}: {node.name} has {lines} lines, more than {limit}"


def nothing_is_printed(path: str, tree: ast.Module) -> Complaints:
    """The package speaks through click, rich and logging, never through ``print``."""
    for node in ast.walk(tree):
        if room_of(path) and isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield f"{path}:{node.lineno}: print"


def names_say_what_a_thing_is(path: str, tree: ast.Module) -> Complaints:
    """No Manager, Handler, Helper, utils; no module that is called like one of the standard library."""
    stem = PurePosixPath(path).stem
    if any(word in stem.lower() for word in VAGUE):
        yield f"{path}: the module name says nothing"
    if room_of(path) and stem in sys.stdlib_module_names - STDLIB_NAMES_KEPT - {"__main__"}:
        yield f"{path}: named like a module of the standard library"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(word in node.name.lower() for word in VAGUE):
            yield f"{path}:{node.lineno}: the class name {node.name} says nothing"


def values_are_frozen_and_carry_units(path: str, tree: ast.Module) -> Complaints:
    """Dataclasses of values are frozen and slotted; a number's name ends in its unit."""
    if not path.startswith("emgfeedback/values"):
        return
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        made = next((ast.unparse(d) for d in cls.decorator_list if "dataclass" in ast.unparse(d)), "")
        if not made:
            continue
        if not {"frozen=True", "slots=True"} <= set(
            made.strip(")").replace("(", ",").replace(" ", "").split(",")
        ):
            yield f"{path}:{cls.lineno}: {cls.name} is not frozen and slotted"
        for field in (node for node in cls.body if isinstance(node, ast.AnnAssign)):
            name, kind = ast.unparse(field.target), ast.unparse(field.annotation)
            physical = set(kind.replace("[", " ").replace(",", " ").replace("|", " ").split()) & NUMBERS
            if physical and name not in UNITLESS and not name.endswith(UNITS):
                yield f"{path}:{field.lineno}: {cls.name}.{name} does not name its unit"


def a_file_is_short(path: str, source: str) -> Complaints:
    """No file is longer than the limit."""
    lines = len(source.splitlines())
    if lines > MAX_FILE:
        yield f"{path}: {lines} lines, more than {MAX_FILE}"


def room_cycles(edges: dict[str, set[str]]) -> list[str]:
    """Return the rooms that can reach themselves through other rooms."""
    caught = []
    for start in sorted(edges):
        reached, todo = set(), list(edges[start] - {start})
        while todo:
            room = todo.pop()
            if room not in reached:
                reached.add(room)
                todo.extend(edges.get(room, set()))
        if start in reached:
            caught.append(start)
    return caught


RULES: tuple[Rule, ...] = (
    imports_go_down,
    libraries_stay_in_their_rooms,
    the_core_is_pure,
    chance_is_seeded,
    sizes_are_kept,
    nothing_is_printed,
    names_say_what_a_thing_is,
    values_are_frozen_and_carry_units,
)

# (rule, path, a snippet it must refuse, its closest innocent neighbour)
SHOWN: tuple[tuple[Rule, str, str, str], ...] = (
    (
        imports_go_down,
        "processing/filters",
        "from emgfeedback.training import session",
        "from emgfeedback import values",
    ),
    (imports_go_down, "processing/filters", "from ..app.main import x", "from .envelope import x"),
    (imports_go_down, "storage/importers/a", "from ...run import loop", "from ..bdf import x"),
    (
        imports_go_down,
        "run/loop",
        "def f():\n    import emgfeedback.cli.main",
        "import emgfeedback.training.session",
    ),
    (
        imports_go_down,
        "storage/bdf",
        "from emgfeedback import Session",
        "from emgfeedback import __version__",
    ),
    (
        imports_go_down,
        "storage/bdf",
        "import emgfeedback\nemgfeedback.Session",
        "import emgfeedback\nemgfeedback.__file__",
    ),
    (imports_go_down, "cellar/x", "", ""),
    (libraries_stay_in_their_rooms, "cli/main", "import PySide6.QtCore", "import click"),
    (libraries_stay_in_their_rooms, "app/main", "from scipy import signal", "import pyqtgraph"),
    (
        libraries_stay_in_their_rooms,
        "sources/clock",
        "from brainflow.board_shim import B",
        "from .brainflow import owner",
    ),
    (the_core_is_pure, "training/session", "from time import monotonic", "import math"),
    (the_core_is_pure, "processing/pipeline", "def f():\n    from pathlib import Path", "import numpy"),
    (the_core_is_pure, "training/protocol", "open('x')", "import tomllib"),
    (the_core_is_pure, "processing/ecg", "np.load('x')", "np.log(1)"),
    (chance_is_seeded, "training/session", "np.random.default_rng(1)", "def f(g: np.random.Generator): ..."),
    (chance_is_seeded, "sources/patient", "np.random.normal()", "np.random.default_rng(seed)"),
    (chance_is_seeded, "sources/patient", "default_rng()", "default_rng(seed)"),
    (sizes_are_kept, "cli/main", "def f():\n" + " 1\n" * 50, "def f():\n" + " 1\n" * 49),
    (sizes_are_kept, "cli/main", "class A:\n" + " a = 1\n" * 250, "class A:\n" + " a = 1\n" * 249),
    (nothing_is_printed, "cli/main", "print(1)", "console.print(1)"),
    (names_say_what_a_thing_is, "cli/main", "class FileHandler: ...", "class Recorder: ..."),
    (names_say_what_a_thing_is, "storage/utils", "", ""),
    (names_say_what_a_thing_is, "storage/csv", "", ""),
    (values_are_frozen_and_carry_units, "values", "@dataclass\nclass A: ...", "class A: ..."),
    (
        values_are_frozen_and_carry_units,
        "values",
        "@dataclass(frozen=True, slots=True)\nclass A:\n  rate: float | None",
        "@dataclass(frozen=True, slots=True)\nclass A:\n  rate_hz: float | None",
    ),
)


def python_files() -> list[str]:
    folders = (PACKAGE, "tests", "benchmarks", ".ci")
    return sorted(
        file.relative_to(REPO).as_posix()
        for folder in folders
        for file in (REPO / folder).rglob("*.py")
        if "_data" not in file.parts
    )


def text_of(path: str) -> str:
    return (REPO / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    complaints = [line for path in python_files() for line in rule(path, ast.parse(text_of(path)))]
    assert not complaints, "\n".join(complaints)


def test_every_file_is_short() -> None:
    complaints = [line for path in python_files() for line in a_file_is_short(path, text_of(path))]
    assert not complaints, "\n".join(complaints)


def test_rooms_do_not_import_each_other_in_a_circle() -> None:
    edges: dict[str, set[str]] = {}
    for path in python_files():
        used = {room for _, room in rooms_used(path, ast.parse(text_of(path)))}
        if room_of(path) not in ("", "__init__"):
            edges.setdefault(room_of(path), set()).update(used)
    assert edges, "no file of the package was found"
    assert room_cycles(edges) == []


@pytest.mark.parametrize(
    ("rule", "path", "bad"), [(r, p, b) for r, p, b, _ in SHOWN], ids=lambda x: getattr(x, "__name__", "")
)
def test_a_rule_refuses_what_breaks_it(rule: Rule, path: str, bad: str) -> None:
    assert list(rule(f"{PACKAGE}/{path}.py", ast.parse(bad)))


@pytest.mark.parametrize(
    ("rule", "path", "good"),
    [(r, p, g) for r, p, _, g in SHOWN if g],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_a_rule_lets_its_neighbour_pass(rule: Rule, path: str, good: str) -> None:
    assert not list(rule(f"{PACKAGE}/{path}.py", ast.parse(good)))


def test_every_rule_has_been_shown_a_breach() -> None:
    assert {rule for rule, *_ in SHOWN} == set(RULES)


def test_a_long_file_is_refused() -> None:
    assert list(a_file_is_short("x.py", "1\n" * 401))
    assert not list(a_file_is_short("x.py", "1\n" * 400))


def test_a_circle_of_rooms_is_found() -> None:
    assert room_cycles({"training": {"sources"}, "sources": {"values", "training"}}) == [
        "sources",
        "training",
    ]
    assert room_cycles({"training": {"training", "values"}, "sources": {"training"}}) == []
