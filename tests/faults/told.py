"""Windows that are told of by processes that kill themselves; a line ``AT FIRST LAST`` for each.

Every effect is counted: a transaction, a message that was sent. After number AT the process ends by
SIGKILL; with AT 0 it lives. FIRST to LAST are windows of which every other one alarms. Said is how
each ended. They are forked from one that has loaded apprise, which takes two seconds.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apprise
from alerting import judged

from kaizen.core.alert_settings import AlertsRule, AppriseChannel
from kaizen.core.paths import Home
from kaizen.monitoring.alerts import dispatch, manage
from kaizen.monitoring.alerts.database import Database

RULE = AlertsRule(
    channels={"hook": AppriseChannel(env="HOOK")}, cooldown_s=0, resolve_after=1, dead_after_s=1e9
)


def tell(last: int, first: int, end: int) -> None:
    seen = 0

    def effect() -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    transaction, send = Database.transaction, dispatch.send

    @contextmanager
    def counted(self: Database) -> Iterator[None]:
        with transaction(self):
            yield
        effect()

    def sent(*words: Any) -> None:
        send(*words)
        effect()

    Database.transaction = counted  # type: ignore[method-assign]
    dispatch.send = sent
    home = Home(Path(os.environ["KAIZEN_HOME"]))
    for number in range(first, end + 1):
        found = judged(number, *(["data"] if number % 2 else []))  # type: ignore[list-item]
        manage.assessed(home, "diabetes", RULE, found, found.at)
    manage.tick(home, "diabetes", RULE, found.at, found.at, found.at)


def main() -> None:
    apprise.Apprise.instantiate("json://localhost")
    for line in sys.stdin:
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            continue
        tell(*map(int, line.split()))
        os._exit(0)


if __name__ == "__main__":
    main()
