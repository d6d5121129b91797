"""The two streams of a model version: its windows, and their rows one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kaizen.core.paths import Home
from kaizen.monitoring.drift.sequential import ALARM, ROW_ALARM, State, Stream
from kaizen.monitoring.windows.assessment import Evidence

Kind = Literal["windows", "rows"]


def of(home: Home, usecase: str, version: str, profile: str, kind: Kind) -> Stream:
    """The stream of a version that is compared with the profile of digest ``profile``."""
    path = home.monitoring / "streams" / usecase / f"v{version}-{kind}.json"
    return Stream(path, profile, ALARM if kind == "windows" else ROW_ALARM)


def count(stream: Stream, key: str, p: Sequence[float]) -> Evidence:
    """Count ``p`` under the name ``key``, once; a stream that has alarmed begins anew first.

    What drifts on then alarms again and again, and what is over does not alarm for ever.
    """
    before = stream.state()
    if before.alarmed and key not in before.keys:
        stream.reset()
    return evidence(stream.add(key, p))


def evidence(state: State) -> Evidence:
    """``state`` as an assessment holds it."""
    return Evidence(
        strength=state.strength,
        alarmed=state.alarmed,
        alarmed_at=state.alarmed_at,
        seen=state.seen,
    )
