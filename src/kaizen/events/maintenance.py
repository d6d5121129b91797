"""Compaction and retention of every use case of a home: ``python -m kaizen.events.maintenance``.

The supervisor starts it now and then, as a process of its own, so that it stays small itself.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

from kaizen.core import catalog
from kaizen.core.config import events_rule
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home
from kaizen.events.compact import Outcome, compact

_log = logging.getLogger("kaizen.upkeep")


def keep_up(state: Home, usecases: Iterable[str]) -> dict[str, Outcome]:
    """What was done for each of ``usecases``.

    Raises:
        KaizenError: somebody else compacts, or a configuration is wrong.
    """
    return {
        name: compact(state.events / name, catalog.features(name), events_rule(name))
        for name in usecases
    }


def main() -> int:
    """Compact every use case that has events; what goes wrong with one is said, and no more."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    code = 0
    for name in catalog.names():
        if not (home().events / name).is_dir():
            continue
        try:
            outcome = keep_up(home(), [name])[name]
        except (KaizenError, OSError) as error:
            _log.error("events of %s: %s", name, error)
            code = 1
            continue
        if outcome.files or outcome.removed or outcome.refused:
            _log.info("events of %s: %s", name, outcome)
    return code


if __name__ == "__main__":
    sys.exit(main())
