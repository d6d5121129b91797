"""A day's events beside the reference, drawn and kept."""

from __future__ import annotations

from kaizen.core.paths import Home
from kaizen.core.usecase import Features
from kaizen.events.read import read
from kaizen.monitoring import observation
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports import nightly, workspace
from kaizen.monitoring.reports.nightly import Night
from kaizen.monitoring.reports.reference_table import reference_table
from kaizen.monitoring.windows.decoded import decoded


def draw(home: Home, features: Features, profile: Profile, version: str, night: Night) -> str:
    """The page's path under ``Home.monitoring``; empty where the day has too few events to draw."""
    usecase = features.name
    events = nightly.chosen(read(home.events / usecase, since=night.since, version=version), night)
    table = decoded(features, {str(event["id"]): dict(event) for event in events}).table
    if table is None:
        return ""
    kept = workspace.add(
        home.monitoring,
        usecase,
        night.title(usecase, version),
        reference_table(profile),
        observation.drawable(table),
        at=night.at,
        tags=[f"v{version}", "nightly"],
        verdict=profile.check(table),
    )
    return str(kept.path.relative_to(home.monitoring))
