import pytest
from assessed import assessment, performance

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.windows import relabel

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
    assert bool(relabel.again([judged], {judged.window.name: labels}, RULE, now)) == is_due
