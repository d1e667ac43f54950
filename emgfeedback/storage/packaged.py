"""Where the exercises and demo recordings that come with the program are."""

from __future__ import annotations

from pathlib import Path

import emgfeedback
from emgfeedback.errors import InputError


def packaged_dir(name: str) -> Path:
    """Find ``protocols`` or ``recordings``: inside the installed package, else beside it in a checkout.

    Raises
    ------
    InputError
        Neither place has a folder of this name.
    """
    package = Path(emgfeedback.__file__).resolve().parent
    places = (package / "_data" / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise InputError(f"{name}: not found in {places[0]} nor in {places[1]}; install emgfeedback again")
