"""Threads parse side by side without the race that CPython had up to 3.11.7."""

from __future__ import annotations

import ast
import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kaizen.orchestration import ast_lock

SOURCE = "def f(x):\n" + "".join(f"    if x > {n}:\n        return [x, {n}]\n" for n in range(50))


@pytest.fixture(autouse=True)
def interrupted() -> Iterator[None]:
    """The collector runs in the middle of parsing and lets other threads in: then it happens."""
    threshold = gc.get_threshold()

    def let_others_in(*_: Any) -> None:
        time.sleep(0.0001)

    gc.callbacks.append(let_others_in)
    gc.set_threshold(200, 1000, 1000)
    yield
    gc.callbacks.remove(let_others_in)
    gc.set_threshold(*threshold)


def test_many_threads_parse_at_once() -> None:
    ast_lock.hold()
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(lambda _: ast.parse(SOURCE), range(40)))
    assert {ast.unparse(tree) for tree in trees} == {ast.unparse(ast.parse(SOURCE))}


def test_putting_it_in_place_twice_parses_once() -> None:
    ast_lock.hold()
    ast_lock.hold()
    assert isinstance(ast.parse("1 + 1", mode="eval"), ast.Expression)
