"""The process that heavy steps are forked from, with work that needs no framework."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil
import pytest

from kaizen.core.errors import KaizenError
from kaizen.orchestration import zygote as program
from kaizen.orchestration.zygote import Report
from kaizen.orchestration.zygote_client import Failed, Lost, TimedOut, Zygote


def work(request: dict[str, Any], report: Report) -> None:
    """What a child does, by ``request["do"]``."""
    report(pid=os.getpid(), parent=os.getppid())
    deeds[request["do"]](request, report)
    report(result="done")


def prepare(order: dict[str, Any]) -> None:
    program.preload(order["modules"])
    if order["modules"] == ["breaks"]:
        raise KaizenError("the store is not there")


def sleep_with_a_child_of_its_own(request: dict[str, Any], report: Report) -> None:
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    report(grandchild=grandchild.pid)
    time.sleep(60)


def sleep_deaf(request: dict[str, Any], report: Report) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report(deaf=True)
    time.sleep(60)


def count(request: dict[str, Any], report: Report) -> None:
    for number in range(50):
        report(event=number)


def complain(request: dict[str, Any], report: Report) -> None:
    raise KaizenError("no such thing")


deeds: dict[str, Any] = {
    "nothing": lambda request, report: None,
    "count": count,
    "complain": complain,
    "raise": lambda request, report: 1 / 0,
    "die": lambda request, report: os.kill(os.getpid(), signal.SIGKILL),
    "leave": lambda request, report: os._exit(3),
    "sleep": lambda request, report: time.sleep(60),
    "deaf": sleep_deaf,
    "family": sleep_with_a_child_of_its_own,
    "zen": lambda request, report: report(event="this" in sys.modules),
    "draw": lambda request, report: report(event=int(np.random.randint(2**31))),
}


@pytest.fixture
def zygote() -> Iterator[Zygote]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        program.serve(theirs, prepare, work)
    theirs.close()
    made = Zygote(pid, ours)
    yield made
    made.close()


def ask(zygote: Zygote, deed: str, **more: Any) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    zygote.run({"name": f"{deed}-{id(heard)}", "do": deed}, heard.append, **more)
    return heard


class Background:
    """A piece of work in another thread, once it has begun."""

    def __init__(self, zygote: Zygote, deed: str, key: str = "pid") -> None:
        self.heard: dict[str, Any] = {}
        self.error: BaseException | None = None
        begun = threading.Event()

        def hear(message: dict[str, Any]) -> None:
            self.heard.update(message)
            if key in message:
                begun.set()

        def target() -> None:
            try:
                zygote.run({"name": deed, "do": deed}, hear)
            except Lost as lost:
                self.error = lost

        self.thread = threading.Thread(target=target)
        self.thread.start()
        assert begun.wait(20)

    def lost(self) -> str:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return str(self.error)


def gone(pid: int) -> bool:
    """Waits up to 5 s for the process to be no more, or a zombie that somebody will collect."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_work_runs_in_a_child_of_the_zygote(zygote: Zygote) -> None:
    heard = ask(zygote, "nothing")
    assert heard[0]["parent"] == zygote.pid
    assert heard[0]["pid"] not in {zygote.pid, os.getpid()}
    assert heard[-2:] == [{"result": "done"}, {"exit": 0}]
    assert gone(heard[0]["pid"])


def test_everything_is_heard_in_order_and_before_the_end(zygote: Zygote) -> None:
    heard = ask(zygote, "count")
    assert [m["event"] for m in heard if "event" in m] == list(range(50))
    assert list(heard[-1]) == ["exit"]


def test_what_is_raised_comes_back_in_words(zygote: Zygote) -> None:
    with pytest.raises(Failed, match=r"^no such thing$") as caught:
        ask(zygote, "complain")
    assert caught.value.kind == "KaizenError"
    assert 'raise KaizenError("no such thing")' in caught.value.traceback
    with pytest.raises(Failed, match=r"^ZeroDivisionError: division by zero$"):
        ask(zygote, "raise")


def test_a_child_that_dies_is_noticed_and_the_next_one_runs(zygote: Zygote) -> None:
    with pytest.raises(Lost, match="killed by signal 9"):
        ask(zygote, "die")
    with pytest.raises(Lost, match="exit code 3 before"):
        ask(zygote, "leave")
    assert ask(zygote, "nothing")[-1] == {"exit": 0}


def test_a_time_limit_ends_the_process(zygote: Zygote) -> None:
    begun = time.monotonic()
    with pytest.raises(TimedOut):
        ask(zygote, "sleep", limit_s=0.2)
    assert time.monotonic() - begun < 5


def test_one_is_ended_with_what_it_started_and_the_other_goes_on(zygote: Zygote) -> None:
    family, other = Background(zygote, "family", "grandchild"), Background(zygote, "sleep")
    zygote.end("family")
    assert "killed by signal 15" in family.lost()
    assert gone(family.heard["grandchild"])
    assert psutil.pid_exists(other.heard["pid"])
    zygote.end()
    assert "killed by signal 15" in other.lost()


def test_a_child_that_ignores_the_request_to_end_is_killed(zygote: Zygote) -> None:
    deaf = Background(zygote, "deaf", "deaf")
    zygote.end()
    assert "killed by signal 9" in deaf.lost()


def test_closing_leaves_nothing(zygote: Zygote) -> None:
    family = Background(zygote, "family", "grandchild")
    zygote.close()
    family.lost()
    assert gone(zygote.pid)
    assert gone(family.heard["pid"])
    assert gone(family.heard["grandchild"])


def test_children_do_not_outlive_a_zygote_that_is_killed(zygote: Zygote) -> None:
    child = Background(zygote, "sleep")
    os.kill(zygote.pid, signal.SIGKILL)
    assert "was lost" in child.lost()
    assert gone(child.heard["pid"])
    with pytest.raises(Lost, match="was lost"):
        ask(zygote, "nothing")


def test_many_run_side_by_side_and_draw_different_numbers(zygote: Zygote) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(zygote, "draw"), range(6)))
    drawn = {message["event"] for heard in answers for message in heard if "event" in message}
    assert len(drawn) == 6


def test_modules_are_imported_ahead_and_a_broken_one_stops_nothing(zygote: Zygote) -> None:
    assert "this" not in sys.modules
    zygote.prepare({"modules": ["no.such.module", "this"]})
    assert {"event": True} in ask(zygote, "zen")


def test_work_fails_with_the_reason_when_getting_ready_failed(zygote: Zygote) -> None:
    zygote.prepare({"modules": ["breaks"]})
    with pytest.raises(Failed, match=r"^the store is not there$"):
        ask(zygote, "nothing")
    zygote.prepare({"modules": []})
    assert ask(zygote, "nothing")[-1] == {"exit": 0}


def test_preload_takes_every_module_of_a_package(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "ahead_of_time"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "good.py").write_text("")
    (package / "broken.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(tmp_path)
    program.preload(["ahead_of_time", "no.such.module"])
    assert "ahead_of_time.good" in sys.modules
    assert "ahead_of_time.broken" not in sys.modules
