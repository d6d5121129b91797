import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from assessed import assessment, drift_result, performance, window

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.monitoring.windows.store import SCHEMA_VERSION, Store


def test_what_is_added_is_read_back_whole(other_home: Home) -> None:
    store = Store(other_home)
    alarmed = assessment(1, drift=drift_result(0.0002), alarms=("data",), reason="drift in ink")
    assert store.newest("digits") == []
    assert store.add(assessment(0))
    assert store.add(alarmed)
    assert store.newest("digits") == [assessment(0), alarmed]
    assert store.newest("digits", 1) == [alarmed]
    assert store.newest("churn") == []
    assert store.find("digits", "v1-0001") == alarmed
    assert store.usecases() == ["digits"]
    assert store.since("digits", 60.0) == [alarmed]


def test_the_same_again_changes_nothing_and_labels_replace(other_home: Home) -> None:
    store = Store(other_home)
    store.add(assessment(0))
    assert not store.add(assessment(0, at=99.0, alarms=("data",)))
    assert store.newest("digits") == [assessment(0)]
    labelled = assessment(0, performance=performance(0.9, rows=100, worse=True))
    assert store.add(labelled)
    assert store.newest("digits") == [labelled]
    assert store.windows("digits", "1") == [window(0)]


def test_versions_and_order(other_home: Home) -> None:
    store = Store(other_home)
    for number in (2, 0, 1):
        store.add(assessment(number))
    store.add(assessment(5, window=window(5, version="2")))
    assert [each.name for each in store.windows("digits", "1")] == [
        "v1-0000", "v1-0001", "v1-0002",
    ]  # fmt: skip
    assert [each.name for each in store.windows("digits", "2")] == ["v2-0005"]
    assert [each.window.name for each in store.newest("digits", 2, version="1")] == [
        "v1-0001", "v1-0002",
    ]  # fmt: skip


def test_an_unknown_window_is_named_with_the_nearest(other_home: Home) -> None:
    store = Store(other_home)
    store.add(assessment(7))
    with pytest.raises(UsageError, match=r"v1-007.*v1-0007"):
        store.find("digits", "v1-007")


def test_many_writers_at_once_lose_nothing(other_home: Home) -> None:
    def write(number: int) -> bool:
        return Store(other_home).add(assessment(number % 20))

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(write, range(40)))
    assert sum(added) == 20
    assert len(Store(other_home).newest("digits")) == 20


def test_a_damaged_or_newer_file_is_said(other_home: Home) -> None:
    store = Store(other_home)
    store.add(assessment(0))
    with closing(sqlite3.connect(store.path)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(KaizenError, match="newer kaizen"):
        store.newest("digits")
    store.path.write_bytes(b"nothing of the kind" * 1000)
    with pytest.raises(KaizenError, match="cannot open"):
        store.newest("digits")
