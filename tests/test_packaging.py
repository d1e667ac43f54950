"""The built program: everything it needs is on its list, its menu entry and icon are sound."""

import ast
import configparser
import importlib.util
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPO = Path(__file__).resolve().parent.parent
HERE = REPO / "packaging"
DESKTOP = HERE / "linux" / "emgfeedback.desktop"
PNG = b"\x89PNG\r\n\x1a\n"


def script(name: str) -> ModuleType:
    """A file of ``packaging`` as a module; the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"packaging_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


contents, icon = script("contents"), script("icon")


def data_of_the_package() -> set[Path]:
    """Every file of the package that Python does not import, as the disk has it."""
    files = {Path(folder, name) for folder, _, names in os.walk(REPO / "emgfeedback") for name in names}
    return {file for file in files if file.suffix not in {".py", ".pyc"} and "_data" not in file.parts}


def test_every_data_file_of_the_package_is_on_the_list_at_its_place() -> None:
    places = {Path(source): place for source, place in contents.data_files()}
    for file in data_of_the_package():
        assert places[file] == file.parent.relative_to(REPO).as_posix()
    assert places[REPO / "emgfeedback" / "app" / "fonts" / "Inter-Regular.otf"] == "emgfeedback/app/fonts"


def test_exercises_and_demo_recordings_are_where_the_program_looks() -> None:
    places = {Path(source): place for source, place in contents.data_files()}
    for name in ("protocols", "recordings"):
        files = [file for file in (REPO / name).rglob("*") if file.is_file()]
        assert files
        for file in files:
            inside = file.parent.relative_to(REPO).as_posix()
            assert places[file] == f"emgfeedback/_data/{inside}"


def test_nothing_on_the_list_is_missing_or_twice() -> None:
    sources = [source for source, _ in contents.data_files()]
    assert all(Path(source).is_file() for source in sources)
    assert len(sources) == len(set(sources))


def test_a_new_folder_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = tmp_path / "emgfeedback" / "app" / "voices" / "en" / "rest.wav"
    voice.parent.mkdir(parents=True)
    voice.write_bytes(b"")
    (voice.parent / "made.py").write_text("")
    monkeypatch.setattr(contents, "REPO", tmp_path)
    monkeypatch.setattr(contents, "PACKAGE", tmp_path / "emgfeedback")
    monkeypatch.setattr(contents, "wheel_folders", dict)
    assert contents.data_files() == [(str(voice), "emgfeedback/app/voices/en")]


def test_every_module_is_on_the_list() -> None:
    names = contents.modules()
    assert {"emgfeedback", "emgfeedback.cli.support", "emgfeedback.storage.importers"} <= set(names)
    places = [REPO.joinpath(*name.split(".")) for name in names]
    assert all(place.with_suffix(".py").is_file() or (place / "__init__.py").is_file() for place in places)
    assert len(set(names)) == len(list((REPO / "emgfeedback").rglob("*.py")))


@pytest.mark.parametrize(
    ("platform", "kept"),
    [
        ("linux", "libBoardController.so"),
        ("win32", "BoardController.dll"),
        ("darwin", "libBoardController.dylib"),
    ],
)
def test_the_board_libraries_are_those_of_the_system(platform: str, kept: str) -> None:
    import brainflow

    folder = Path(brainflow.__file__).parent / "lib"
    found = contents.board_libraries(folder, platform)
    names = {Path(file).name for file, _ in found}
    assert kept in names
    assert {Path(name).suffix for name in names} == {Path(kept).suffix}
    assert {place for _, place in found} == {"brainflow/lib"}
    assert not {"BoardController32.dll", "libunicorn_raspberry.so"} & names


def test_the_recipe_is_python_and_uses_the_list() -> None:
    tree = ast.parse((HERE / "emgfeedback.spec").read_text(encoding="utf-8"))
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {"contents.data_files", "contents.board_libraries", "contents.modules"} <= used


def test_versions_that_the_program_asks_for_travel_along() -> None:
    asked = set()
    for file in (REPO / "emgfeedback").rglob("*.py"):
        if "metadata.version" in file.read_text(encoding="utf-8"):
            asked |= {
                name for name in ("numpy", "scipy", "brainflow") if f'"{name}"' in file.read_text("utf-8")
            }
    assert asked
    names = {library.metadata["Name"].lower() for library in contents.installed()}
    assert asked <= names


def test_a_licence_keeps_its_own_name() -> None:
    names = [name for _, name in contents.licences()]
    assert any(name.startswith("numpy-") for name in names)
    assert len(names) == len(set(names))
    assert all(file.is_file() for file, _ in contents.licences())


def entry() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(DESKTOP.read_text(encoding="utf-8"))
    assert parser.sections() == ["Desktop Entry"]
    return parser["Desktop Entry"]


def test_the_menu_entry_is_valid() -> None:
    about = entry()
    assert {"Type", "Name", "Comment", "Exec", "Icon", "Terminal", "Categories"} <= set(about)
    assert about["Type"] == "Application"
    assert about["Terminal"] in ("true", "false")
    assert re.fullmatch(r"[a-z]+", about["Icon"])
    assert all(re.fullmatch(r"([A-Za-z]+;)+", about[key]) for key in ("Categories", "Keywords"))
    assert "Science" in about["Categories"].split(";")
    assert "not a medical device" in about["Comment"]


@pytest.mark.skipif(
    not shutil.which("desktop-file-validate"), reason="desktop-file-validate is not installed"
)
def test_the_validator_of_freedesktop_agrees() -> None:
    done = subprocess.run(["desktop-file-validate", DESKTOP], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What `furnish` leaves on Linux, in a folder with a blank in its name."""
    folder = tmp_path / "a folder"
    (folder / "share").mkdir(parents=True)
    shutil.copy(HERE / "linux" / "install.sh", folder)
    for file in (DESKTOP, *(HERE / "icons").glob("*.[ps][nv]g")):
        shutil.copy(file, folder / "share")
    return folder


def install(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_DATA_HOME": str(home / "share")}
    return subprocess.run(
        ["sh", str(folder / "install.sh"), *words], capture_output=True, text=True, env=environment
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the menu entry is for Linux")
def test_install_writes_an_entry_that_names_this_folder_and_takes_it_out_again(
    built: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    done = install(built, home)
    assert done.returncode == 0, done.stderr
    written = (home / "share/applications/emgfeedback.desktop").read_text()
    assert f'Exec="{built}/emgfeedback"\n' in written
    icons = sorted((home / "share/icons/hicolor").rglob("emgfeedback.*"))
    assert len(icons) == len(icon.SIZES) + 1
    assert install(built, home, "--remove").returncode == 0
    assert not [file for file in (home / "share").rglob("emgfeedback.*") if file.is_file()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the menu entry is for Linux")
def test_install_refuses_a_folder_that_an_entry_cannot_name(built: Path, tmp_path: Path) -> None:
    odd = built.rename(tmp_path / "100% mine")
    done = install(odd, tmp_path / "home")
    assert done.returncode == 1
    assert "move it to a plainer place" in done.stderr
    assert not (tmp_path / "home").exists()


def test_the_drawing_on_disk_is_the_one_of_the_script() -> None:
    assert (HERE / "icons" / "emgfeedback.svg").read_text(encoding="utf-8") == icon.LARGE_SVG
    assert (HERE / "icons" / "emgfeedback-small.svg").read_text(encoding="utf-8") == icon.SMALL_SVG


@pytest.mark.parametrize("size", icon.SIZES)
def test_a_picture_has_its_size(size: int) -> None:
    content = (HERE / "icons" / f"emgfeedback-{size}.png").read_bytes()
    assert content.startswith(PNG)
    assert struct.unpack(">II", content[16:24]) == (size, size)


def test_the_icon_of_windows_lists_whole_pictures() -> None:
    content = (HERE / "icons" / "emgfeedback.ico").read_bytes()
    reserved, kind, count = struct.unpack("<HHH", content[:6])
    assert (reserved, kind, count) == (0, 1, len(icon.ICO_SIZES))
    for number, size in enumerate(icon.ICO_SIZES):
        width, _, _, _, _, depth, length, start = struct.unpack_from("<BBBBHHII", content, 6 + 16 * number)
        assert (width or 256, depth) == (size, 32)
        assert content[start : start + length] == (HERE / "icons" / f"emgfeedback-{size}.png").read_bytes()


def test_the_icon_of_macos_lists_whole_pictures() -> None:
    content = (HERE / "icons" / "emgfeedback.icns").read_bytes()
    assert content[:4] == b"icns"
    assert struct.unpack(">I", content[4:8])[0] == len(content)
    at, found = 8, {}
    while at < len(content):
        kind, length = content[at : at + 4], struct.unpack(">I", content[at + 4 : at + 8])[0]
        found[kind], at = content[at + 8 : at + length], at + length
    assert set(found) == set(icon.ICNS_TYPES.values())
    assert all(picture.startswith(PNG) for picture in found.values())


def test_at_16_pixels_the_three_bars_stand_apart(qapp: object) -> None:
    from PySide6.QtGui import QColor, QImage

    image = QImage.fromData(icon.png(16))
    row = [image.pixelColor(x, 12).name().upper() for x in range(16)]
    bars = [colour for i, colour in enumerate(row) if i == 0 or row[i - 1] != colour]
    night = icon.NIGHT
    assert bars == [night, icon.FRONT, night, icon.TARGET, night, icon.WAIST, night]
    assert image.pixelColor(0, 0).alpha() < 128, "the corners are clear"
    assert QColor(icon.NIGHT).isValid()


def test_the_colours_are_those_of_the_picture() -> None:
    from emgfeedback.app.theme import DARK

    used = (icon.NIGHT, icon.ARC, icon.TARGET, icon.FRONT, icon.WAIST)
    assert used == (DARK.background, DARK.ink, DARK.target, DARK.front, DARK.back)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not importlib.util.find_spec("PyInstaller"), reason="PyInstaller is not installed here")
def test_the_program_is_built_and_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, HERE / "build.py", "--out", tmp_path, "--try"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    program = tmp_path / "emgfeedback" / ("emgfeedback.exe" if os.name == "nt" else "emgfeedback")
    said = subprocess.run([program, "boards", "--json"], capture_output=True, text=True, cwd=tmp_path)
    assert json.loads(said.stdout)["boards"]
