"""Answers leave in one piece: a real uvicorn, whose writes to its transport are counted."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kaizen.server import protocol


async def whole(_: Request) -> Response:
    return Response(b"hello")


async def pieces(_: Request) -> Response:
    async def parts() -> Any:
        for part in (b"one", b"two"):
            yield part
            await asyncio.sleep(0.01)

    return StreamingResponse(parts())


def writes(monkeypatch: pytest.MonkeyPatch, path: str) -> list[bytes]:
    """What a uvicorn with ``auto`` settings hands to the kernel for one request."""
    monkeypatch.setattr(uvicorn.config, "HTTP_PROTOCOLS", dict(uvicorn.config.HTTP_PROTOCOLS))
    protocol.install()
    seen: list[bytes] = []
    made = protocol.Gathering.connection_made

    class Spied:
        def __init__(self, transport: asyncio.Transport) -> None:
            self._transport = transport

        def write(self, data: bytes) -> None:
            seen.append(data)
            self._transport.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._transport, name)

    def connection_made(self: Any, transport: Any) -> None:
        made(self, Spied(transport))  # type: ignore[arg-type]

    monkeypatch.setattr(protocol.Gathering, "connection_made", connection_made)
    app = Starlette(routes=[Route("/whole", whole), Route("/pieces", pieces)])

    async def ask() -> bytes:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.001)
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            server.should_exit = True
            await serving
            return answer

    assert asyncio.run(ask()) == b"".join(seen)
    return seen


def test_head_and_body_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = writes(monkeypatch, "/whole")
    assert only.startswith(b"HTTP/1.1 200 OK\r\n")
    assert only.endswith(b"\r\n\r\nhello")


def test_a_part_does_not_wait_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = writes(monkeypatch, "/pieces")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"one" in first
    assert b"two" not in first
    assert b"two" in second
