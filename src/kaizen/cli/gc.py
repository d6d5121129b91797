"""``kaizen gc``: what nobody refers to any more, listed or removed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home

if TYPE_CHECKING:
    from kaizen.cleanup.leftovers import Leftovers

DAYS = 7.0
DAY_S = 86_400
CLOCK_S = 0.1
"""A file's time of change lags behind the clock by some milliseconds."""
SHOWN = 5
"""How many of a kind are named."""

Find = Callable[[], "Leftovers"]


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
    found = (remove if delete else look)(home(), older_than)
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


def look(state: Home, days: float) -> list[Leftovers]:
    """What can go. Nothing is changed."""
    return [find() for find in _finders(state, days)]


def remove(state: Home, days: float) -> list[Leftovers]:
    """Remove what can go.

    Raises:
        KaizenError: something cannot be removed, or another gc is going on.
    """
    from kaizen.core import trash

    if not state.root.is_dir():
        return look(state, days)
    with trash.held(state), ExitStack() as stack:
        gone = [find() for find in _finders(state, days, stack)]
        trash.remove((path for kind in gone for path in kind.paths), state)
    return gone


def _finders(state: Home, days: float, stack: ExitStack | None = None) -> list[Find]:
    """One look for each kind; with ``stack`` what is served stays as it is until that ends."""
    from kaizen.cleanup import bentos, half_written, run_logs, zenml_artifacts
    from kaizen.cleanup.leftovers import leftovers
    from kaizen.core import active_work, trash

    now = time.time()
    since = active_work.since(state, now)
    before = min(now - days * DAY_S, now if since is None else since) - CLOCK_S
    at_work = since is not None or (stack is not None and not _alone(state, stack))
    return [
        lambda: leftovers("trash", "a removal that was interrupted left it", trash.leavings(state)),
        partial(_read, partial(zenml_artifacts.find, state, before), "the ZenML store"),
        partial(half_written.find, state, before),
        partial(_read, partial(bentos.find, state, before, at_work=at_work), "a database"),
        partial(run_logs.find, state, before),
    ]


def _alone(state: Home, stack: ExitStack) -> bool:
    """Keep deployments waiting until ``stack`` ends; False where one goes on."""
    from kaizen.core import locks

    try:
        stack.enter_context(locks.held(state.rollout / "lock"))
    except BlockingIOError:
        return False
    return True


def _read(find: Find, what: str) -> Leftovers:
    try:
        return find()
    except sqlite3.Error as error:
        raise KaizenError(
            f"{what} cannot be read, so nothing of it can be told to be unused: {error}; "
            "`kaizen doctor` says what to do"
        ) from error


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
