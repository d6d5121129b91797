"""Events by DuckDB: one relation over all files of a use case, a column per value.

Compacted events are read column by column where they lie. Those still in spool files, and in
Parquet files from before there were columns, are parsed first and held in memory: compact often.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from glob import escape
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kaizen.core.errors import UsageError
from kaizen.core.usecase import Features
from kaizen.events import columns, parquet
from kaizen.events.read import compacted, listed, spooled

VIEW = "events"
_INNER = f"'{parquet.LINE}', '{parquet.AT}', 'day'"
_BATCH = 8192
_TRIES = 3


def ask(
    folder: Path,
    sql: str,
    *,
    since: float | None = None,
    until: float | None = None,
    version: str | None = None,
    probes: bool = False,
    features: Features | None = None,
) -> pa.Table:
    """What ``sql`` says of the events, which are its table ``events``; see :func:`relation`.

    Raises:
        UsageError: it is not SQL that DuckDB can answer, or names a column that is not there.
        KaizenError: an event's schema is newer than this code.
    """
    for left in reversed(range(_TRIES)):
        try:
            events = relation(
                folder, since=since, until=until, version=version, probes=probes, features=features
            )
            return events.query(VIEW, sql).to_arrow_table()
        except duckdb.Error as error:
            # Retention may have removed a file since it was listed.
            if left and isinstance(error, duckdb.IOException):
                continue
            raise UsageError(f"cannot answer {sql!r}: {error}") from error
    raise AssertionError("unreachable: the last try returns or raises")


def relation(
    folder: Path,
    *,
    since: float | None = None,
    until: float | None = None,
    version: str | None = None,
    probes: bool = False,
    features: Features | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> duckdb.DuckDBPyRelation:
    """The events in ``folder``, lazily, in no order; by the same files as
    ``kaizen.events.read.read``.

    Its columns are ``version``, those of ``kaizen.events.columns.PLAIN``, and ``inputs.NAME`` and
    ``response.NAME`` (quote these: they have a dot) for what is a single value: null where an event
    has none, absent where none has. An event that somebody copied into a second file comes twice.

    Args:
        folder: ``Home.events / USECASE``; a missing folder holds no events.
        since, until: only at or after, and only before, these times (seconds since the epoch).
        version: only of this model version.
        probes: also kaizen's own questions (golden set).
        features: the use case's, for rows in spool files that were sent as bare arrays.
        connection: where to work, a new one in memory if None.

    Raises:
        KaizenError: an event's schema is newer than this code.
        duckdb.IOException: here or when it is executed: retention has removed a file meanwhile.
    """
    connection = connection or connect()
    paths, parts = listed(folder)
    parts = [part for part in parts if part.may_hold(since=since, until=until, version=version)]
    typed = [part for part in parts if part.is_typed()]
    lines = chain(
        chain.from_iterable(map(spooled, paths)),
        chain.from_iterable(compacted(part, since) for part in parts if part not in typed),
    )
    sources = ["SELECT * FROM kaizen_held"]
    connection.register("kaizen_held", _held(lines, features))
    if typed:
        files = ", ".join(_text(escape(str(part.path))) for part in typed)
        sources.append(
            f"SELECT COLUMNS(c -> c NOT IN ({_INNER})) FROM read_parquet([{files}], "  # noqa: S608
            "union_by_name = true, hive_partitioning = true, "
            "hive_types = {'day': VARCHAR, 'version': VARCHAR})"
        )
    conditions = [
        *([] if probes else ["NOT probe"]),
        *([] if since is None else [f"time >= {float(since)!r}"]),
        *([] if until is None else [f"time < {float(until)!r}"]),
        *([] if version is None else [f"version = {_text(version)}"]),
    ]
    found = connection.sql(" UNION ALL BY NAME ".join(sources))
    return found.filter(" AND ".join(conditions)) if conditions else found


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that fetches nothing, and spills to the system's temporary folder."""
    found = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
            "temp_directory": tempfile.gettempdir(),
        }
    )
    # After two seconds it would be drawn on standard output, whatever that is. A notebook without
    # ipywidgets draws none, and refuses the setting.
    with suppress(duckdb.InvalidInputException):
        found.execute("SET enable_progress_bar = false")
    return found


def _held(events: Iterable[dict[str, Any]], features: Features | None) -> pa.Table:
    """Parsed events as a table, with their versions."""
    remaining, tables = iter(events), [_with_versions(columns.PLAIN.empty_table(), [])]
    while some := list(islice(remaining, _BATCH)):
        versions = [str(event.get("version", "")) for event in some]
        tables.append(_with_versions(columns.table(some, features), versions))
    return columns.joined(tables)


def _with_versions(table: pa.Table, versions: list[str]) -> pa.Table:
    return table.add_column(0, "version", pa.array(versions, pa.string()))


def _text(value: str) -> str:
    """As a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"
