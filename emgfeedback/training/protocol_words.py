"""The codes that exercise files are written in: muscles, permission keys and loads."""

from __future__ import annotations

from typing import Literal, get_args

Muscle = Literal[
    "gmed", "tfl", "ql", "qlc", "gmax", "gmin", "es", "add", "bf",
    "rf", "vmo", "vl", "lt", "ut", "io", "eo", "ra",
]  # fmt: skip

MUSCLES: dict[Muscle, str] = {
    "gmed": "gluteus medius, side of hip",
    "tfl": "tensor fasciae latae, front of hip",
    "ql": "waist (quadratus lumborum site) on the side of the recorded leg",
    "qlc": "waist (quadratus lumborum site) on the side opposite to the recorded leg",
    "gmax": "gluteus maximus, buttock",
    "gmin": "gluteus minimus, side of hip, deep",
    "es": "erector spinae, lower back",
    "add": "adductors, inside of the thigh",
    "bf": "biceps femoris, back of thigh",
    "rf": "rectus femoris, front of thigh",
    "vmo": "vastus medialis, inner front of thigh",
    "vl": "vastus lateralis, outer front of thigh",
    "lt": "lower trapezius, below the shoulder blade's spine",
    "ut": "upper trapezius, between neck and shoulder",
    "io": "internal oblique, side of the belly",
    "eo": "external oblique, side of the belly",
    "ra": "rectus abdominis, front of the belly",
}
"""What an exercise file may record; a new muscle is one row here and one code above."""

Need = Literal["ABD", "RES", "LONG", "EXT", "FLEX", "ADD", "ER", "IR", "MAX", "SLS", "ROLL"]
"""Permission keys; `emgfeedback.training.permissions` says what they permit."""

NEEDS: tuple[Need, ...] = get_args(Need)

Load = Literal["NWB", "PWB", "WB2", "WB1", "DYN"]
"""What a leg carries: nothing, a part, full weight on both legs, on one, on one with speed."""

LOADS: tuple[Load, ...] = get_args(Load)
