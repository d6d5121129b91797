"""A profile as one file: a zip of ``profile.json`` and plain arrays. Nothing is pickled.

Each array's SHA-256 stands in ``profile.json``, whose own is the archive's comment: a file that is
cut, or changed by a bit, is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from kaizen.errors import KaizenError
from monitoring.drift.calibration import Null
from monitoring.drift.reference import Reference

SCHEMA = 1
HEAD = "profile.json"
_ARRAYS = ("values", "labels", "edges", "centre", "spread", "frequencies", "anchors")
_EPOCH = (1980, 1, 1, 0, 0, 0)

_BROKEN = (
    OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error,
    struct.error,
)  # fmt: skip
"""What a zip file that is cut, or not one, is met with."""

S = TypeVar("S")
Array = NDArray[Any]


def pack(shape: Any, reference: Reference, nulls: dict[int, Null]) -> bytes:
    """A profile as a file's content; equal profiles are equal files."""
    arrays = {name: getattr(reference, name) for name in _ARRAYS}
    for window, null in nulls.items():
        arrays[f"draws-{window}"] = null.draws
        for name in null.centre:
            arrays[f"{name}-centre-{window}"] = null.centre[name]
            arrays[f"{name}-spread-{window}"] = null.spread[name]
    members = {f"{name}.npy": _bytes(array) for name, array in arrays.items()}
    head = {
        "schema": SCHEMA,
        "shape": asdict(shape),
        "numbers": reference.numbers,
        "categories": reference.categories,
        "signals": reference.signals,
        "classes": reference.classes,
        "nulls": {str(window): [null.share, null.tests] for window, null in nulls.items()},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    text = json.dumps(head, sort_keys=True, allow_nan=False).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = hashlib.sha256(text).hexdigest().encode()
        for name, content in ((HEAD, text), *members.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(content: bytes, name: str, shape: type[S]) -> tuple[S, Reference, dict[int, Null]]:
    """Read what :func:`pack` made; errors call it ``name``.

    Raises:
        KaizenError: it is cut, changed, or of another version of kaizen.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            text = archive.read(HEAD)
            _same(name, HEAD, text, archive.comment.decode("ascii", "replace"))
            head = json.loads(text)
            if head["schema"] != SCHEMA:
                raise KaizenError(
                    f"profile {name} has schema {head['schema']}, this kaizen reads {SCHEMA}: "
                    "train again to renew it"
                )
            arrays = {
                member.removesuffix(".npy"): _array(name, archive, member, digest)
                for member, digest in head["sha256"].items()
            }
    except _BROKEN as error:
        raise _damaged(name, str(error)) from None
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


def _bytes(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _array(name: str, archive: zipfile.ZipFile, member: str, digest: str) -> Array:
    content = archive.read(member)
    _same(name, member, content, digest)
    found: Array = np.load(io.BytesIO(content), allow_pickle=False)
    return found


def _same(name: str, member: str, content: bytes, digest: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise _damaged(name, f"{member} has SHA-256 {found[:12]}, expected {digest[:12]}")


def _damaged(name: str, why: str) -> KaizenError:
    return KaizenError(f"profile {name} is damaged ({why}): train again, or restore it")
