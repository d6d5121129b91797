"""The log of a command that works for long, and how its errors end: in one line that names it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaizen.core import extras
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.extras import NotInstalled
from kaizen.core.paths import home


def log_of(usecase: str, kind: str) -> Path:
    """Where a command writes what libraries print."""
    return home().logs / f"{kind}-{usecase}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.log"


@contextmanager
def explained(log: Path) -> Iterator[None]:
    """An error ends in one line that names the log; its traceback stands there."""
    try:
        yield
    except (UsageError, NotInstalled):
        raise
    except Exception as error:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
        known = error if isinstance(error, KaizenError) else extras.of_error(error)
        reason = str(known or f"{type(error).__name__}: {error}")
        raise KaizenError(f"{reason} (log: {log})") from error
