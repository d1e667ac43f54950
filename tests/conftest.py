"""What every test shares: an offscreen Qt, repeatable hypothesis, a quiet collector, the real recordings."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before any Qt import: a test never opens a window on somebody's screen.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("EMGFEEDBACK_TEST_PLATFORM", "offscreen")

# LSL stays on this computer: read once, when the library loads.
os.environ.setdefault("LSLAPICFG", str(Path(__file__).with_name("lsl_loopback.cfg")))

# No test depends on speed, so neither does an example; in CI the same examples run every time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house-ci", settings.get_profile("house"), derandomize=True, database=None)
settings.load_profile("house-ci" if os.environ.get("CI") else "house")

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings that stands beside the checkout, or skip."""
    folder = REPO.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (shared/data beside the checkout) are not on this machine")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _private_user_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests out of the user's own data and settings folders."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DOCUMENTS_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        yield


@pytest.fixture(autouse=True)
def _quiet_collector(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold the cyclic collector off while a test uses Qt; collect when the test is over.

    pytest-qt keeps only weak references to widgets. A widget kept alive by a cycle could otherwise be
    freed inside ``processEvents``, which crashes the interpreter in a later, innocent test.
    """
    if not {"qtbot", "qapp"} & set(request.fixturenames):
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _deliver_deferred_deletes()
        gc.enable()
        gc.collect()
        _deliver_deferred_deletes()


def _deliver_deferred_deletes() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process: ``cli("boards", "--json").json``."""
    from cli_kit import Ran

    return lambda *words: Ran(capsys, *words)
