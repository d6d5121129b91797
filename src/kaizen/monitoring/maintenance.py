"""What time brings to use cases that nobody watches just now: ``python -m
kaizen.monitoring.maintenance``.

The supervisor starts it now and then, so that a watching that has died is missed: silence is told,
messages that could not be sent are tried again, and the weekly digest goes out.
"""

from __future__ import annotations

import logging
import sys
import time

from kaizen.core import locks
from kaizen.core.alert_settings import AlertsRule
from kaizen.core.config import monitoring_rule
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home
from kaizen.events.read import read
from kaizen.monitoring.alerts import manage
from kaizen.monitoring.windows.store import Store, lock

_log = logging.getLogger("kaizen.upkeep")


def tick(state: Home, usecase: str, rule: AlertsRule, now: float, *, flush: bool = False) -> None:
    """See to what time has brought to ``usecase``.

    Raises:
        KaizenError: what is kept cannot be read.
    """
    judged = Store(state).newest(usecase, 1)
    newest = next(iter(read(state.events / usecase, limit=1)), None)
    manage.tick(
        state,
        usecase,
        rule,
        judged[0].at if judged else None,
        newest["time"] if newest else None,
        now,
        flush=flush,
    )


def main() -> int:
    """Every use case that was watched once and is not now; what goes wrong with one is said."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    code = 0
    if not Store(home()).path.exists():
        return code
    for usecase in Store(home()).usecases():
        if locks.is_held(lock(home(), usecase)):
            continue
        try:
            tick(home(), usecase, monitoring_rule(usecase).alerts, time.time(), flush=True)
        except (KaizenError, OSError) as error:
            _log.error("alerts of %s: %s", usecase, error)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
