"""Errors a user meets: one line that names the value, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class KaizenError(Exception):
    """Work that could not be finished. The message is printed without a traceback."""

    exit_code = 1


class UsageError(KaizenError):
    """A wrong word from the user: an unknown name, key or value."""

    exit_code = 2


def unknown(kind: str, value: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with the nearest known one offered."""
    names = sorted(known)
    close = get_close_matches(value, names, n=1, cutoff=0.5)
    if close:
        hint = f"did you mean {close[0]!r}?"
    elif names:
        hint = f"known: {', '.join(names)}"
    else:
        hint = "none is known here"
    return UsageError(f"unknown {kind} {value!r}: {hint}")
