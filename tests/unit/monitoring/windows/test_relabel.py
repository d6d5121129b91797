import time
from pathlib import Path

import pytest
from assessed import assessment, performance

from kaizen.core.monitoring_settings import CountWindow, MonitoringRule
from kaizen.events import labels
from kaizen.events.compact import compact
from kaizen.events.label import Label
from kaizen.monitoring.windows import relabel
from kaizen.monitoring.windows.window import Window
from kaizen.monitoring.windows.windowing import next_window

RULE = MonitoringRule(min_labels=50, labels_after_s=1000)


@pytest.mark.parametrize(
    ("before", "labels", "now", "is_due"),
    [
        (0, 0, 100, False),
        (0, 49, 100, False),
        (0, 50, 100, True),
        (100, 124, 100, False),
        (100, 125, 100, True),
        (480, 500, 100, True),  # all are labelled now
        (500, 500, 100, False),
        (0, 500, 1061, False),  # too late
    ],
)
def test_a_window_is_judged_again_when_labels_have_come(
    before: int, labels: int, now: float, is_due: bool
) -> None:
    known = performance(0.9, rows=before) if before else performance()
    judged = assessment(0, performance=known)
    found = relabel.windows_to_reassess([judged], {judged.window.name: labels}, RULE, now)
    assert bool(found) == is_due


def windows(folder: Path) -> list[Window]:
    rule, judged = MonitoringRule(window=CountWindow(rows=10)), list[Window]()
    while isinstance(
        found := next_window(folder, "diabetes", "3", rule, 10, judged, time.time() + 10), Window
    ):
        judged.append(found)
    return judged


def test_labels_are_counted_by_the_events_of_each_window(folder, workers) -> None:
    now = time.time()
    names = workers[0].answer(*(now + 1 + at / 1000 for at in range(20)))
    first, second = windows(folder)
    known = set(names[:3] + names[10:19]) | {"0" * 12 + "of another version-0"}
    assert relabel.exact_counts(known, folder, [first, second]) == {first.name: 3, second.name: 9}
    at_most = relabel.upper_bound(names, [first, second])
    assert at_most[first.name] == 10
    assert all(at_most[each.name] >= 9 for each in (first, second))
    assert relabel.upper_bound([], [first]) == {first.name: 0}


def test_a_window_that_retention_has_cut_is_left_out_and_stops_no_other(folder, workers) -> None:
    now = time.time()
    names = workers[0].answer(*(now + 1 + at / 1000 for at in range(10)))
    workers[0].stop()
    (first,) = windows(folder)
    names += workers[1].answer(*(now + 2 + at / 1000 for at in range(10)))
    second = windows(folder)[1]
    compact(folder)
    for part in folder.rglob("*.parquet"):
        part.unlink()
    assert relabel.exact_counts(names, folder, [first, second]) == {second.name: 10}


def test_the_stamp_changes_with_every_label(folder) -> None:
    assert labels.stamp(folder) == (0, 0)
    seen = {labels.stamp(folder)}
    for number in range(3):
        labels.append(folder, [Label(f"e{number}-0", number, 1.0, "import")])
        seen.add(labels.stamp(folder))
    assert len(seen) == 4
