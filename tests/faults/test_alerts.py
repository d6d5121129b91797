"""Whoever tells people is killed between any two effects: no message is lost, few come twice."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alerting import Webhook
from repository import PROJECT_ROOT

from kaizen.core.paths import Home
from kaizen.monitoring.alerts.store import AlertStore

SCRIPT = Path(__file__).with_name("told.py")
SHARED = Path(__file__).parent.parent / "shared"
EFFECTS = 7
"""Transactions of a window delivered again, of a new one and of the end; sending to each of two
channels, and marking that."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    there = Webhook()
    yield there
    there.close()


@pytest.fixture
def run(other_home: Home, webhook: Webhook) -> Iterator[Callable[..., int]]:
    """How a process of ``told.py`` ended."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        env={
            **os.environ,
            "KAIZEN_HOME": str(other_home.root),
            "HOOK": webhook.url,
            "PYTHONPATH": os.pathsep.join([str(SHARED), str(PROJECT_ROOT)]),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout

    def ended(*words: int) -> int:
        process.stdin.write(" ".join(map(str, words)) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield ended
    process.communicate(timeout=60)


def ids(text: str) -> list[str]:
    return re.findall(r"message ([0-9a-f]{12})", text)


def test_no_message_is_lost_and_one_per_kill_is_repeated_at_most(
    other_home: Home,
    webhook: Webhook,
    run: Callable[..., int],
    faults: int,
    counts: Callable[..., None],
) -> None:
    chance = random.Random(0)
    kills = window = 0
    while kills < faults:
        window += 1
        # The window before is delivered again with it, as by somebody who does not know.
        while code := run(chance.randint(1, 2 * EFFECTS), max(1, window - 1), window):
            assert code == -signal.SIGKILL
            kills += 1
    with AlertStore(other_home) as store:
        assert store.outbox.unsent("diabetes") == []
        alerts = store.alerts("diabetes", every=True)
        said = [[each.what.split(":")[0] for each in store.history(one.id)] for one in alerts]
    assert len(alerts) == (window + 1) // 2, "every other window began one, once"
    whole = ["firing", "told", "resolved", "told"]
    assert all(each == whole for each in said[:-1])
    hook = Counter(known for message in webhook.all() for known in ids(message["message"]))
    log = Counter(ids((other_home.logs / "alerts.log").read_text()))
    lost = 2 * window - len(hook) - len(log)
    repeated = (hook + log).total() - 2 * window + lost
    counts(kills=kills, messages=2 * window, repeated=repeated, lost=lost)
    assert lost == 0
    assert repeated <= kills
    assert repeated or faults < 20, "some were killed between sending and marking"
