"""Makes and revokes API keys. Only their hashes are kept, in a file that nobody else can read."""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError, UsageError, unknown
from kaizen.core.locks import held
from kaizen.server.access import KEYS, PREFIX, SCOPES, SECRET, Key, digest, read
from kaizen.server.redaction import SALT

LOCK = "lock"
PATIENCE_S = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def create(folder: Path, name: str, scope: str) -> str:
    """A new key; this is the only time it is seen.

    Args:
        folder: the home's folder of keys.
        name: by which it is listed and revoked.
        scope: what it is for.

    Raises:
        UsageError: the name is taken or cannot be one, or the scope is unknown.
    """
    if scope not in SCOPES:
        raise unknown("scope", scope, SCOPES)
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a key: expected 1 to 64 letters, digits, '.', '_' or '-'"
        )
    with _alone(folder):
        keys = _known(folder)
        if any(key.name == name for key in keys.values()):
            raise UsageError(
                f"there is a key {name!r}: choose another name, or `kaizen keys revoke {name}`"
            )
        mark = secrets.token_hex(6)
        while mark in keys:
            mark = secrets.token_hex(6)
        key = f"{PREFIX}_{mark}_{secrets.token_urlsafe(32)}"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        _write(folder, {**keys, mark: Key(name, scope, digest(key.encode()), created)})
    return key


def listed(folder: Path) -> list[Key]:
    """The keys of a home, the oldest first."""
    return sorted(_known(folder).values(), key=lambda key: (key.created, key.name))


def revoke(folder: Path, name: str) -> Key:
    """Forget a key; services turn it away within a second.

    Raises:
        UsageError: there is none of this name.
    """
    with _alone(folder):
        keys = _known(folder)
        found = [mark for mark, key in keys.items() if key.name == name]
        if not found:
            raise unknown("key", name, [key.name for key in keys.values()])
        gone = keys.pop(found[0])
        _write(folder, keys)
    return gone


def probe(folder: Path) -> str:
    """The secret by which services know kaizen's own questions; made at the first call."""
    return _secret(folder, SECRET)


def redaction(folder: Path) -> str:
    """The key of the hashes that stand for redacted fields; made at the first call."""
    return _secret(folder, SALT)


def _secret(folder: Path, name: str) -> str:
    path = folder / name
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii")
    _private(folder)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # of two at once, the first one's is the secret
            os.link(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path.read_text(encoding="ascii")


def _known(folder: Path) -> dict[str, Key]:
    try:
        return read(folder)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KaizenError(
            f"{folder / KEYS} is damaged ({error}): remove it and create the keys again"
        ) from error


def _write(folder: Path, keys: Mapping[str, Key]) -> None:
    """Whole or not at all; readable by this user alone, as every temporary file is born."""
    content = {"keys": {mark: asdict(key) for mark, key in keys.items()}}
    write_text(folder / KEYS, json.dumps(content, indent=1))


def _private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One command at a time changes the keys.

    Raises:
        KaizenError: another one does not end.
    """
    _private(folder)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with held(folder / LOCK):
                yield
                return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise KaizenError(f"another command holds {folder / LOCK}: wait for it") from None
            time.sleep(0.02)
