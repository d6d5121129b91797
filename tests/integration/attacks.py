"""What the attacks of the tests have in common: a target, and HTTP by hand where it must be bad."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

PROBLEM = "application/problem+json"
JSON = {"content-type": "application/json"}


@dataclass
class Target:
    """One served use case behind its router."""

    url: str

    @property
    def root(self) -> str:
        return self.url.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def address(self) -> tuple[str, int]:
        found = httpx.URL(self.url)
        return found.host, found.port or 80

    def post(self, content: bytes, path: str = "predict", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(f"{self.url}/{path}", content=content, headers={**JSON, **named})

    def raw(self, *parts: bytes, timeout_s: float = 30.0) -> bytes:
        """What comes back when ``parts`` are sent; "" where the connection is just closed."""
        with socket.create_connection(self.address, timeout_s) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it was refused while it was sent; the answer may be there all the same
            return received(connection)

    def head(self, *lines: str, method: str = "POST", path: str = "/predict") -> bytes:
        """The head of a request by hand."""
        first = f"{method} /{self.name}{path} HTTP/1.1"
        return ("\r\n".join([first, "host: x", "connection: close", *lines]) + "\r\n\r\n").encode()

    def series(self) -> set[str]:
        """Names and labels of every metric."""
        text = httpx.get(f"{self.url}/metrics").text
        return {line.rpartition(" ")[0] for line in text.splitlines() if line[:1] != "#"}


def received(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def chunks(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """A body in the chunked coding, without its end."""
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


def turned_away(answer: httpx.Response) -> str:
    """Its detail; fails where it is no problem document of a 4xx."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == PROBLEM, answer.text[:300]
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    return str(problem["detail"])
