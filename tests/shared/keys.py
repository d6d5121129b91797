"""The part of an API key that nobody may find anywhere."""

from __future__ import annotations


def secret_of(key: str) -> str:
    """What follows the prefix and the mark. It is random, and may itself hold or begin with "_"."""
    prefix, mark, secret = key.split("_", 2)
    assert (prefix, len(mark), len(secret)) == ("kz", 12, 43), "a secret worth looking for"
    return secret
