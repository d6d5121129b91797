"""Windows that were judged, and somebody who is told: a webhook on the loopback interface."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Literal

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.drift.result import Calibration, Column, DriftResult, Finding
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows.assessment import Alarm, Assessment, Evidence
from kaizen.monitoring.windows.window import Window

START = 1_800_000_000.0
"""A Friday in 2027, 08:00 UTC."""


def judged(
    number: int,
    *alarms: Alarm,
    p: float | None = 0.5,
    usecase: str = "diabetes",
    version: str = "3",
    value: float | None = None,
    at: float | None = None,
) -> Assessment:
    """What was found of window ``number``; with a ``value``, its performance was measured."""
    at = START + 60 * number if at is None else at
    drifted = "data" in alarms
    columns = (
        Column(name="bmi", statistic="ks", p=p or 1.0, effect=0.3 if drifted else 0.02,
               drifted=drifted),
        Column(name="s5", statistic="ks", p=1.0, effect=0.01, drifted=False),
    )  # fmt: skip
    findings = (Finding(column="age", kind="missing_values", detail="age: 40 % are missing",
                        serious=False),) if "quality" in alarms else ()  # fmt: skip
    state: Literal["measured", "unknown"] = "unknown" if value is None else "measured"
    return Assessment(
        window=Window(
            usecase=usecase, version=version, name=f"w{number}", since=at - 60, until=at,
            rows=100, late=1, digest="0" * 64,
        ),
        at=at,
        drift=DriftResult(
            drifted=drifted, p_value=p, effect=2.0 if drifted else 0.4, columns=columns, tests=(),
            quality=findings, reference_rows=1000, window_rows=100,
            calibration=Calibration(draws=4999, window=100, level=0.006, note=""),
        ),
        performance=Performance(
            state=state, metric="mse", direction="lower", value=value, rows=100, reason="labels"
        ),
        estimate=Performance(
            state="unknown", metric="mse", direction="lower", reason="regression"
        ),
        evidence=Evidence(strength=3.0, alarmed=False, seen=number),
        alarms=alarms,
        reason="drift in bmi" if drifted else "as known",
        profile="0" * 64,
        monitoring=MonitoringRule(),
        code="0.1.0",
    )  # fmt: skip


class Webhook:
    """Takes what is posted, or refuses it; counts both."""

    def __init__(self) -> None:
        self.status = 200
        self.refused = 0
        self.got: Queue[dict[str, Any]] = Queue()
        self.times: list[float] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if outer.status < 300:
                    outer.times.append(time.monotonic())
                    outer.got.put(json.loads(body))
                else:
                    outer.refused += 1
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        """For apprise; with a secret in it."""
        return f"json://127.0.0.1:{self.port}/s3cret-path"

    def all(self) -> list[dict[str, Any]]:
        """What has come since the last time."""
        return [self.got.get_nowait() for _ in range(self.got.qsize())]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
