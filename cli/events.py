"""``kaizen events``: the predictions that were answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli import options
from cli.output import as_json, columns, line
from kaizen.paths import home


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(events)


def events(
    usecase: options.Usecase,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many, the newest.")] = 20,
    version: Annotated[
        str | None, typer.Option("--version", help="Only those of one model version.")
    ] = None,
    json: options.Json = False,
) -> None:
    """The newest predictions with model version, answer and latency.

    Example: `kaizen events digits -n 5`
    """
    from events import read
    from kaizen.catalog import check
    from rollout import found

    folder = home().events / check(usecase)
    total = read.count(folder)
    newest = list(read.read(folder, limit=limit, version=version))
    lost = found.lost(home(), usecase)
    if json:
        as_json({"usecase": usecase, "count": total, "lost": lost, "events": newest})
        return
    if lost:
        line(f"{lost:,} events are lost, they could not be written: `kaizen doctor` may say why")
    if not newest:
        other = f" by v{version}, {total:,} by other versions" if version and total else " yet"
        line(f"no predictions of {usecase}{other}")
        return
    columns(
        [("time (UTC)", "id", "version", "latency", "answer")]
        + [
            (
                datetime.fromtimestamp(event["time"], UTC).isoformat(" ", "milliseconds"),
                str(event["id"]),
                f"v{event['version']}",
                f"{event['latency_ms']:.1f} ms",
                ", ".join(f"{key} {value}" for key, value in event["response"].items()),
            )
            for event in newest
        ]
    )
    line(f"{len(newest)} of {total:,}")
