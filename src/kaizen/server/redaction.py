"""Keeps fields of a row out of the event log: what is not written down cannot leak.

A redacted row is logged by name, also when it was sent as a bare array, whose bytes would tell.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Features
from kaizen.events.schema import Inputs as Logged

if TYPE_CHECKING:
    from kaizen.inference.parser import Batch
    from kaizen.server.model import Model

SALT = "redaction"
"""File in a home's folder of keys: the key of its hashes."""
HASH = "hash"
_BYTES = 16


class Redaction:
    """Takes the fields of ``rules`` out of what is logged.

    Args:
        features: the use case.
        rules: name of a field to ``drop`` (null in its place) or ``hash``.
        key: of the hashes; the same key and value give the same hash, in any field.
    """

    def __init__(self, features: Features, rules: Mapping[str, str], key: bytes) -> None:
        self._features = features
        self._rules = dict(rules)
        self._key = key

    @classmethod
    def of(cls, model: Model, keys: Path | None) -> Redaction | None:
        """What the release of ``model`` asks for, None where everything may be logged.

        Raises:
            KaizenError: hashes need the home's key, and it is not there.
        """
        rules: dict[str, str] = model.metadata.get("redact") or {}
        if not rules:
            return None
        key = b""
        if hashed := [name for name, how in rules.items() if how == HASH]:
            with suppress(OSError):
                key = (keys / SALT).read_bytes() if keys else b""
            if not key:
                raise KaizenError(
                    f"events.redact hashes {', '.join(hashed)}, and there is no key for it in "
                    f"{keys or 'KAIZEN_KEYS, which is not set'}: start the service by kaizen, or "
                    "redact by `drop`"
                )
        return cls(model.features, rules, key)

    def __call__(self, batch: Batch) -> Batch:
        """``batch`` with other things to be logged, and the same rows."""
        return replace(
            batch,
            logged=[self._row(batch, at, logged) for at, logged in enumerate(batch.logged)],
        )

    def _row(self, batch: Batch, at: int, logged: Logged) -> Logged:
        values = logged.get("values")
        if values is None:
            columns = batch.columns.items()
            values = self._features.request({name: column[at] for name, column in columns})
        kept = {**values, **{name: self._instead(values, name) for name in self._rules}}
        return {"values": kept, "redacted": list(self._rules)}

    def _instead(self, values: Mapping[str, Any], name: str) -> str | None:
        value = values.get(name)
        if value is None or self._rules[name] != HASH:
            return None
        content = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self._key, content, "sha256")[:_BYTES].hex()
