"""Whether what is served is still good: drift, performance, windows, reports, alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaizen.monitoring.drift.profile import Profile
    from kaizen.monitoring.drift.result import DriftResult

__all__ = ["DriftResult", "Profile"]


def __getattr__(name: str) -> Any:
    """Profile needs pandas and scipy: loaded when it is asked for."""
    if name == "Profile":
        from kaizen.monitoring.drift.profile import Profile

        return Profile
    if name == "DriftResult":
        from kaizen.monitoring.drift.result import DriftResult

        return DriftResult
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
