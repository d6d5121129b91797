"""``kaizen gc``: what nobody refers to any more, listed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.paths import Home, home

if TYPE_CHECKING:
    from kaizen.cleanup.collector import Leftovers

DAYS = 7.0
SHOWN = 5
"""How many of a kind are named."""


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(gc)


def gc(
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove what is listed; without it, nothing changes.")
    ] = False,
    older_than: Annotated[
        float,
        typer.Option("--older-than", metavar="DAYS", min=0, help="Keep what is younger."),
    ] = DAYS,
    json: options.Json = False,
) -> None:
    """List what nobody refers to any more: artifacts, Bentos, old run logs, interrupted writes.

    Models, data sets and events are never touched, nor anything that a run going on has made.

    Example: `kaizen gc --delete --older-than 30`
    """
    from kaizen.cleanup import collect

    found = (collect.remove if delete else collect.look)(home(), older_than)
    total = sum(kind.bytes for kind in found)
    if json:
        kinds = [
            {"kind": each.kind, "count": len(each.paths), "bytes": each.bytes, "why": each.why}
            for each in found
        ]
        as_json({"deleted": delete, "kinds": kinds, "bytes": total})
        return
    for each in found:
        _tell(each, home())
    count = sum(len(each.paths) for each in found)
    if not count:
        line(f"nothing to remove that is older than {older_than:g} days")
    elif delete:
        line(f"removed {count:,}, {in_bytes(total)}")
    else:
        age = "" if older_than == DAYS else f" --older-than {older_than:g}"
        line(f"{count:,} to remove, {in_bytes(total)}: `kaizen gc --delete{age}` removes them")


def _tell(kind: Leftovers, state: Home) -> None:
    if not kind.paths:
        if kind.why.startswith("left alone"):
            line(f"{kind.kind}: {kind.why}")
        return
    line(f"{kind.kind}: {len(kind.paths):,}, {in_bytes(kind.bytes)}; {kind.why}")
    for path in kind.paths[:SHOWN]:
        line(f"  {path.relative_to(state.root)}")
    if len(kind.paths) > SHOWN:
        line(f"  and {len(kind.paths) - SHOWN:,} more")


def in_bytes(count: int) -> str:
    """A size for people: 312 bytes, 4.0 kB, 1,234.5 MB."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:,.1f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"
