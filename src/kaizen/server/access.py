"""Who may ask: API keys and their scopes, and the secret by which kaizen knows its own questions.

Keys are 256 random bits, so nobody can guess one from its SHA-256, and a slow hash, which protects
short human passwords, would only cost each request its time.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path

from kaizen.inference.refusal import Refusal

PROBE = "x-kaizen-probe"
"""Header of a question kaizen asks itself: its value is the home's secret. Such a question needs
no key, and its events do not count as a client's."""
KEYS, SECRET = "keys.json", "probe"
"""The files of a home's folder of keys."""
PREFIX = "kz"
ADMIN = "admin"
SCOPES = ("predict", "label", ADMIN)
"""What a key may be for; ``admin`` is for everything."""
LOOK_S = 1.0
"""Shortest time between two looks at the files."""

_log = logging.getLogger("kaizen.serving")
_PROBE = PROBE.encode()


@dataclass(frozen=True)
class Key:
    """A key as it is kept.

    Attributes:
        name: its owner's name for it.
        scope: one of :data:`SCOPES`.
        digest: SHA-256 of the key, in hex; the key itself is nowhere.
        created: ISO 8601 in UTC.
    """

    name: str
    scope: str
    digest: str
    created: str


def digest(key: bytes) -> str:
    """How a key is kept."""
    return hashlib.sha256(key).hexdigest()


def read(folder: Path) -> dict[str, Key]:
    """The keys of a home by their ids; none where there is no file.

    Raises:
        ValueError, TypeError: the file is not one of keys.
    """
    try:
        content = (folder / KEYS).read_bytes()
    except FileNotFoundError:
        return {}
    return {name: Key(**kept) for name, kept in json.loads(content)["keys"].items()}


def required(rule: str, address: str) -> bool:
    """Whether a request needs a key.

    Args:
        rule: ``always``, ``never``, or ``auto``: where others than this machine can ask.
        address: where the router listens; one that is not known may be anywhere.
    """
    if rule != "auto":
        return rule == "always"
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address != "localhost"


class Door:
    """Lets requests in. Keys that are created or revoked count within a second.

    Args:
        rule, address: see :func:`required`.
        folder: the home's folder of keys, None where there is none.
    """

    def __init__(self, rule: str, address: str, folder: Path | None) -> None:
        self._required = required(rule, address)
        self._folder = folder
        self._keys: dict[str, Key] = {}
        self._secret = b""
        self._seen: object = None
        self._next_look = 0.0

    def admit(self, headers: Iterable[tuple[bytes, bytes]], scope: str) -> bool:
        """Whether the request with these raw headers is kaizen's own; it may be asked.

        Raises:
            Refusal: 401 without a known key, 403 with one that is for something else.
        """
        probe, sent = _sent(headers)
        if probe is None and not self._required:
            return False
        self._look()
        if probe and self._secret and compare_digest(probe, self._secret):
            return True
        if self._required:
            self._check(sent, scope)
        return False

    def holder(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Name of the key a request was admitted with; None where none is needed."""
        _, sent = _sent(headers)
        key = self._known(sent) if sent and self._required else None
        return key.name if key else None

    def _check(self, sent: bytes | None, scope: str) -> None:
        if not sent:
            reason = "a key is needed: authorization: Bearer KEY (`kaizen keys create` makes one)"
            raise Refusal(401, "authorization", reason, kind="key_missing")
        key = self._known(sent)
        if key is None:
            raise Refusal(401, "authorization", "the key is not known", kind="key_unknown")
        if key.scope not in (scope, ADMIN):
            reason = f"the key is for {key.scope}, this needs {scope}"
            raise Refusal(403, "authorization", reason, kind="key_scope")

    def _known(self, sent: bytes) -> Key | None:
        parts = sent.decode("latin-1").split("_", 2)
        key = self._keys.get(parts[1]) if len(parts) == 3 else None
        return key if key and compare_digest(key.digest, digest(sent)) else None

    def _look(self) -> None:
        """Read the files again where they changed."""
        now = time.monotonic()
        if now < self._next_look or self._folder is None:
            return
        self._next_look = now + LOOK_S
        seen = [_signature(self._folder / name) for name in (KEYS, SECRET)]
        if seen == self._seen:
            return
        try:
            self._keys = read(self._folder)
            self._secret = (self._folder / SECRET).read_bytes() if seen[1] else b""
            self._seen = seen
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            # What was known stays known: a damaged file is no reason to turn everybody away.
            _log.error("the keys in %s cannot be read: %s", self._folder, error)


def _sent(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes | None, bytes | None]:
    """The probe's secret and the key that came with a request."""
    probe = sent = None
    for name, value in headers:
        if name == b"authorization":
            scheme, _, credentials = value.partition(b" ")
            if scheme.lower() == b"bearer":
                sent = credentials.strip()
        elif name == b"x-api-key":
            sent = sent or value
        elif name == _PROBE:
            probe = value
    return probe, sent


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
