from kaizen.core.paths import Home
from kaizen.monitoring.windows import sequential


def test_a_stream_alarms_begins_anew_and_counts_a_window_once(other_home: Home) -> None:
    stream = sequential.of(other_home, "digits", "1", "abc", "windows")
    weak = [sequential.count(stream, f"w{at}", [0.5]) for at in range(5)]
    assert not any(found.alarmed for found in weak)
    assert weak[-1].seen == 5
    strong = [sequential.count(stream, f"x{at}", [0.001]) for at in range(2)]
    assert [found.alarmed for found in strong] == [False, True]
    assert strong[1].strength >= 1000
    assert sequential.count(stream, "x1", [0.001]) == strong[1], "the same window again is no news"
    after = sequential.count(stream, "y", [0.5])
    assert (after.alarmed, after.seen) == (False, 1)


def test_windows_and_rows_of_versions_are_apart(other_home: Home) -> None:
    paths = {
        sequential.of(other_home, usecase, version, "abc", kind).path
        for usecase in ("digits", "churn")
        for version in ("1", "2")
        for kind in ("windows", "rows")
    }
    assert len(paths) == 8
