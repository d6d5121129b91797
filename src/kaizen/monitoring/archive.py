"""The file format of profiles and baselines: a zip of JSON and plain arrays. No pickle.

Each array's SHA-256 stands in the JSON, whose own is the archive's comment: a file that is cut, or
changed by a bit, is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen.core.errors import KaizenError

_EPOCH = (1980, 1, 1, 0, 0, 0)

BROKEN = (
    OSError, EOFError, ValueError, KeyError, TypeError, NotImplementedError, zipfile.BadZipFile,
    zlib.error, struct.error,
)  # fmt: skip
"""The exceptions that reading a zip file raises when it is cut, or is none."""

Array = NDArray[Any]


def pack(kind: str, schema: int, head: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """The content of a file; equal parts give equal bytes.

    Args:
        kind: what it is ("profile"): its JSON is called so, and errors call it so.
        head: plain JSON values.
        arrays: of any shape, of numbers, flags or text.
    """
    members = {f"{name}.npy": _bytes(array) for name, array in arrays.items()}
    whole = {
        "schema": schema,
        **head,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    text = json.dumps(whole, sort_keys=True, allow_nan=False).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = hashlib.sha256(text).hexdigest().encode()
        for name, content in ((f"{kind}.json", text), *members.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(
    content: bytes, kind: str, schema: int, name: str
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Head and arrays of what :func:`pack` made; errors call it ``name``.

    Raises:
        KaizenError: it is cut, changed, or of another version of kaizen.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            text = archive.read(f"{kind}.json")
            _same(f"{kind}.json", text, archive.comment.decode("ascii", "replace"))
            head = json.loads(text)
            found = head["schema"]
            arrays = (
                {
                    member.removesuffix(".npy"): _array(archive, member, digest)
                    for member, digest in head["sha256"].items()
                }
                if found == schema
                else {}
            )
    except BROKEN as error:
        why = str(error) or type(error).__name__
        raise KaizenError(f"{kind} {name} is damaged ({why}): train again, or restore it") from None
    if found != schema:
        raise KaizenError(
            f"{kind} {name} has schema {found}, this kaizen reads {schema}: train again to renew it"
        )
    return head, arrays


def _bytes(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _array(archive: zipfile.ZipFile, member: str, digest: str) -> Array:
    content = archive.read(member)
    _same(member, content, digest)
    found: Array = np.load(io.BytesIO(content), allow_pickle=False)
    return found


def _same(member: str, content: bytes, digest: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise ValueError(f"{member} has SHA-256 {found[:12]}, expected {digest[:12]}")
