"""The HTTP server that Prometheus scrapes, on the loopback interface."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kaizen.core import ports

DEFAULT_PORT = 9464
_log = logging.getLogger(__name__)


class Server:
    """Answers ``/metrics`` with what ``figures`` says, and ``/healthz``, until it is closed.

    Args:
        figures: the metrics in Prometheus' text format; called in another thread, for each
            request anew.
        port: where; None for ``KAIZEN_PORT_MONITOR``, or the next free one from 9464.

    Raises:
        KaizenError: the port is taken, or none is free.
    """

    def __init__(self, figures: Callable[[], bytes], port: int | None = None) -> None:
        where = ports.choose("monitor", DEFAULT_PORT) if port is None else port
        self._server = ThreadingHTTPServer((ports.HOST, where), _handler(figures))
        self._server.daemon_threads = True
        self.port = int(self._server.server_port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="monitor-metrics", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(figures: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    from prometheus_client import CONTENT_TYPE_LATEST

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "kaizen", ""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                try:
                    self._answer(200, figures(), CONTENT_TYPE_LATEST)
                except Exception as problem:
                    _log.warning("no metrics: %s", problem)
                    self._answer(500, b"the figures cannot be read\n")
            elif path == "/healthz":
                self._answer(200, b"ok\n")
            else:
                self._answer(404, b"known: /metrics, /healthz\n")

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    return Handler
