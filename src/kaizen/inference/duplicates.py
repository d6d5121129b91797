"""Keys that a JSON body holds twice: readers of JSON differ in which one they believe."""

from __future__ import annotations

import json
from typing import Any

from kaizen.inference.refusal import InputFault, Refusal, pointer


def check(body: bytes, known: int) -> None:
    """Refuse ``body``, already found to be JSON, where an object has a key twice.

    Every key is followed by a colon, so a body with as many colons as it has known keys has none
    twice; only where there are more, as in texts, is it read again.

    Args:
        body: the JSON.
        known: how many keys were found in it, each once.

    Raises:
        Refusal: which key.
    """
    if body.count(b":") > known:
        json.loads(body.decode(), object_pairs_hook=_once, parse_int=str)


def _once(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for name, _ in pairs:
        if name in seen:
            reason = f"the key {pointer(name)[1:]!r} is there twice"
            raise Refusal(400, "body", reason, kind="value", faults=[InputFault("", reason)])
        seen.add(name)
