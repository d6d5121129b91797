"""``kaizen traffic``, ``promote``, ``rollback``: which release answers how many requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.errors import unknown
from kaizen.core.paths import home

Force = Annotated[
    bool, typer.Option("--force", help="Also what the gate has refused; the history says so.")
]
Weights = Annotated[
    list[str] | None,
    typer.Argument(metavar="[VERSION=WEIGHT]...", help="Percent, 100 together: 3=90 4=10."),
]
Version = Annotated[str, typer.Argument(help="A version or alias of `kaizen status`.")]


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (traffic, promote, rollback):
        app.command()(command)


def traffic(
    usecase: options.Usecase,
    weights: Weights = None,
    force: Force = False,
    json: options.Json = False,
) -> None:
    """Show how the requests are split between versions, or split them otherwise.

    What must run is started and asked its golden set first. The champion's name follows only to a
    version with 100. A request pins a version with the header X-Model-Version.

    Example: `kaizen traffic digits 3=90 4=10`
    """
    from kaizen.rollout.traffic import parse

    if weights:
        from kaizen.core import catalog
        from kaizen.registry import versions

        catalog.check(usecase)
        shares = parse(weights)
        named = {versions.get(usecase, name).version: share for name, share in shares.items()}
        _shift(usecase, named, "traffic", force=force, json=json)
    else:
        _show(usecase, _split(usecase), json=json)


def promote(
    usecase: options.Usecase, version: Version, force: Force = False, json: options.Json = False
) -> None:
    """Give a version all requests and the champion's name.

    The one before is kept warm for `rollout.keep_warm_s`, so that `kaizen rollback` is immediate.

    Example: `kaizen promote digits 4`
    """
    from kaizen.core import catalog
    from kaizen.registry import versions

    catalog.check(usecase)
    chosen = versions.get(usecase, version).version
    _shift(usecase, {chosen: 100}, "promote", force=force, json=json)


def rollback(usecase: options.Usecase, json: options.Json = False) -> None:
    """Serve the release before the current one again, or end the canary in progress.

    Example: `kaizen rollback digits`
    """
    from kaizen.registry import versions
    from kaizen.rollout import traffic_changes
    from kaizen.rollout.state import State

    with State(home()) as state:
        row = state.desired().get(usecase)
    was = (row.canary.version if row.canary else row.main.release.version) if row else ""
    on_promoted = partial(versions.promote, who="user", why=f"rollback from v{was}")
    live = traffic_changes.rollback(usecase, home(), on_promoted, _report(json=json))
    if json:
        as_json({"was": was, **live.model_dump()})
    else:
        line(f"{usecase} v{was} was served; v{live.version} is, at {live.url}")


def _shift(usecase: str, weights: dict[str, int], what: str, *, force: bool, json: bool) -> None:
    from kaizen.core.config import load
    from kaizen.registry import versions
    from kaizen.rollout import packaged_version, traffic_changes
    from kaizen.server.command import processes

    config = load(usecase)
    forced = packaged_version.past_the_gate(usecase, weights, home(), force=force)
    before = _split(usecase, known=False)
    words = " ".join(f"{version}={weight}" for version, weight in weights.items())
    why = f"{words}; {forced}" if forced else words
    after = traffic_changes.shift(
        usecase,
        weights,
        home(),
        lambda version: packaged_version.packaged(
            usecase, version, config.serving, config.events, home()
        ),
        partial(versions.promote, who="user", why=f"{what} {why}", forced=bool(forced)),
        _report(json=json),
        what=what,
        why=why,
        workers=processes(config.serving.workers),
        keep_warm_s=config.rollout.keep_warm_s,
    )
    if json:
        as_json({"usecase": usecase, "was": before, "weights": after, "forced": bool(forced)})
        return
    _show(usecase, after, json=False)


def _split(usecase: str, *, known: bool = True) -> dict[str, int]:
    """Percent by version; of nothing, unless it must be ``known``."""
    from kaizen.rollout import traffic_changes
    from kaizen.rollout.state import State

    with State(home()) as state:
        rows = state.desired()
    if usecase in rows:
        return traffic_changes.split(rows[usecase])
    if known:
        raise unknown("deployment", usecase, rows)
    return {}


def _show(usecase: str, split: dict[str, int], *, json: bool) -> None:
    if json:
        as_json({"usecase": usecase, "weights": split})
    else:
        columns([(usecase, f"v{version}", f"{weight} %") for version, weight in split.items()])


def _report(*, json: bool) -> Callable[[str], None]:
    return (lambda _: None) if json else line
