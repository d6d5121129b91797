"""uvicorn's HTTP protocol, but an answer leaves in one piece.

uvicorn writes head and body apart, and since version 0.23 uvloop hands each to the kernel at once:
two calls and two packets for each answer, and whoever reads them is woken twice.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn.config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def install() -> None:
    """Have uvicorn use it in this process, wherever no other protocol is asked for."""
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{Gathering.__name__}"


class Gathering(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(_Gathered(transport, self.loop))


class _Gathered:
    """A transport whose writes of one turn of the loop leave together, at the turn's end."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            self._transport.write(b"".join(self._held))
            self._held.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
