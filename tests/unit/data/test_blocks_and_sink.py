"""Files of rows, read in blocks and written whole."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.data import blocks, sink
from kaizen.data.blocks import Unreadable

COLUMNS = {"row": "integer", "value": "number", "ok": "boolean", "word": "string", "odd": "array"}
ROWS = [
    {"row": 0, "value": 0.1, "ok": True, "word": 'a "b", c', "odd": [1, 2]},
    {"row": 1, "value": None, "ok": False, "word": None, "odd": None},
]


def rows(path: Path, size: int = blocks.BLOCK) -> list[blocks.Row]:
    return [row for block in blocks.read(path, size) for row in block.rows]


def test_a_bad_line_of_csv_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(
        b'\xef\xbb\xbfname,age\nAnn,1\n"two\nlines",2\nBob\n\xe9,4\nEve,\n' + "Zoë,6\n".encode()
    )
    found = rows(path)
    assert found[:2] == [{"name": "Ann", "age": "1"}, {"name": "two\nlines", "age": "2"}]
    assert found[2] == Unreadable("has 1 cells where the header has 2", "Bob")
    assert isinstance(found[3], Unreadable)
    assert found[3].reason == "is not UTF-8"
    assert found[4:] == [{"name": "Eve"}, {"name": "Zoë", "age": "6"}]
    assert blocks.names(path) == ["name", "age"]


def test_a_bad_line_of_json_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n\n{"a": \n[2]\n{"a": null}\n')
    first, torn, bare, last = rows(path)
    assert (first, last) == ({"a": 1}, {"a": None})
    assert isinstance(torn, Unreadable)
    assert bare == Unreadable("is no JSON object", "[2]")
    assert blocks.names(path) == ["a"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".npy"])
def test_blocks_hold_no_more_than_asked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    frame = pd.DataFrame({"a": range(10)})
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        np.save(path, frame.to_numpy())
    found = list(blocks.read(path, 4))
    assert [len(block) for block in found if len(block)] == [4, 4, 2]


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.parquet", b"PAR1 no"), ("x.npy", b"\x93NUMPY"), ("x.csv", b'a,b\n"torn,1\n')],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(KaizenError, match=rf"cannot read .*{name}: "):
        list(blocks.read(path))


def test_a_pickle_in_an_array_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(KaizenError, match="Python objects"):
        list(blocks.read(path))


def test_a_folder_is_its_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/1.csv", "a.csv", "notes.txt"):
        (tmp_path / name).write_text("a\n1\n")
    assert blocks.files(tmp_path) == [tmp_path / "a.csv", tmp_path / "b/1.csv"]
    with pytest.raises(UsageError, match=r"no kind that can be read: expected \.csv"):
        blocks.files(tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="there is no file"):
        blocks.files(tmp_path / "nothing.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no file to read"):
        blocks.files(tmp_path / "empty")


def test_written_rows_are_read_back(tmp_path: Path) -> None:
    for suffix in (".csv", ".jsonl", ".parquet"):
        with sink.writing(tmp_path / f"out{suffix}", COLUMNS) as write:
            write(ROWS[:1])
            write(ROWS[1:])
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == [
        {**ROWS[0], "odd": "[1,2]"},
        ROWS[1],
    ]
    assert rows(tmp_path / "out.jsonl") == ROWS
    with (tmp_path / "out.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            list(COLUMNS),
            ["0", "0.1", "true", 'a "b", c', "[1,2]"],
            ["1", "", "false", "", ""],
        ]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    def torn() -> None:
        with sink.writing(path, COLUMNS) as write:
            write(ROWS)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        torn()
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "before"
    with pytest.raises(UsageError, match=r"expected \.csv, \.parquet, \.jsonl"):
        sink.check(tmp_path / "out.xlsx")
