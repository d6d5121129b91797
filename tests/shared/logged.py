"""Events of patients, written by real spools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kaizen.events.schema import SCHEMA, Event, event_id, line, new_id, pack
from kaizen.events.spool import Spool
from usecases.diabetes.features import COLUMNS


def event(at: float, version: str = "3", **over: Any) -> Event:
    """One answered patient; its age says when."""
    request = new_id()
    values = dict.fromkeys(COLUMNS, 0.5) | {"age": at}
    found: Event = {
        "schema": SCHEMA,
        "id": event_id(request, 0),
        "time": float(at),
        "usecase": "diabetes",
        "version": version,
        "request": request,
        "row": 0,
        "trace": None,
        "latency_ms": 1.0,
        "inputs": {"values": values},
        "outputs": {"prediction": pack(np.array([[100.0 + at]]))[0]},
        "response": {"progression": 100.0 + at},
        "confidence": None,
    }
    return {**found, **over}  # type: ignore[typeddict-item]


class Worker:
    """A worker process, as far as the log knows: it has a spool file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = Spool(folder)

    def answer(self, *times: float, version: str = "3", **over: Any) -> list[str]:
        """One request of one row for each time; the ids of the events."""
        events = [event(at, version, **over) for at in times]
        for each in events:
            assert self.spool.write([line(each)])
        return [each["id"] for each in events]

    def stop(self) -> None:
        """Its file is sealed; the next answer begins another one."""
        self.spool.close()
        self.spool = Spool(self.folder)
