"""What ``kaizen replay`` and ``kaizen verify`` print of answers beside the ones due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaizen.cli.output import columns, error, line

if TYPE_CHECKING:
    from kaizen.client.comparison import Comparison

SHOWN = 10
"""How many of a kind are listed for people."""

Limit = Annotated[
    float,
    typer.Option(
        "--limit", metavar="SHARE", min=0, max=1, help="Largest share of other answers: 0 to 1."
    ),
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance", min=0, help="Numbers no further apart are the same.", show_default="0.0001"
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="FIELD", help="Leave a field of the answers out."),
]


def record(found: Comparison, limit: float) -> dict[str, Any]:
    """The comparison for programs, with what was made of it."""
    return {
        "versions": list(found.versions),
        "asked": found.asked,
        "same": found.same,
        "differing": len(found.differing),
        "refused": len(found.refused),
        "share": found.share,
        "limit": limit,
        "passed": found.share <= limit,
        "ms_median": found.ms_median,
        "ms_p95": found.ms_p95,
        "differences": [each.model_dump() for each in found.differing],
        "refusals": [each.model_dump() for each in found.refused],
    }


def tell(found: Comparison) -> None:
    """The first differences and refusals for people."""
    if found.differing:
        listed = [(each.id, _words(each.was), _words(each.now)) for each in found.differing[:SHOWN]]
        columns([("id", "was", "is"), *listed])
        _rest(len(found.differing))
    for refusal in found.refused[:SHOWN]:
        line(f"{refusal.id}  {refusal.status} {refusal.reason}")
    _rest(len(found.refused))


def verdict(what: str, found: Comparison, limit: float, *, json: bool) -> None:
    """Say in one line how it ended, and end with 1 where the share is over the limit.

    Raises:
        typer.Exit: it is.
    """
    refused = f" and {len(found.refused):,} of them refused" if found.refused else ""
    others = found.asked - found.same
    said = f"{what}: {others:,} of {found.asked:,} answers differ ({found.share:.2%}){refused}"
    if found.share > limit:
        if not json:
            error(f"{said}, at most {limit:.2%} may", json_too=False)
        raise typer.Exit(1)
    if not json:
        line(said + _took(found))


def _took(found: Comparison) -> str:
    if found.ms_median is None:
        return ""
    return f"; a request took {found.ms_median:.1f} ms, 95 % of them at most {found.ms_p95:.1f} ms"


def _rest(count: int) -> None:
    if count > SHOWN:
        line(f"… and {count - SHOWN:,} more (--json lists all)")


def _words(answer: dict[str, Any] | None) -> str:
    return "nothing" if answer is None else ", ".join(f"{k} {v}" for k, v in answer.items())
