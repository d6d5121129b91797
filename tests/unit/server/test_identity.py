from __future__ import annotations

import pytest

from kaizen.server.identity import identify

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_without_anything_sent_an_id_is_made() -> None:
    one, two = identify([]), identify([])
    assert one.own == one.shown != two.own
    assert one.trace is None
    assert one.headers() == [(b"x-request-id", one.own.encode())]


def test_what_is_well_formed_is_taken_over() -> None:
    who = identify([(b"x-request-id", b"job-7.a_B"), (b"traceparent", TRACE.encode())])
    assert (who.shown, who.traceparent, who.trace) == ("job-7.a_B", TRACE, TRACE)
    assert who.own != who.shown, "events stay unique whatever a client repeats"
    assert (b"traceparent", TRACE.encode()) in who.headers()
    assert identify([(b"x-request-id", b"job-7")]).trace == "job-7"


@pytest.mark.parametrize("sent", [
    b"", b"a" * 65, b"a b", b"a\nb", b"a\r\nset-cookie: x", b'a"', b"\xff", b"-a", b"a/b",
])  # fmt: skip
def test_an_id_that_is_none_is_replaced(sent: bytes) -> None:
    who = identify([(b"x-request-id", sent)])
    assert who.shown == who.own


@pytest.mark.parametrize("sent", [
    TRACE[:-1], TRACE + "0", TRACE.upper(), "ff" + TRACE[2:], "00-abc-01", "",
    f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
])  # fmt: skip
def test_a_trace_that_is_none_is_passed_over(sent: str) -> None:
    assert identify([(b"traceparent", sent.encode())]).traceparent is None
