from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kaizen.cli.main import app
from kaizen.core.errors import UsageError
from kaizen.core.layout import LAYOUT, Version, write
from kaizen.core.paths import Home
from kaizen.events.label import Label
from kaizen.events.labels import append, history, read
from kaizen.events.schema import event_id, line, new_id


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of digits' events in a home of its own."""
    monkeypatch.setenv("KAIZEN_HOME", str(tmp_path))
    write(Home(tmp_path), Version(LAYOUT))
    return tmp_path / "events" / "digits"


@pytest.fixture
def ids(folder: Path) -> list[str]:
    """Ids of four predictions: of a 0, a 1, a 2 and a 3."""
    folder.mkdir(parents=True)
    request = new_id()
    found = []
    with (folder / "1-1.jsonl").open("wb") as file:
        for row in range(4):
            found.append(event_id(request, row))
            event: Any = {
                "schema": 1, "id": found[-1], "time": int(request[:12], 16) / 1000, "version": "1",
                "request": request, "row": row, "latency_ms": 1.0, "response": {"digit": row},
            }  # fmt: skip
            file.write(line(event))
    return found


def kaizen(*words: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    return found


def counts(**other: int) -> dict[str, Any]:
    names = ("stored", "known", "corrected", "refused", "unknown_event")
    return {"usecase": "digits", **dict.fromkeys(names, 0), **other}


def without(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "faults"}


def test_one_label_after_another(folder: Path, ids: list[str]) -> None:
    assert without(kaizen("label", "digits", ids[0], "7")) == counts(stored=1)
    assert without(kaizen("label", "digits", ids[0], "7")) == counts(known=1)
    assert without(kaizen("label", "digits", ids[0], "3")) == counts(corrected=1)
    strange = event_id(new_id(), 0)
    assert without(kaizen("label", "digits", strange, "3")) == counts(stored=1, unknown_event=1)
    assert {event: label.value for event, label in read(folder).items()} == {ids[0]: 3, strange: 3}
    assert len(list(history(folder))) == 3, "what is known already is not written again"

    said = CliRunner().invoke(app, ["label", "digits", strange, "3"])
    assert said.output == (
        "1 already known\n1 of an event that is not in the log: kept until it is\n"
    )


def test_a_label_that_agrees_with_an_agreement_is_known(folder: Path, ids: list[str]) -> None:
    append(folder, [Label(ids[2], None, 1.0, "feedback", agree=True)])
    assert without(kaizen("label", "digits", ids[2], "2")) == counts(known=1)
    assert without(kaizen("label", "digits", ids[2], "1")) == counts(corrected=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["digits"], "expected an event's id and its label"),
        (["digits", "x"], "expected an event's id and its label"),
        (["digits", "x", "1", "--file", "y.csv"], "expected an event's id and its label"),
        (["digits", "x", "1"], "event 'x': expected an id"),
        (["digits", "a" * 32 + "-0", "10"], "label '10' of digits: .* less than or equal to 9"),
        (["diabetes", "a" * 32 + "-0", "much"], "label 'much' of diabetes: .* valid number"),
        (["digit", "x", "1"], "did you mean 'digits'"),
        (["digits", "--file", "no.csv"], "no.csv: there is no such file"),
        (["digits", "--file", "no.xlsx"], r"expected a file of labels named \.csv or \.jsonl"),
    ],
)
def test_wrong_words(folder: Path, words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CliRunner().invoke(app, ["label", *words], catch_exceptions=False)
    assert not folder.exists()


def test_good_rows_of_a_table_are_stored_and_bad_ones_named(
    folder: Path, ids: list[str], tmp_path: Path
) -> None:
    strange = event_id(new_id(), 7)
    content = [
        b"\xef\xbb\xbflabel,who, event",
        b"1,x," + ids[0].encode(),
        b"11,x," + ids[1].encode(),
        b'2,"two\nlines",' + ids[1].encode(),
        b"",
        b"2,x,no id",
        b"\xff,x," + ids[2].encode(),
        b"2," + ids[2].encode(),
        b'2,"x"y,' + ids[2].encode(),
        b",x," + ids[2].encode(),
        b"4,x," + strange.encode(),
        b"5,x," + strange.encode(),
        b"1.0,x," + ids[0].encode(),
    ]
    table = tmp_path / "labels.csv"
    table.write_bytes(b"\r\n".join(content))
    found = kaizen("label", "digits", "--file", str(table), code=1)
    assert without(found) == counts(stored=3, known=2, refused=6, unknown_event=2)
    reasons = {fault["line"]: fault["reason"] for fault in found["faults"]}
    assert list(reasons) == [3, 7, 8, 9, 10, 11]
    assert "'11' of digits" in reasons[3]
    assert "event 'no id'" in reasons[7]
    assert reasons[9] == "has 2 cells, the first line has 3"
    assert {label.value for label in read(folder).values()} == {1, 2, 5}

    done = CliRunner().invoke(app, ["label", "digits", "--file", str(table)])
    assert done.exit_code == 1
    assert f"{table}:9: has 2 cells" in done.output
    assert "\n5 already known, 6 refused\n" in done.output


def test_json_lines_keep_their_types(folder: Path, ids: list[str], tmp_path: Path) -> None:
    rows: list[Any] = [
        {"event": ids[0], "label": 1, "who": "x"}, {"event": ids[1], "label": "1"}, [], 1,
        {"event": ids[1]}, {"event": 7, "label": 7}, {"event": ids[1], "label": float("nan")},
    ]  # fmt: skip
    table = tmp_path / "labels.JSONL"
    lines = [*map(json.dumps, rows), "{", "", "[" * 100_000, '{"event":' + "9" * 5000 + "}"]
    table.write_text("\n".join(lines))
    found = kaizen("label", "digits", "--file", str(table), "--source", "clinic", code=1)
    assert without(found) == counts(stored=1, refused=9)
    assert [fault["line"] for fault in found["faults"]] == [2, 3, 4, 5, 6, 7, 8, 10, 11]
    assert [(label.value, label.source) for label in read(folder).values()] == [(1, "clinic")]


@pytest.mark.parametrize("content", ["", "event;label\n", "id,label\n1,2\n"])
def test_a_table_without_its_columns(folder: Path, tmp_path: Path, content: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(content)
    with pytest.raises(UsageError, match="no column 'event'; its first line has "):
        CliRunner().invoke(app, ["label", "digits", "--file", str(table)], catch_exceptions=False)


def test_events_are_shown_with_their_labels(folder: Path, ids: list[str]) -> None:
    assert [event["label"] for event in kaizen("events", "digits")["events"]] == [None] * 4
    kaizen("label", "digits", ids[1], "7")
    append(folder, [Label(ids[3], None, 5.0, "feedback", agree=True, by="shop")])
    found = kaizen("events", "digits", "--labelled")
    assert found["count"] == 4
    assert [event["id"] for event in found["events"]] == [ids[1], ids[3]]
    assert [event["label"]["value"] for event in found["events"]] == [7, 3]
    assert found["events"][1]["label"] == {
        "value": 3, "time": 5.0, "source": "feedback", "agree": True, "by": "shop",
    }  # fmt: skip
    shown = CliRunner().invoke(app, ["events", "digits"]).output.splitlines()
    assert shown[0].split()[-1] == "label"
    assert [row.rsplit("digit ", 1)[1].split() for row in shown[1:-1]] == [
        ["0"], ["1", "7"], ["2"], ["3", "3"],
    ]  # fmt: skip
    none = CliRunner().invoke(app, ["events", "digits", "--labelled", "--version", "9"]).output
    assert none == "no predictions of digits by v9 with a label, 4 others\n"
