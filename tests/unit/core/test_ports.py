"""Ports: the user's fixed one, or the next that is free."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from kaizen.core import ports
from kaizen.core.errors import KaizenError, UsageError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_default_gives_the_next_free_one(taken: int) -> None:
    chosen = ports.choose("sample", taken)
    assert taken < chosen < taken + 200
    assert ports.is_free(chosen)


def test_a_taken_port_that_the_user_fixed_is_an_error(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIZEN_PORT_SAMPLE", str(taken))
    with pytest.raises(KaizenError, match=f"port {taken} is taken.*KAIZEN_PORT_SAMPLE"):
        ports.choose("sample", 9000)


@pytest.mark.parametrize("value", ["", "http", "0", "65536", "-1"])
def test_a_port_must_be_a_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIZEN_PORT_SAMPLE", value)
    with pytest.raises(UsageError, match="KAIZEN_PORT_SAMPLE"):
        ports.choose("sample", 9000)
