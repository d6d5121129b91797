from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from kaizen.orchestration.abandoned import Abandoned, Gate, guarded


def test_only_what_is_behind_a_shut_gate_is_kept_out() -> None:
    written: list[str] = []
    write = guarded(written.append)
    mine, other = Gate(), Gate()
    with mine.before():
        write("in time")
        mine.shut()
        with pytest.raises(Abandoned, match="nobody waits"):
            write("too late")
        with other.before():
            write("another step")
        with pytest.raises(Abandoned):
            write("too late")
    write("no step at all")
    assert written == ["in time", "another step", "no step at all"]


def test_a_write_that_is_passing_ends_before_the_gate_is_shut() -> None:
    order: list[str] = []
    inside, go = threading.Event(), threading.Event()
    gate = Gate()

    @guarded
    def write() -> None:
        inside.set()
        go.wait(10)
        order.append("written")

    with gate.before():
        writer = threading.Thread(target=copy_context().run, args=(write,))
    writer.start()
    assert inside.wait(10)
    shutter = threading.Thread(target=lambda: (gate.shut(), order.append("shut")))
    shutter.start()
    shutter.join(0.05)
    assert shutter.is_alive()
    go.set()
    writer.join(10)
    shutter.join(10)
    assert order == ["written", "shut"]


def test_a_write_may_write() -> None:
    write = guarded(guarded(lambda: "done"))
    with Gate().before():
        assert write() == "done"
