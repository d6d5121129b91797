from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logged import Worker, event

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.monitoring_settings import CountWindow, MonitoringRule, TimeWindow
from kaizen.core.settings import EventsRule
from kaizen.events import index, parquet, retention
from kaizen.events.compact import compact
from kaizen.events.schema import line
from kaizen.monitoring.windows.progress import Progress
from kaizen.monitoring.windows.window import Window
from kaizen.monitoring.windows.window_data import load_window
from kaizen.monitoring.windows.windowing import NotReady, check_version, next_window
from usecases.diabetes.features import features

LATER = 1e6
DAY = 86400.0
HOUR = MonitoringRule(window=TimeWindow(seconds=3600), grace_s=1)


def ask(
    folder: Path,
    judged: list[Window] | None = None,
    now: float = LATER,
    rule: MonitoringRule | None = None,
    version: str = "3",
    **words: Any,
) -> Window | NotReady:
    rule = rule or MonitoringRule(window=CountWindow(rows=10))
    # As another process would know them.
    known = [Window.model_validate_json(each.model_dump_json()) for each in judged or []]
    return next_window(folder, "diabetes", version, rule, 500, known, now, **words)


def walk(folder: Path, judged: list[Window] | None = None, **words: Any) -> list[Window]:
    """Every window that is due, one after the other."""
    judged = list(judged or [])
    while isinstance(found := ask(folder, judged, **words), Window):
        judged.append(found)
    return judged


def ids(folder: Path, window: Window) -> list[str]:
    """What is read of a window."""
    return [event["id"] for event in load_window(features, folder, window).events]


def seal_and_compact(folder: Path, *workers: Any) -> None:
    for worker in workers:
        worker.stop()
    compact(folder, features)


def test_a_window_is_the_next_rows_in_order_whoever_answered_them(folder, workers) -> None:
    first, second = workers
    even = first.answer(*range(0, 40, 2))
    odd = second.answer(*range(1, 40, 2))
    expected = [name for pair in zip(even, odd, strict=True) for name in pair]
    windows = walk(folder)
    assert [ids(folder, window) for window in windows] == [
        expected[at : at + 10] for at in range(0, 40, 10)
    ]
    assert [window.name for window in windows] == [f"3-00000{n}" for n in (1, 2, 3, 4)]
    assert (windows[1].since, windows[1].rows, windows[1].late) == (10.0, 10, 0)
    assert 19 < windows[1].until < 19.001


def test_a_window_is_closed_after_the_grace_and_says_what_it_waits_for(folder, workers) -> None:
    workers[0].answer(*range(9))
    waiting = ask(folder)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.of, waiting.at) == (9, 10, None)
    assert waiting.reason == "9 of the 10 rows of the next window are there"
    workers[1].answer(9)
    waiting = ask(folder, now=9.9)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.at) == (10, 10.0)
    assert isinstance(ask(folder, now=10.0), Window)


def test_versions_and_probes_are_kept_apart(folder, workers) -> None:
    first, second = workers
    mine = first.answer(*range(10))
    second.answer(*range(10), version="4")
    first.spool.write([line({"probe": True, **event(3.5)})])
    form_0 = {"probe": True, **{k: v for k, v in event(4.5).items() if k not in {"schema", "id"}}}
    second.spool.write([line(form_0)])  # type: ignore[arg-type]
    for _ in range(2):
        (window,) = walk(folder)
        assert ids(folder, window) == mine
        (other,) = walk(folder, version="4")
        assert (other.name, other.rows) == ("4-000001", 10)
        seal_and_compact(folder, *workers)


def test_late_events_join_the_next_window_first(folder, workers) -> None:
    first, second = workers
    first.answer(*range(25))
    judged = walk(folder)
    before = [ids(folder, window) for window in judged]
    late = second.answer(3.5, 12.5, 7.5)
    waiting = ask(folder, judged)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.late) == (8, 3)
    assert waiting.reason.endswith("; 3 of them came late")
    first.answer(25, 26)
    third = ask(folder, judged)
    assert isinstance(third, Window)
    assert (third.late, third.since, third.rows) == (3, 3.5, 10)
    assert set(late) <= set(ids(folder, third))
    judged.append(third)
    for _ in range(2):
        assert [ids(folder, window) for window in judged[:2]] == before
        assert set(late) <= set(ids(folder, third))
        assert walk(folder, judged) == judged
        seal_and_compact(folder, *workers)


def test_more_late_events_than_a_window_holds_take_their_turn(folder, workers) -> None:
    first, second = workers
    first.answer(*range(100, 110))
    judged = walk(folder)
    late = second.answer(*range(50, 20, -1))
    seal_and_compact(folder, second)
    late += second.answer(90, 91)
    fresh = first.answer(*range(110, 118))
    judged = walk(folder, judged)
    assert [window.late for window in judged] == [0, 10, 10, 10, 2]
    assert [name for window in judged[1:] for name in sorted(ids(folder, window))] == [
        *(sorted(late[:10])), *(sorted(late[10:20])), *(sorted(late[20:30])),
        *(sorted([*late[30:], *fresh])),
    ]  # fmt: skip


def test_a_clock_that_was_set_back_loses_nothing(folder, workers) -> None:
    first, _ = workers
    names = first.answer(*range(100, 106), *range(50, 60), *range(106, 112))
    judged = walk(folder, now=105)
    assert [sorted(ids(folder, window)) for window in judged] == [sorted(names[6:16])]
    judged = walk(folder, judged)
    more = first.answer(*range(112, 120))
    judged = walk(folder, judged)
    assert [ids(folder, window) for window in judged[1:]] == [
        [*names[:6], *names[16:20]], [*names[20:], *more],
    ]  # fmt: skip


def test_an_interval_is_a_window_and_empty_ones_are_none(folder, workers) -> None:
    first, second = workers
    names = first.answer(0.0, 10.0, 3599.9) + second.answer(3600.0)
    far = first.answer(1e9)
    windows = walk(folder, rule=HOUR, now=1e9 + 3600)
    assert [window.name for window in windows] == [
        "3-19700101T000000-3600s",
        "3-19700101T010000-3600s",
        "3-20010909T010000-3600s",
    ]
    assert [ids(folder, window) for window in windows] == [names[:3], names[3:], far]
    assert [(window.since, window.until) for window in windows[:2]] == [(0, 3600), (3600, 7200)]


def test_an_interval_waits_for_its_end_and_the_grace(folder, workers) -> None:
    waiting = ask(folder, rule=HOUR, now=7300)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.of, waiting.at) == (0, None, 10801)
    workers[0].answer(7200, 7300)
    waiting = ask(folder, rule=HOUR, now=10800.5)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.at) == (2, 10801)
    assert "which ends at 1970-01-01 03:00:00 UTC" in waiting.reason
    assert isinstance(ask(folder, rule=HOUR, now=10801), Window)


def test_late_events_of_an_interval_join_the_next_one_that_has_events(folder, workers) -> None:
    first, second = workers
    first.answer(*range(5))
    judged = walk(folder, rule=HOUR, now=3601)
    late = second.answer(2.5, 3000)
    waiting = ask(folder, judged, rule=HOUR, now=9000)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.late) == (2, 2)
    fresh = first.answer(50_000)
    judged = walk(folder, judged, rule=HOUR)
    assert [window.late for window in judged] == [0, 2]
    assert (judged[1].since, judged[1].until) == (2.5, 50_400)
    assert ids(folder, judged[1]) == [*late, *fresh]


def test_another_rule_goes_on_where_the_last_one_stopped(folder, workers) -> None:
    first, _ = workers
    names = first.answer(*range(0, 4000, 100))
    judged = walk(folder, now=901)
    half = MonitoringRule(window=TimeWindow(seconds=1800))
    judged = walk(folder, judged, rule=half, now=1801)
    judged = walk(folder, judged, rule=HOUR, now=3601)
    judged.append(ask(folder, judged, rule=MonitoringRule(), partial=True))
    assert [name for window in judged for name in ids(folder, window)] == names
    assert len({window.name for window in judged}) == len(judged) == 4
    assert [window.number for window in judged] == [1, 2, 3, 4]


@pytest.mark.parametrize("rule", [MonitoringRule(window=CountWindow(rows=10)), HOUR])
def test_a_part_of_a_window_is_judged_when_asked_for_and_again_with_the_rest(
    folder, workers, rule
) -> None:
    names = workers[0].answer(*range(7))
    part = ask(folder, rule=rule, now=100, partial=True)
    assert isinstance(part, Window)
    assert part.partial
    assert "-partial-" in part.name
    assert ids(folder, part) == names
    assert load_window(features, folder, part).note == "7 rows of a window that is not full yet"
    names += workers[0].answer(*range(7, 10))
    whole = ask(folder, [part], rule=rule)
    assert isinstance(whole, Window)
    assert not whole.partial
    assert ids(folder, whole) == names
    assert ids(folder, part) == names[:7]
    assert isinstance(ask(folder, [part, whole], rule=rule, partial=True), NotReady)


def test_retention_changes_no_window_that_was_judged(folder, workers) -> None:
    first, _ = workers
    first.answer(*range(10), *range(int(DAY), int(DAY) + 15))
    judged = walk(folder)
    assert len(judged) == 2
    seal_and_compact(folder, *workers)
    second = ids(folder, judged[1])
    retention.enforce(folder, EventsRule.model_construct(keep_days=1, max_bytes=None), 2.5 * DAY)
    assert walk(folder, judged) == judged
    assert ids(folder, judged[1]) == second
    with pytest.raises(KaizenError, match=r"only 0 of the 10 events of window 3-000001 of diabet"):
        ids(folder, judged[0])
    first.answer(*range(int(DAY) + 20, int(DAY) + 25))
    third = ask(folder, judged)
    assert isinstance(third, Window)
    assert (third.number, third.late) == (3, 0)


def test_a_line_that_was_copied_into_another_file_counts_once(folder, workers) -> None:
    names = workers[0].answer(*range(15))
    judged = walk(folder)
    (path,) = [path for path in folder.glob("*.open") if path.stat().st_size]
    shutil.copy(path, folder / "99999999999999999999-1.jsonl")
    late = workers[1].answer(2.5)
    for _ in range(2):
        waiting = ask(folder, judged)
        assert isinstance(waiting, NotReady)
        assert (waiting.rows, waiting.late) == (6, 1)
        seal_and_compact(folder, *workers)
    fresh = workers[0].answer(*range(15, 19))
    judged = walk(folder, judged)
    assert [ids(folder, window) for window in judged] == [
        names[:10], [*late, *names[10:], *fresh],
    ]  # fmt: skip


def test_files_from_before_places_were_kept_are_read(folder, workers) -> None:
    names = workers[0].answer(*range(25))
    seal_and_compact(folder, workers[0])
    for part in parquet.parts(folder):
        table = pq.read_table(part.path, partitioning=None)
        about = {**table.schema.metadata, b"kaizen.form": b"2"}
        pq.write_table(table.drop(["at"]).replace_schema_metadata(about), part.path)
    judged = walk(folder)
    assert [ids(folder, window) for window in judged] == [names[:10], names[10:20]]
    (late,) = workers[1].answer(5.5)
    workers[0].answer(*range(25, 29))
    third = ask(folder, judged)
    assert isinstance(third, Window)
    assert (third.late, late in ids(folder, third)) == (1, True)


def test_damaged_lines_are_counted_and_one_that_is_being_written_is_not(folder, workers) -> None:
    workers[0].answer(*range(9))
    broken = [b"{torn\n", line(event(3, time="noon")), line(event(3, time=1e300)), b"[]\n", b"\n"]
    workers[0].spool.write([*broken, line(event(9))[:-30]])
    waiting = ask(folder)
    assert isinstance(waiting, NotReady)
    assert (waiting.rows, waiting.damaged) == (9, 4)
    assert waiting.reason.endswith("4 lines in its spool files are not events")


def test_what_cannot_be_watched_is_refused_in_words(folder, workers) -> None:
    with pytest.raises(KaizenError, match="diabetes has no events"):
        check_version(folder, "diabetes", "3")
    workers[0].answer(1, version="12")
    seal_and_compact(folder, workers[0])
    workers[0].answer(1, version="14")
    check_version(folder, "diabetes", "12")
    check_version(folder, "diabetes", "14")
    with pytest.raises(UsageError, match=r"unknown version of .* events '13'.*'1[24]'"):
        check_version(folder, "diabetes", "13")
    waiting = ask(folder, version="13")
    assert isinstance(waiting, NotReady)
    assert waiting.reason == "version 13 of diabetes has no events yet; versions 12, 14 have"
    for size in (9, 2_000_000):
        with pytest.raises(UsageError, match=f"windows of {size} rows cannot be judged: expected"):
            next_window(folder, "diabetes", "12", MonitoringRule(), size, [], LATER)


def test_of_many_events_few_are_read(folder, workers, monkeypatch) -> None:
    monkeypatch.setattr(parquet, "_GROUP", 50)
    workers[0].answer(*range(1000))
    seal_and_compact(folder, workers[0])
    looked: list[index.Group] = []
    real = index.Group.heads
    monkeypatch.setattr(index.Group, "heads", lambda each: (looked.append(each), real(each))[1])
    judged: list[Window] = []
    for _ in range(15):
        judged.append(ask(folder, judged))
    assert len(looked) <= 3 * 15
    looked.clear()
    assert len(ids(folder, judged[-1])) == 10
    assert len(looked) <= 2
    workers[0].answer(1000)
    end = Progress.of(walk(folder, judged), "diabetes", "3")
    (path,) = [path for path in folder.glob("*.open") if path.stat().st_size]
    assert end.rests.get(index.stem(path), 0) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 1), st.lists(st.integers(0, 40), min_size=1, max_size=25)),
            st.sampled_from(["compact", "stop", "judge", "judge one", "now"]),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_every_event_is_judged_exactly_once(steps: list[Any], by_time: bool) -> None:
    """Whatever is written when, by whom, with which clock, and compacted or judged in between."""
    rule = MonitoringRule(window=TimeWindow(seconds=7) if by_time else CountWindow(rows=10))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workers = [Worker(folder), Worker(folder)]
        written: list[str] = []
        judged: list[Window] = []
        read: list[list[str]] = []
        for step in [*steps, "judge"]:
            match step:
                case (int() as worker, times):
                    written += workers[worker].answer(*times)
                case "compact":
                    compact(folder, features)
                case "stop":
                    workers[0].stop()
                case "now":
                    part = ask(folder, judged, 20, rule, partial=True)
                    assert isinstance(part, NotReady) or len(ids(folder, part)) == part.rows
                case _:
                    found = walk(folder, judged, rule=rule, now=1000)
                    judged += found[len(judged) :][: 1 if step == "judge one" else None]
                    read += [ids(folder, window) for window in judged[len(read) :]]
        rest = ask(folder, judged, 1000, rule, partial=True)
        last = ids(folder, rest) if isinstance(rest, Window) else []
        assert sorted([name for names in read for name in names] + last) == sorted(written)
        for worker in workers:
            worker.spool.close()
        compact(folder, features)
        assert [ids(folder, window) for window in judged] == read
        if not by_time:
            assert {window.rows for window in judged} <= {10}
