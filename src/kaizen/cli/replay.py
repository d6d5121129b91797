"""``kaizen replay``: recent requests asked again of another version."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer

from kaizen.cli import comparison_view, options
from kaizen.cli.output import as_json, line
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import home

LAST = 200
"""How many of the newest are asked again where nothing else is said."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(replay)


def replay(
    usecase: options.Usecase,
    against: Annotated[
        str, typer.Option("--against", metavar="VERSION", help="A version or alias to ask.")
    ],
    last: Annotated[
        int | None,
        typer.Option("--last", "-n", min=1, help="The newest so many.", show_default=str(LAST)),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="AGE", help="Those since: 30m, 1h, 7d.")
    ] = None,
    limit: comparison_view.Limit = 0.0,
    tolerance: comparison_view.Tolerance = None,
    ignore: comparison_view.Ignore = None,
    json: options.Json = False,
) -> None:
    """Ask recent requests again of another version and list the answers that are others.

    A version that is served is asked at its own server, any other in a process of its own.
    Nothing a client sees is touched. Exit code 1 when more answers differ than --limit allows.

    Example: `kaizen replay digits --against challenger --since 1h --ignore confidence`
    """
    from kaizen.core import catalog
    from kaizen.core.config import load
    from kaizen.inference.golden import TOLERANCE
    from kaizen.registry import versions
    from kaizen.rollout import packaged_version
    from kaizen.rollout import replay as replaying

    features = catalog.features(usecase)
    began = time.time() - age(since) if since else None
    version = versions.get(usecase, against).version
    events = replaying.recent(home(), usecase, last=last or (None if since else LAST), since=began)
    if not events:
        raise KaizenError(f"no predictions of {usecase} to ask again: `kaizen events {usecase}`")
    release = replaying.running(home(), usecase, version)
    if release is None:
        rules = load(usecase)
        release, _ = packaged_version.packaged(
            usecase, version, rules.serving, rules.events, home()
        )
    with replaying.asking(home(), release) as ask:
        tried = replaying.again(
            features,
            events,
            ask,
            tolerance=TOLERANCE if tolerance is None else tolerance,
            ignore=ignore or (),
        )
    if json:
        as_json(
            {
                "usecase": usecase,
                "against": version,
                "events": tried.events,
                "unreadable": list(tried.unreadable),
                "was": tried.was,
                **comparison_view.record(tried.found, limit),
            }
        )
    else:
        comparison_view.tell(tried.found)
        if tried.unreadable:
            few = ", ".join(tried.unreadable[: comparison_view.SHOWN])
            line(f"{len(tried.unreadable):,} cannot be asked again, their inputs are gone: {few}")
    if not tried.found.asked:
        raise KaizenError(f"none of {tried.events:,} predictions can be asked again")
    comparison_view.verdict(f"{usecase} v{version}", tried.found, limit, json=json)


def age(text: str) -> float:
    """``30m``, ``1h`` or ``7d`` in seconds.

    Raises:
        UsageError: it is none of these.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not found:
        raise UsageError(f"--since {text!r}: expected a number and s, m, h or d, for example 1h")
    return float(found[1]) * _UNITS[found[2]]
