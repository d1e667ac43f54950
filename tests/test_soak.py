"""A long session through the whole chain: nothing lost, nothing piling up."""

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

from emgfeedback.sources.virtual_cyton import available

SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "live_figures.py"


@pytest.fixture
def live_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The benchmark, which prints the same figures.

    The system gives the name of a pseudo-terminal anew while another test run may still hold its lock.
    """
    if not available():
        pytest.skip("this system has no pseudo-terminal for a virtual Cyton")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spec = importlib.util.spec_from_file_location("live_figures", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "live_figures", module)
    spec.loader.exec_module(module)
    return module


def test_two_minutes_lose_and_misplace_no_row(live_figures: ModuleType) -> None:
    found = live_figures.soak(2.0)
    assert found.sent == found.received == 2 * 60 * 250
    assert (found.lost, found.misplaced, found.flagged) == (0, 0, 0)
    assert found.ticks == 2 * 60 * 50


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_sixty_minutes_lose_no_row_and_grow_by_less_than_20_mb(live_figures: ModuleType) -> None:
    found = live_figures.soak(60.0)
    assert found.sent == found.received == 60 * 60 * 250
    assert (found.lost, found.misplaced, found.flagged) == (0, 0, 0)
    assert found.growth_mb < 20
