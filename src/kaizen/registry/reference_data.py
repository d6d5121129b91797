"""What a model version is compared with, read once per process: it never changes."""

from __future__ import annotations

from functools import lru_cache

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.registry import baselines, profiles, versions

KEPT = 8
"""Versions held in memory."""


@lru_cache(KEPT)
def profile(usecase: str, version: str) -> Profile:
    """The drift profile of a version.

    Raises:
        KaizenError: it has none.
    """
    content = profiles.of(usecase, version)
    if content is None:
        raise KaizenError(
            f"{usecase} v{version} has no drift profile, so nothing can be compared with it: "
            f"`kaizen run {usecase}` trains one that has"
        )
    return Profile.from_bytes(content, f"of {usecase} v{version}")


@lru_cache(KEPT)
def baseline(usecase: str, version: str) -> Baseline | None:
    """How right a version was when it was judged; None where that is not known."""
    content = baselines.of(usecase, version)
    return Baseline.from_bytes(content, f"of {usecase} v{version}") if content else None


@lru_cache(KEPT)
def fingerprint(usecase: str, version: str) -> str:
    """SHA-256 of the drift profile of a version."""
    return versions.get(usecase, version).tags[profiles.PROFILE.tag]
