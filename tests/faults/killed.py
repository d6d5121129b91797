"""One command in a process that kills itself: ``killed.py COMMAND AT VERSION...``.

Every effect on disk is counted: a transaction, a file of the router, the champion's name. After
number AT the process ends by SIGKILL; with AT 0 it lives and prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rolling import ALIAS, Place

from kaizen.core import atomic
from kaizen.core.paths import Home
from kaizen.core.settings import RolloutRule
from kaizen.rollout import caddy, deploy_common, deployments, stages, traffic_changes
from kaizen.rollout.state import State

STAGED = RolloutRule(stages=(30, 60, 100), min_requests=10_000, max_seconds=0.1, keep_warm_s=0)
WARM = RolloutRule(keep_warm_s=2)


class Counter:
    """Counts effects, and dies after the one it was told."""

    def __init__(self, last: int) -> None:
        self.seen = 0
        self._last = last

    def __call__(self) -> None:
        self.seen += 1
        if self.seen == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    command, at, versions = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    effect = Counter(at)

    class Counted(State):
        @contextmanager
        def transaction(self) -> Iterator[None]:
            with super().transaction():
                yield
            effect()

    class Followed(Place):
        def follow(self, usecase: str, version: str) -> None:
            super().follow(usecase, version)
            effect()

    def write_text(path: Path, content: str) -> None:
        atomic.write_text(path, content)
        effect()

    for module in (deployments, deploy_common, traffic_changes, stages):
        module.State = Counted  # type: ignore[attr-defined]
    caddy.write_text = write_text
    place = Followed(Home(Path(os.environ["KAIZEN_HOME"])))
    if command == "canary":
        place.deploy(versions[0], rule=STAGED)
    elif command == "deploy":
        place.deploy(versions[0], rule=WARM)
    elif command == "rollback":
        place.rollback()
    else:
        share = 100 // len(versions)
        place.shift(dict.fromkeys(versions, share), keep_warm_s=1.0)
    print(effect.seen)


if __name__ == "__main__":
    assert ALIAS
    main()
