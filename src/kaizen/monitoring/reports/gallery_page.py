"""A gallery as one page: no script, no network, light and dark, fit to be printed."""

from __future__ import annotations

import io
from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime
from html import escape
from typing import Any

from PIL import Image

from kaizen.core.usecase import Array, Features
from kaizen.monitoring.reports.flags import MEANING
from kaizen.monitoring.reports.gallery import Entry, Gallery, pixels

STYLE = """
:root{color-scheme:light dark;--bg:#f4f6f7;--surface:#fff;--line:#dbe0e4;--ink:#12171b;
--ink2:#434c54;--ink3:#616b74;--amber:#8f5a00;--tint:#faeed3;--blue:#1a5bc9}
@media(prefers-color-scheme:dark){:root{--bg:#0e1114;--surface:#161a1e;--line:#282f35;
--ink:#ebeff2;--ink2:#b7c0c8;--ink3:#919ba5;--amber:#e5ae4a;--tint:#33270d;--blue:#7db0ff}}
*{box-sizing:border-box}
body{margin:0;padding:24px 32px 56px;background:var(--bg);color:var(--ink);
font:13px/20px system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:20px;line-height:28px;margin:0}h2{font-size:14px;margin:24px 0 8px}
h1,h2,th,b{font-weight:600}p{margin:0;color:var(--ink2);max-width:104ch}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.id{font:11px/16px ui-monospace,monospace;color:var(--ink3);overflow-wrap:anywhere}
.flag{display:block;color:var(--amber)}.note{display:block;color:var(--ink3)}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:16px;
padding:0;margin:0;list-style:none}
.pictures li,.scroll{background:var(--surface);border:1px solid var(--line);border-radius:8px}
.pictures li{padding:12px;break-inside:avoid}
img{width:112px;height:auto;display:block;margin:0 0 8px;image-rendering:pixelated;
border:1px solid var(--line)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:4px 12px;border-bottom:1px solid var(--line)}
th{color:var(--ink3);font-weight:400;white-space:nowrap}
th:first-child,td:first-child{position:sticky;left:0;background:var(--surface)}
td.odd{background:var(--tint);color:var(--amber);font-weight:600}
@media(max-width:820px){body{padding:16px 14px 40px}}
@media print{body{padding:0;background:#fff}.scroll{overflow:visible}tr{break-inside:avoid}}
"""


def html(features: Features, found: Gallery) -> str:
    """The page: the flagged entries with the rules that flagged them, then the newest ones."""
    title = f"{found.usecase}: newest and flagged inputs"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_said(found))}</p>",
        _section(features, "Flagged", found.flagged, "None of them is flagged."),
        _section(features, "Newest", found.entries[: found.newest], "None is shown."),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def png(picture: Array) -> bytes:
    """A picture uint8 (height, width) as PNG, its pixels unchanged: 0 is black."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return buffer.getvalue()


def _said(found: Gallery) -> str:
    counts = Counter(flag.rule for entry in found.flagged for flag in entry.flags)
    rules = "; ".join(f"{rule} {count:,}, {MEANING[rule]}" for rule, count in counts.items())
    return (
        f"Made {_time(found.at)}. Of the newest {found.looked:,} predictions "
        f"{len(found.flagged):,} are flagged{f' ({rules})' if rules else ''}; the newest "
        f"{found.newest:,} are below. A flag is no verdict: some rows of a quiet window have one."
    )


def _section(features: Features, title: str, entries: tuple[Entry, ...], none: str) -> str:
    head = f"<h2>{title}, {len(entries):,}</h2>"
    if not entries:
        return f"{head}<p>{none}</p>"
    drawn = [(entry, pixels(features, entry.inputs)) for entry in entries]
    shown = [_picture(features, entry, picture) for entry, picture in drawn if picture is not None]
    rest = [entry for entry, picture in drawn if picture is None]
    pictures = f'<ul class="pictures">{"".join(shown)}</ul>' if shown else ""
    return head + pictures + (_table(features, rest, title) if rest else "")


def _picture(features: Features, entry: Entry, picture: Array) -> str:
    source = f"data:image/png;base64,{b64encode(png(picture)).decode()}"
    answer = _text(entry.response.get(features.label))
    lines = [f"<b>{answer}</b>{_sure(entry)}", f"label {_label(entry)}", _time(entry.time)]
    return (
        f'<li><img src="{source}" alt="answered {answer}"/>{"<br/>".join(lines)}'
        f'<div class="id">v{escape(entry.version)} {escape(entry.id)}</div>{_flags(entry)}</li>'
    )


def _table(features: Features, entries: list[Entry], title: str) -> str:
    fields = list(dict.fromkeys(name for entry in entries for name in _values(features, entry)))
    names = ["time (UTC)", "answer", "label", "confidence", "flags", *fields, "version", "id"]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(_row(features, entry, fields) for entry in entries)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(features: Features, entry: Entry, fields: list[str]) -> str:
    values, odd = _values(features, entry), {flag.column for flag in entry.flags}
    cells = [
        f"<td>{_time(entry.time)}</td>",
        f"<td><b>{_text(entry.response.get(features.label))}</b></td>",
        f"<td>{_label(entry)}</td>",
        f"<td>{_sure(entry).strip()}</td>",
        f"<td>{_flags(entry)}</td>",
    ]
    for name in fields:
        mark = ' class="odd"' if name in odd else ""
        cells.append(f"<td{mark}>{_text(values[name]) if name in values else ''}</td>")
    cells.append(f'<td>v{escape(entry.version)}</td><td class="id">{escape(entry.id)}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _values(features: Features, entry: Entry) -> dict[str, Any]:
    """The fields of a row by name; those taken out of the log say so."""
    redacted = entry.inputs.get("redacted", ())
    values = entry.inputs.get("values")
    if values is None:
        values = _unpacked(features, entry)
    return {name: "redacted" if name in redacted else value for name, value in values.items()}


def _unpacked(features: Features, entry: Entry) -> dict[str, Any]:
    """A row that was sent as a bare array."""
    from kaizen.events import replay

    try:
        rows = replay.arrays(features, [{"inputs": entry.inputs}])
        return {name: column[0] for name, column in features.unpack(rows).items()}
    except (ValueError, KeyError, NotImplementedError):
        return {}


def _flags(entry: Entry) -> str:
    flags = "".join(
        f'<span class="flag">◆ {flag.rule}: {escape(flag.detail)}</span>' for flag in entry.flags
    )
    return flags + (f'<span class="note">{escape(entry.note)}</span>' if entry.note else "")


def _label(entry: Entry) -> str:
    return _text(entry.label) if entry.labelled else "none yet"


def _sure(entry: Entry) -> str:
    return "" if entry.confidence is None else f" {entry.confidence:.4f}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    said = "none" if value is None else str(value)
    return escape(said if len(said) <= 80 else said[:80] + "…")


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
