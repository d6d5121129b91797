from datetime import UTC, date, datetime

import pytest

from kaizen.monitoring.reports.nightly import Night, chosen, due_night


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NIGHT = Night(date(2026, 1, 31), at("2026-01-30T02:00"), at("2026-01-31T02:00"))


@pytest.mark.parametrize(
    ("now", "hour", "last", "expected"),
    [
        ("2026-01-31T01:59:59", 2, None, None),
        ("2026-01-31T02:00", 2, None, NIGHT),
        ("2026-01-31T23:59", 2, date(2026, 1, 30), NIGHT),
        ("2026-01-31T23:59", 2, date(2026, 1, 31), None),
        # A week was missed: one report, and about the last night.
        ("2026-01-31T08:00", 2, date(2026, 1, 24), NIGHT),
        # Yesterday's was missed, and today's hour has not come: nothing is made up for.
        ("2026-01-31T01:00", 2, date(2026, 1, 29), None),
        # The clock went back a day.
        ("2026-01-31T08:00", 2, date(2026, 2, 1), None),
        ("2026-01-31T08:00", None, None, None),
    ],
)
def test_a_report_is_due_once_a_day_from_its_hour_on(now, hour, last, expected) -> None:
    assert due_night(at(now), hour, last) == expected


def test_a_report_made_late_is_the_one_that_was_missing() -> None:
    early, late = (due_night(at(f"2026-01-31T{hour}"), 2, None) for hour in ("02:00", "17:30"))
    assert early == late == NIGHT
    assert NIGHT.until - NIGHT.since == 86_400
    assert NIGHT.title("digits", "3") == "digits v3, the 24 hours before 2026-01-31 02:00 UTC"
    assert NIGHT.at == datetime(2026, 1, 31, 2, tzinfo=UTC)


def test_its_events_are_those_of_the_24_hours_and_not_too_many() -> None:
    moments = [NIGHT.since - 1, NIGHT.since, NIGHT.since + 5, NIGHT.until - 1, NIGHT.until]
    events = [
        {"time": moment, "request": f"{at:032x}", "row": 0} for at, moment in enumerate(moments)
    ]
    assert chosen(events, NIGHT) == events[1:4]
    many = [{"time": NIGHT.since + n, "request": f"{n:032x}", "row": 0} for n in range(2000)]
    drawn = chosen(iter(many), NIGHT, most=200)
    assert len(drawn) == 200
    assert drawn == sorted(drawn, key=lambda event: event["time"])
    # Drawn from all of the day, and the same however they are read.
    assert drawn == chosen(reversed(many), NIGHT, most=200)
    middle = sum(event["time"] < NIGHT.since + 1000 for event in drawn)
    assert 70 < middle < 130
