"""A profile as one file: a zip of ``profile.json`` and plain arrays
(``kaizen/monitoring/archive.py``).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypeVar

from kaizen.monitoring import archive
from kaizen.monitoring.archive import Array
from kaizen.monitoring.drift.calibration import Null
from kaizen.monitoring.drift.reference import Reference

KIND, SCHEMA = "profile", 1
_ARRAYS = ("values", "labels", "edges", "centre", "spread", "frequencies", "anchors")

S = TypeVar("S")


def pack(shape: Any, reference: Reference, nulls: dict[int, Null]) -> bytes:
    """A profile as a file's content; equal profiles are equal files."""
    arrays = {name: getattr(reference, name) for name in _ARRAYS}
    for window, null in nulls.items():
        arrays[f"draws-{window}"] = null.draws
        for name in null.centre:
            arrays[f"{name}-centre-{window}"] = null.centre[name]
            arrays[f"{name}-spread-{window}"] = null.spread[name]
    head = {
        "shape": asdict(shape),
        "numbers": reference.numbers,
        "categories": reference.categories,
        "signals": reference.signals,
        "classes": reference.classes,
        "nulls": {str(window): [null.share, null.tests] for window, null in nulls.items()},
    }
    return archive.pack(KIND, SCHEMA, head, arrays)


def unpack(content: bytes, name: str, shape: type[S]) -> tuple[S, Reference, dict[int, Null]]:
    """Read what :func:`pack` made; errors call it ``name``.

    Raises:
        KaizenError: it is cut, changed, or of another version of kaizen.
    """
    head, arrays = archive.unpack(content, KIND, SCHEMA, name)
    reference = Reference(
        numbers=tuple(head["numbers"]),
        categories=tuple(head["categories"]),
        signals=head["signals"],
        classes=tuple(map(tuple, head["classes"])),
        **{array: arrays[array] for array in _ARRAYS},
    )
    nulls = {
        int(window): _null(int(window), share, tests, arrays)
        for window, (share, tests) in head["nulls"].items()
    }
    about = head["shape"] | {"embedding": tuple(head["shape"]["embedding"])}
    return shape(**about), reference, nulls


def _null(window: int, share: float, tests: list[str], arrays: dict[str, Array]) -> Null:
    sides: list[dict[str, Array]] = []
    for side in ("centre", "spread"):
        end = f"-{side}-{window}"
        sides.append(
            {name.removesuffix(end): arrays[name] for name in arrays if name.endswith(end)}
        )
    return Null(window, share, tuple(tests), arrays[f"draws-{window}"], *sides)
