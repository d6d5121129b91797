"""A load generator: keep-alive HTTP/1.1 connections that post one body again and again.

It parses no more than it must, so that one core is enough for it beside the server measured.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a stretch of load gave: latencies in seconds, and the failed answers."""

    seconds: float
    latencies: list[float]
    failed: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Latency in milliseconds that ``share`` of the requests stayed below."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run(port: int, path: str, kind: str, body: bytes, connections: int, seconds: float) -> Load:
    """Post ``body`` to ``path`` over ``connections`` connections for ``seconds``."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return asyncio.run(_all(port, head.encode() + body, connections, seconds))


async def _all(port: int, request: bytes, connections: int, seconds: float) -> Load:
    end = time.perf_counter() + seconds
    begun = time.perf_counter()
    some = await asyncio.gather(*(_one(port, request, end) for _ in range(connections)))
    latencies = [each for one, _ in some for each in one]
    return Load(time.perf_counter() - begun, latencies, sum(failed for _, failed in some))


async def _one(port: int, request: bytes, end: float) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies: list[float] = []
    failed = 0
    while (begun := time.perf_counter()) < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status, _, headers = head.partition(b"\r\n")
        length = 0
        for line in headers.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - begun)
        failed += not status.startswith(b"HTTP/1.1 200")
    writer.close()
    return latencies, failed
