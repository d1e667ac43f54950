"""The library of LSL, loaded when it is asked for and not before: it is an extra."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import Any

from emgfeedback.errors import UsageError

INSTALL = "run: python -m pip install pylsl"
CONFIG_NAME = "lsl_api.cfg"
FATAL_ONLY = "[log]\nlevel = -3\n"


@functools.cache
def lsl() -> Any:
    """The module pylsl, loaded once.

    Raises
    ------
    UsageError
        If pylsl, or the library it needs, is not installed.
    """
    try:
        import pylsl
    except ImportError as error:
        raise UsageError(f"LSL needs the package pylsl, which is not installed; {INSTALL}") from error
    except (RuntimeError, OSError) as error:
        raise UsageError(
            "pylsl finds no library liblsl that fits this system; install one with "
            "conda install -c conda-forge liblsl, or set PYLSL_LIB to where it is"
        ) from error
    if not _configured():
        with contextlib.suppress(AttributeError, NotImplementedError):  # before pylsl 1.18: it talks on
            pylsl.set_config_content(FATAL_ONLY)
    return pylsl


def _configured() -> bool:
    """Whether somebody wrote a configuration of LSL, which then says what its log shows."""
    places = (Path(CONFIG_NAME), Path.home() / "lsl_api" / CONFIG_NAME, Path("/etc/lsl_api") / CONFIG_NAME)
    return "LSLAPICFG" in os.environ or any(place.is_file() for place in places)
