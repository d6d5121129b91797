from __future__ import annotations

import shutil
from base64 import b64encode
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.events import parquet, scan
from kaizen.events.compact import compact
from kaizen.events.read import read
from kaizen.events.schema import Event, line
from usecases.diabetes.features import COLUMNS, features

DAY = 86400.0


def write(path: Path, events: list[Event], tail: bytes = b"") -> None:
    path.write_bytes(b"".join(map(line, events)) + tail)


def rows(folder: Path, **words) -> list[tuple]:
    """Of every event what two versions have in common, by time."""
    sql = 'SELECT time, id, version, "inputs.x", "response.digit" FROM events ORDER BY 1'
    return [tuple(row.values()) for row in scan.ask(folder, sql, **words).to_pylist()]


def expected(folder: Path, **words) -> list[tuple]:
    return [
        (e["time"], e["id"], e["version"], e["inputs"]["values"]["x"], e["response"]["digit"])
        for e in read(folder, **words)
    ]


@pytest.fixture
def folder(tmp_path: Path, make) -> Path:
    """Two versions over two days, in a folder whose name is a pattern; a probe and a torn line."""
    folder = tmp_path / "it's [a-z]*"
    folder.mkdir()
    first = [e for at in range(5) for e in make(at=DAY - 30 + at * 10, version="3")]
    (probe,) = make(at=DAY + 25, version="a/b = c")
    second = [e for at in range(5) for e in make(at=DAY + at * 10 + 1, version="a/b = c")]
    write(folder / "1-1.jsonl", [*first, {"probe": True, **probe}])
    write(folder / "2-1.jsonl", second, line(first[0])[:-20])
    return folder


@pytest.mark.parametrize("compacted", ["none", "one", "all"])
def test_a_scan_sees_what_a_reader_sees_wherever_it_lies(folder: Path, compacted: str) -> None:
    if compacted == "one":
        (folder / "2-1.jsonl").rename(folder / "kept")
    if compacted != "none":
        compact(folder)
    if compacted == "one":
        (folder / "kept").rename(folder / "2-1.jsonl")
    assert len(rows(folder)) == 10
    for words in ({}, {"version": "3"}, {"version": "a/b = c"}, {"since": DAY}, {"probes": True}):
        assert rows(folder, **words) == expected(folder, **words), words
    assert [row[0] for row in rows(folder, since=DAY - 10, until=DAY + 11)] == [
        DAY - 10, DAY, DAY + 1, DAY + 10,
    ]  # fmt: skip


def test_parquet_of_a_spool_file_that_is_still_there_does_not_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            compact(folder)
    assert parquet.parts(folder)
    assert rows(folder) == expected(folder)


def test_files_without_columns_are_parsed(folder: Path) -> None:
    before = rows(folder)
    compact(folder)
    for part in parquet.parts(folder):
        table = pq.read_table(part.path, partitioning=None)
        old = table.select(["id", "time", "request", "row", "probe", "event"])
        pq.write_table(old.replace_schema_metadata({b"kaizen.probes": b"0"}), part.path)
    assert rows(folder) == before


def test_versions_may_have_different_inputs_and_types(tmp_path: Path, make) -> None:
    kinds = [
        {"n": 1, "t": "a", "b": True, "deep": [1], "image": "x" * 1000, "none": None},
        {"n": 1.5, "t": "b", "b": "yes", "new": 2**63},
    ]
    for at, values in enumerate(kinds):
        write(tmp_path / f"{at}-1.jsonl", make(at=at, inputs={"values": values}, version=str(at)))
    sql = 'SELECT "inputs.n" n, "inputs.t" t, "inputs.b" b, "inputs.new" w FROM events ORDER BY 1'
    before = scan.ask(tmp_path, sql).to_pylist()
    assert before == [
        {"n": 1.0, "t": "a", "b": "true", "w": None},
        {"n": 1.5, "t": "b", "b": "yes", "w": float(2**63)},
    ]
    compact(tmp_path)
    assert scan.ask(tmp_path, sql).to_pylist() == before
    assert [name for name in scan.relation(tmp_path).columns if name.startswith("inputs.")] == [
        "inputs.n", "inputs.t", "inputs.b", "inputs.new",
    ]  # fmt: skip


def test_rows_sent_as_bare_arrays_have_their_columns_too(tmp_path: Path, make) -> None:
    sent = np.random.default_rng(0).normal(size=(3, len(COLUMNS)))
    arrays = [{"array": b64encode(row.tobytes()).decode()} for row in sent[:2]]
    named = {"values": dict(zip(COLUMNS, sent[2].tolist(), strict=True))}
    events = [e for at, inputs in enumerate([*arrays, named]) for e in make(at=at, inputs=inputs)]
    write(tmp_path / "1-1.jsonl", events)
    sql = "SELECT COLUMNS('inputs[.].*') FROM events ORDER BY time"

    def found() -> np.ndarray:
        table = scan.ask(tmp_path, sql, features=features)
        return np.column_stack([column.to_numpy() for column in table.columns])

    np.testing.assert_array_equal(found(), sent)
    compact(tmp_path, features)
    np.testing.assert_array_equal(found(), sent)


def test_a_file_removed_since_it_was_listed_is_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compact(folder)
    real, removed = parquet.Part.is_typed, []

    def then_removed(part: parquet.Part) -> bool:
        typed = real(part)
        if not removed:
            removed.append(part)
            shutil.rmtree(part.path.parents[1])
        return typed

    monkeypatch.setattr(parquet.Part, "is_typed", then_removed)
    assert [row[0] for row in rows(folder)] == [time for time, *_ in expected(folder)]
    assert removed


def test_no_events_have_the_columns_that_all_have(tmp_path: Path) -> None:
    assert scan.relation(tmp_path / "none").columns[:2] == ["version", "id"]
    assert scan.ask(tmp_path / "none", "SELECT count(*) n FROM events")["n"].to_pylist() == [0]


def test_a_wrong_question_is_the_users(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot answer .SELECT nothing FROM events.*nothing"):
        scan.ask(folder, "SELECT nothing FROM events")


def test_a_newer_schema_is_refused_by_name(tmp_path: Path, make) -> None:
    write(tmp_path / "1-1.jsonl", make(schema=2))
    with pytest.raises(KaizenError, match="has schema 2"):
        scan.relation(tmp_path)
