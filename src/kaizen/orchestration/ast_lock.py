"""One ``ast.parse`` at a time.

CPython counts the depth of the tree it builds per interpreter, not per call, up to 3.11.7 (Debian
12 has 3.11.2): two threads that parse at once fail now and then with ``SystemError: AST
constructor recursion depth mismatch``. ZenML parses the source of every step that it compiles or
runs, here in threads.
"""

from __future__ import annotations

import ast
import threading
from typing import Any

_lock = threading.RLock()
_parse: Any = ast.parse


def _one_at_a_time(*args: Any, **options: Any) -> Any:
    with _lock:
        return _parse(*args, **options)


def hold() -> None:
    """Put the lock in place for this process. Safe to repeat."""
    ast.parse = _one_at_a_time
