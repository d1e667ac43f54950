"""The promises of the project's own files: commands, versions, links, licence, nothing private."""

import gc
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import emgfeedback

REPO = Path(__file__).resolve().parent.parent
DEMO = "python -m pip install uv && python -m uv run emgfeedback demo"
TESTS = "python -m pip install uv && python -m uv run pytest"

PRIVATE = re.compile(
    r"""(?:^|[\s"'`(=])/(?:home|root|Users|work)/\w"""  # somebody's own folders
    r"|\bpythonhosted\.org|\bpypi\.org/simple|\bindex-url\b",  # where packages were fetched from
    re.MULTILINE,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
SHOWN = re.compile(r"(?:^|`|uv run )emgfeedback ([a-z][a-z-]*)([^`\n]*)", re.MULTILINE)
PAGES = sorted(REPO.glob("*.md")) + sorted(REPO.glob("[!.]*/**/*.md"))


def project_files() -> list[Path]:
    """Return what git keeps or would keep; all files but hidden folders where git is not at hand."""
    listing = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        done = subprocess.run(listing, cwd=REPO, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        hidden = re.compile(r"(?:^|/)(?:\.(?!ci/|gitignore)|__pycache__)|^uv\.lock$")
        names = [file.relative_to(REPO).as_posix() for file in REPO.rglob("*")]
        return [REPO / name for name in names if not hidden.search(name) and (REPO / name).is_file()]
    return [REPO / name for name in done.stdout.split("\0") if name and (REPO / name).is_file()]


def private_words(text: str) -> list[str]:
    """Return the machine paths and package servers that a text names."""
    return [found.strip() for found in PRIVATE.findall(text)]


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a Markdown page that lead nowhere, headings included."""
    broken = []
    for target in LINK.findall(COMMENT.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        goal = (page.parent / name) if name else page
        if not goal.exists() or (anchor and anchor not in headings(goal)):
            broken.append(target)
    return broken


def headings(page: Path) -> set[str]:
    """Return the anchors that a Markdown page offers."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def lines_of(name: str) -> list[str]:
    return (REPO / name).read_text(encoding="utf-8").splitlines()


def pyproject() -> dict[str, dict[str, object]]:
    return tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


GROUPS = {"protocols"}
"""Commands that have commands of their own."""


def commands_shown() -> dict[str, set[str]]:
    """Return every command that a page shows, with the options it is shown with."""
    shown: dict[str, set[str]] = {}
    for page in PAGES:
        for command, rest in SHOWN.findall(page.read_text(encoding="utf-8")):
            first = rest.split()[0] if rest.split() else ""
            command = f"{command} {first}" if command in GROUPS and first.isalpha() else command
            shown.setdefault(command, set()).update(re.findall(r"--[a-z-]+", rest.partition("#")[0]))
    return shown


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def package_names(requirements: list[str]) -> set[str]:
    names = {re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0] for requirement in requirements}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def test_the_readme_has_the_two_commands_on_lines_of_their_own() -> None:
    assert {DEMO, TESTS} <= set(lines_of("README.md"))


def test_ci_ends_with_exactly_the_test_command_of_the_readme() -> None:
    assert lines_of(".ci/run")[-1] == TESTS


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_ci_can_be_executed() -> None:
    assert os.access(REPO / ".ci" / "run", os.X_OK)


def test_the_version_is_the_same_everywhere() -> None:
    version = pyproject()["project"]["version"]
    assert emgfeedback.__version__ == importlib.metadata.version("emgfeedback") == version


def test_the_licence_is_mit_and_names_the_developers() -> None:
    text = (REPO / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License")
    assert "The emgfeedback developers" in text
    assert pyproject()["project"]["license"] == "MIT"


def test_no_lock_file_is_kept() -> None:
    assert "uv.lock" in lines_of(".gitignore")
    assert not [file for file in project_files() if file.name.endswith(".lock")]


def test_every_folder_that_goes_into_the_wheel_is_kept_by_git() -> None:
    wheel = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
    kept = project_files()
    for folder in [*wheel["packages"], *wheel["force-include"]]:
        assert any(file.is_relative_to(REPO / folder) for file in kept), f"git keeps nothing of {folder}/"


def test_every_named_dependency_has_exact_versions() -> None:
    project, groups = pyproject()["project"], pyproject()["dependency-groups"]
    named = [*project["dependencies"], *groups["dev"]]
    for extra in project["optional-dependencies"].values():
        named += extra
    pins = pyproject()["tool"]["uv"]["constraint-dependencies"]
    assert all(re.match(r"[\w.-]+==[\w.]+( ;|$)", pin) for pin in pins)
    missing = package_names(named) - package_names(pins) - {"emgfeedback"}
    assert not missing, f"run .ci/pin.py: no exact version of {', '.join(sorted(missing))}"


def test_no_kept_file_names_a_private_path_or_a_package_server() -> None:
    found = {}
    for file in project_files():
        content = file.read_bytes()
        if b"\0" not in content:
            found[file.relative_to(REPO).as_posix()] = private_words(
                content.decode("utf-8", errors="replace")
            )
    assert "README.md" in found
    assert not {name: words for name, words in found.items() if words}


@pytest.mark.parametrize(
    "text",
    ["cd /home" + "/ann", "'/root" + "/x'", "https://files.pythonhosted" + ".org/a", "--index" + "-url x"],
)
def test_a_private_path_or_a_package_server_is_noticed(text: str) -> None:
    assert private_words(text)


def test_words_with_slashes_are_no_private_paths() -> None:
    assert not private_words("rest/work/relax, https://example.org/home/x, ~/work")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert not broken_links(page)


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One two\n[a](gone.md) [b](#one-two) [c](#three) [d](https://x.y) <!-- [e](f.md) -->", "utf-8"
    )
    assert broken_links(page) == ["gone.md", "#three"]


@pytest.mark.parametrize(("command", "options"), sorted(commands_shown().items()))
def test_every_command_of_a_page_exists_with_its_options(command: str, options: set[str]) -> None:
    done = run_python("-m", "emgfeedback", *command.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert options <= set(re.findall(r"--[a-z-]+", done.stdout))


def test_the_help_loads_no_heavy_library() -> None:
    heavy = {"scipy.signal", "brainflow", "PySide6", "matplotlib", "mne"}
    done = run_python("-c", "import sys, emgfeedback.cli.main; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert not heavy & set(done.stdout.split())


def test_the_collector_rests_while_a_test_uses_qt(qapp: object) -> None:
    assert not gc.isenabled()


def test_the_collector_works_in_other_tests() -> None:
    assert gc.isenabled()


def test_windows_of_tests_stay_off_the_screen(qapp: object) -> None:
    from PySide6.QtGui import QGuiApplication

    assert QGuiApplication.platformName() == os.environ.get("EMGFEEDBACK_TEST_PLATFORM", "offscreen")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the XDG folders")
def test_tests_keep_out_of_the_users_own_folders() -> None:
    import platformdirs

    home = str(Path.home())
    assert not platformdirs.user_data_dir("emgfeedback").startswith(home)
    assert not platformdirs.user_documents_dir().startswith(home)


def test_every_public_name_is_there_and_nothing_heavy_loads_before_it_is_used() -> None:
    import emgfeedback

    for name in emgfeedback.__all__:
        assert getattr(emgfeedback, name) is not None
    assert emgfeedback.Chunk is __import__("emgfeedback.values", fromlist=["Chunk"]).Chunk
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = emgfeedback.nonsense
