"""What users rely on, kept in JSON files beside the tests and compared with what is found today.

``RENEW=1 .venv/bin/python -m pytest`` with the tests in question writes the files anew, on
purpose; read the difference in git before you commit it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RENEW = "RENEW"
DIGITS = 6
"""Significant digits of a real number that are compared where nothing else is said."""
MOST = 40
"""Differences that are listed; the others are counted."""
ABSENT = "(nothing)"


def renewing() -> bool:
    """Whether the files are to be written anew."""
    return os.environ.get(RENEW, "") not in ("", "0")


def held(path: Path, found: Any, *, relative: float = 10.0**-DIGITS) -> None:
    """``found`` is what ``path`` says, reals within ``relative``; or is written there if asked.

    Raises:
        AssertionError: it differs; the message lists where and how.
    """
    found = json.loads(json.dumps(found, allow_nan=False))
    if renewing():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.is_file(), f"{path.name} is not there yet: {RENEW}=1 writes it"
    due = json.loads(path.read_text(encoding="utf-8"))
    apart = list(differences(due, found, relative))
    few = "\n  ".join(apart[:MOST] + ([f"… and {len(apart) - MOST} more"] * (len(apart) > MOST)))
    assert not apart, f"{path.name} differs ({RENEW}=1 renews it on purpose):\n  {few}"


def differences(due: Any, found: Any, relative: float, at: str = "") -> Iterator[str]:
    """Each place where ``found`` is not what is due, as ``path: due → found``."""
    if isinstance(due, dict) and isinstance(found, dict):
        for name in sorted(due.keys() | found.keys()):
            place = f"{at}.{name}" if at else name
            one, other = due.get(name, ABSENT), found.get(name, ABSENT)
            yield from differences(one, other, relative, place)
    elif isinstance(due, list) and isinstance(found, list):
        for place in range(max(len(due), len(found))):
            one, other = (part[place] if place < len(part) else ABSENT for part in (due, found))
            yield from differences(one, other, relative, f"{at}[{place}]")
    elif not _same(due, found, relative):
        yield f"{at}: {_shown(due)} → {_shown(found)}"


def _same(due: Any, found: Any, relative: float) -> bool:
    if type(due) is float and type(found) in (int, float):
        return math.isclose(due, found, rel_tol=relative, abs_tol=1e-12)
    return type(due) is type(found) and bool(due == found)


def _shown(value: Any) -> str:
    return value if value == ABSENT else json.dumps(value, ensure_ascii=False)
