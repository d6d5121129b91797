"""Periodic tasks for use cases without a running monitor: ``python -m
kaizen.monitoring.maintenance``.

The supervisor starts it now and then, so that somebody notices when a monitor has died: it alerts
on silence, retries messages that could not be sent, and sends the weekly digest.
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
    """Run the periodic tasks of one use case.

    Raises:
        KaizenError: its assessments, alerts or events cannot be read.
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
    """The periodic tasks of every use case that was monitored once and is not now.

    An error of one use case is logged and stops no other; the exit code is 1 then.
    """
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
