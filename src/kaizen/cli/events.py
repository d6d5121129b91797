"""``kaizen events``: the predictions that were answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.paths import home

if TYPE_CHECKING:
    from kaizen.events.label import Label


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(events)


def events(
    usecase: options.Usecase,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many, the newest.")] = 20,
    version: Annotated[
        str | None, typer.Option("--version", help="Only those of one model version.")
    ] = None,
    labelled: Annotated[
        bool, typer.Option("--labelled", help="Only those of which the truth is known.")
    ] = False,
    json: options.Json = False,
) -> None:
    """The newest predictions with model version, answer, latency, and label where one came.

    Example: `kaizen events digits -n 5`
    """
    from kaizen.core import catalog
    from kaizen.events.joined import joined
    from kaizen.events.read import count
    from kaizen.rollout import status

    features = catalog.features(usecase)
    folder = home().events / usecase
    total, lost = count(folder), status.lost(home(), usecase)
    newest = list(joined(features, folder, limit=limit, version=version, labelled_only=labelled))
    if json:
        shown = [{**event, "label": label and _as_json(label)} for event, label in newest]
        as_json({"usecase": usecase, "count": total, "lost": lost, "events": shown})
        return
    if lost:
        line(f"{lost:,} events are lost, they could not be written: `kaizen doctor` may say why")
    if not newest:
        line(f"no predictions of {usecase}{_among(total, version, labelled)}")
        return
    columns(
        [("time (UTC)", "id", "version", "latency", "answer", "label")]
        + [
            (
                datetime.fromtimestamp(event["time"], UTC).isoformat(" ", "milliseconds"),
                str(event["id"]),
                f"v{event['version']}",
                f"{event['latency_ms']:.1f} ms",
                ", ".join(f"{key} {value}" for key, value in event["response"].items()),
                str(label.value) if label else "",
            )
            for event, label in newest
        ]
    )
    line(f"{len(newest)} of {total:,}")


def _as_json(label: Label) -> dict[str, Any]:
    return {name: found for name, found in label._asdict().items() if name != "event"}


def _among(total: int, version: str | None, labelled: bool) -> str:
    """What was looked for in vain."""
    if not total or not (version or labelled):
        return " yet"
    by = f" by v{version}" if version else ""
    return f"{by}{' with a label' if labelled else ''}, {total:,} others"
