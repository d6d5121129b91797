"""The header of a report: the verdict in words, so that no picture is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from kaizen.monitoring.drift.result import Column, DriftResult

EXPLAINS = (
    "The verdict above is kaizen's. The pictures below are drawn by Evidently to explain it; its "
    "own drift tests are switched off."
)
SHOWN = 12
"""Columns named beside the verdict."""

_BOX = (
    "color-scheme:light;background:#fff;color:#12171b;font:14px/20px system-ui,sans-serif;"
    "font-variant-numeric:tabular-nums;padding:16px 24px;border-bottom:1px solid #dbe0e4"
)
_CELL = "text-align:left;padding:2px 16px 2px 0"


def sentence(found: DriftResult | None) -> str:
    """The verdict as one sentence."""
    return f"Verdict: {found.summary if found else 'none, nothing was checked'}."


def heading(
    title: str, found: DriftResult | None, notes: tuple[str, ...] = (), at: datetime | None = None
) -> str:
    """The header as HTML: title, verdict, and the columns behind it."""
    parts = [f'<h1 style="font:600 20px/28px system-ui,sans-serif;margin:0">{escape(title)}</h1>']
    if at is not None:
        parts.append(f'<p style="margin:0;color:#616b74">{stamp(at)}</p>')
    parts.append(f'<p style="margin:8px 0;font-weight:600">{escape(sentence(found))}</p>')
    if found is not None:
        parts += [f'<p style="margin:0">{escape(each.detail)}.</p>' for each in found.quality[1:]]
        parts.append(_table(found.columns[:SHOWN]))
    told = [EXPLAINS, *(f"{note[:1].upper()}{note[1:]}." for note in notes)]
    parts.append(f'<p style="margin:8px 0 0;color:#434c54">{escape(" ".join(told))}</p>')
    return f'<section style="{_BOX}">{"".join(parts)}</section>'


def _table(columns: tuple[Column, ...]) -> str:
    if not columns:
        return ""
    rows = [
        (
            column.name,
            "drifted" if column.drifted else "",
            f"{column.p:.2g}",
            f"{column.effect:.3f}",
            column.statistic,
        )
        for column in columns
    ]
    head = "".join(
        f'<th style="{_CELL};font-weight:400;color:#616b74">{word}</th>'
        for word in ("column", "verdict", "p, corrected", "effect (0 same, 1 apart)", "test")
    )
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f'<table style="border-collapse:collapse"><tr>{head}</tr>{body}</table>'


def stamp(at: datetime) -> str:
    """A moment for people, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
