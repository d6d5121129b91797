"""``kaizen gallery``: the newest inputs and the odd ones, to be looked at."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import home

if TYPE_CHECKING:
    from kaizen.monitoring.reports.flags import RulesOf

LOOK = 1_000
"""Newest predictions that are held to the rules, if not more are shown."""


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(gallery)


def gallery(
    usecase: options.Usecase,
    last: Annotated[
        int | None,
        typer.Option(
            "--last", "-n", min=0, max=LOOK * 10,
            help="Show the newest so many beside the flagged ones; default: monitoring.gallery.",
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Only those of one model version.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the page here too, and its JSON twin beside it."),
    ] = None,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Draw the newest inputs, and those among the newest 1,000 that a rule has flagged.

    The page needs neither script nor network; gallery.json beside it says the same to programs.

    Example: `kaizen gallery digits --last 64 --out digits.html`
    """
    from kaizen.core import atomic, catalog
    from kaizen.core.config import load
    from kaizen.events.joined import joined
    from kaizen.monitoring.reports import gallery as gathering
    from kaizen.monitoring.reports import gallery_page

    features = catalog.features(usecase)
    if out is not None and out.suffix == ".json":
        raise UsageError(f"--out {out}: expected the name of a page, for example {usecase}.html")
    newest = load(usecase).monitoring.gallery if last is None else last
    folder = home().events / usecase
    rows = list(joined(features, folder, limit=max(LOOK, newest), version=version))
    if not rows:
        by = f" by v{version}" if version else ""
        raise KaizenError(f"no predictions of {usecase}{by} to show: `kaizen events {usecase}`")
    found = gathering.gather(features, rows, rules(usecase), newest=newest, at=time.time())
    page = gallery_page.html(features, found)
    path = gathering.keep(home().monitoring, found, page)
    if out is not None:
        atomic.write_text(out, page)
        atomic.write_bytes(out.with_suffix(".json"), gathering.twin(found))
        path = out
    counts: dict[str, int] = {}
    for flag in (flag for entry in found.flagged for flag in entry.flags):
        counts[flag.rule] = counts.get(flag.rule, 0) + 1
    if json:
        as_json(
            {
                "usecase": usecase,
                "looked": found.looked,
                "newest": found.newest,
                "flagged": len(found.flagged),
                "rules": counts,
                "page": str(path),
                "json": str(path.with_suffix(".json")),
            }
        )
        return
    said = ", ".join(f"{count:,} {rule}" for rule, count in counts.items())
    line(f"{len(found.flagged):,} of {found.looked:,} flagged{f': {said}' if said else ''}")
    line(f"page: {path}")


def rules(usecase: str) -> RulesOf:
    """The rules of a version, by the profile that is kept beside its model."""
    from kaizen.monitoring.drift.profile import Profile
    from kaizen.monitoring.reports.flags import Rules
    from kaizen.registry import profiles

    @cache
    def of(version: str) -> Rules | None:
        try:
            content = profiles.of(usecase, version)
        except UsageError:  # the version is gone, its predictions are not
            return None
        if content is None:
            return None
        return Rules(Profile.from_bytes(content, f"of {usecase} v{version}"))

    return of
