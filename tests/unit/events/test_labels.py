from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import orjson
import pytest
from pydantic import BaseModel

import kaizen.events.labels as store
from kaizen.core.errors import KaizenError
from kaizen.events.compact import compact
from kaizen.events.joined import answers, joined
from kaizen.events.label import MOST_BYTES, Label, Terms, event_id, line
from kaizen.events.labels import append, history, read
from kaizen.events.schema import Event
from kaizen.events.schema import line as event_line
from usecases.diabetes.features import features as diabetes
from usecases.digits.features import features as digits

A, B = (f"{letter * 32}-0" for letter in "ab")


def said(event: str, value: Any = None, time: float = 1.0, **over: Any) -> Label:
    return Label(event, value, time, **{"source": "import", **over})


def path(folder: Path) -> Path:
    return folder / store.FOLDER / store.FILE


def log(folder: Path, events: list[Event], name: str = "1-1.jsonl") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(map(event_line, events)))


def test_a_label_is_read_as_it_was_written(tmp_path: Path) -> None:
    given = [said(A, 7), said(B, agree=True, source="feedback", by="shop")]
    append(tmp_path / "digits", given)
    assert list(read(tmp_path / "digits").values()) == given
    assert read(tmp_path / "nothing") == {}


def test_the_same_again_changes_nothing_and_another_one_counts(tmp_path: Path) -> None:
    for at, value in enumerate([7, 7, 1, 1, 7, 7]):
        append(tmp_path, [said(A, value, at)])
    assert read(tmp_path) == {A: said(A, 7, 4)}
    assert [(label.value, label.time) for label in history(tmp_path)] == [
        (7, 0), (7, 1), (1, 2), (1, 3), (7, 4), (7, 5),
    ]  # fmt: skip


def test_the_last_one_written_counts_whatever_the_clock_said(tmp_path: Path) -> None:
    append(tmp_path, [said(A, 1, time=2e9)])
    append(tmp_path, [said(A, 2, time=1.0)])
    assert read(tmp_path)[A].value == 2


def test_a_line_torn_anywhere_costs_only_itself(tmp_path: Path) -> None:
    append(tmp_path, [said(A, 1)])
    before = path(tmp_path).read_bytes()
    torn = line(said(B, 2))
    for cut in range(len(torn)):
        path(tmp_path).write_bytes(before + b"\n" + torn[:cut])
        assert set(read(tmp_path)) == {A}, "what was never acknowledged is not there"
        append(tmp_path, [said(A, 3)])
        found = read(tmp_path)
        assert found.pop(A).value == 3
        # Of a line without its break alone the label is there: nothing of it is missing.
        assert set(found) == ({B} if cut == len(torn) - 1 else set())


def test_what_is_no_label_is_passed_over(tmp_path: Path) -> None:
    append(tmp_path, [said(A, 1)])
    with path(tmp_path).open("ab") as file:
        file.write(b'\n[1]\n{"event":"x"}\n\x00\xff\n{"event":["a"],"schema":1}\n' + b"\x00" * 99)
        file.write(b'\n{"event":["a"],"label":1,"time":1,"source":"x","schema":1}\n')
    assert set(read(tmp_path)) == {A}


def test_a_newer_schema_is_refused_by_name(tmp_path: Path) -> None:
    append(tmp_path, [said(A, 1)])
    path(tmp_path).write_bytes(path(tmp_path).read_bytes().replace(b'"schema":1', b'"schema":2'))
    with pytest.raises(KaizenError, match=f"{A}.*schema 2.*newer kaizen"):
        read(tmp_path)
    assert read(tmp_path, events={B}) == {}, "what is not asked for is not parsed"


def test_a_full_disk_acknowledges_nothing_and_spoils_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(tmp_path, [said(A, 1)])
    write = store.os.write
    with monkeypatch.context() as full:
        full.setattr(store.os, "write", lambda to, content: write(to, content[: len(content) // 2]))
        with pytest.raises(OSError, match="bytes fitted"):
            append(tmp_path, [said(B, 2)])
    assert set(read(tmp_path)) == {A}
    append(tmp_path, [said(B, 2)])
    assert read(tmp_path)[B].value == 2


def test_it_is_durable_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real = store.os.fsync
    monkeypatch.setattr(store.os, "fsync", lambda to: (done.append("file"), real(to))[1])
    monkeypatch.setattr(store, "sync_folder", lambda above: done.append(above.name))
    append(tmp_path / "events" / "digits", [said(A, 1)])
    assert done == ["file", "labels", "digits", "events"]
    append(tmp_path / "events" / "digits", [said(A, 7)])
    assert done[4:] == ["file"]


def test_a_label_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"at most {MOST_BYTES} bytes"):
        append(tmp_path, [said(A, "x" * MOST_BYTES)])
    assert not path(tmp_path).exists()


@pytest.mark.parametrize("found", [
    "", "a" * 32, "A" * 32 + "-0", "a" * 32 + "-00", "a" * 32 + "-0\n", "a" * 32 + "-٣", 7, None,
    ["a"], "a" * 32 + "-1234567890", "../" + "a" * 29 + "-0", "a" * 5000,
])  # fmt: skip
def test_what_is_no_event_id(found: Any) -> None:
    with pytest.raises(ValueError, match="expected an id") as refused:
        event_id(found)
    assert len(str(refused.value)) < 220
    assert str(refused.value).isprintable()


def test_a_use_case_says_what_a_label_is() -> None:
    assert [Terms(digits).value(each) for each in (0, 9)] == [0, 9]
    assert [Terms(digits).value(each, text=True) for each in ("3", "3.0")] == [3, 3]
    assert [Terms(diabetes).value(each) for each in (7, 0.5)] == [7.0, 0.5]
    assert Terms(diabetes).value("1e2", text=True) == 100.0
    for wrong in (10, -1, 1.5, "7", True, None, [7], 10**400, "x" * 10_000):
        with pytest.raises(ValueError, match=r"label .* of digits: ") as refused:
            Terms(digits).value(wrong)
        assert len(str(refused.value)) < 220
    for wrong in (float("nan"), float("inf"), True, "1", None):
        with pytest.raises(ValueError, match="of diabetes"):
            Terms(diabetes).value(wrong)
    for wrong in ("", "ten", "nan", "10", "\udcff"):
        with pytest.raises(ValueError, match="of digits"):
            Terms(digits).value(wrong, text=True)


def test_a_label_that_json_cannot_hold_is_refused() -> None:
    class Response(BaseModel):
        animal: Literal["cat", "dog"]
        note: str
        count: int

    class Animals:
        name, label = "animals", "animal"

    animals: Any = Animals()
    animals.Response = Response
    assert Terms(animals).value("cat", text=True) == "cat"
    with pytest.raises(ValueError, match="'cat' or 'dog'"):
        Terms(animals).value("cow")
    for animals.label, wrong in (("note", "\ud800"), ("count", 2**64)):
        with pytest.raises(ValueError, match="of animals"):
            Terms(animals).value(wrong)


def test_labels_come_beside_their_events_also_when_they_were_first(tmp_path: Path, make) -> None:
    events = [e for at in range(6) for e in make(at=at, response={"digit": at})]
    ids = [e["id"] for e in events]
    append(tmp_path, [said(ids[1], 7), said(ids[4], agree=True)])
    assert list(joined(digits, tmp_path)) == []

    log(tmp_path, events)
    whole = list(joined(digits, tmp_path))
    assert [event["id"] for event, _ in whole] == ids
    labels = [label and label.value for _, label in whole]
    assert labels == [None, 7, None, None, 4, None], "an agreement is to what was answered"
    assert list(joined(digits, tmp_path, limit=6)) == whole
    assert list(joined(digits, tmp_path, limit=3)) == whole[3:]
    assert list(joined(digits, tmp_path, since=2)) == whole[2:]
    assert list(joined(digits, tmp_path, labelled_only=True)) == [whole[1], whole[4]]
    assert list(joined(digits, tmp_path, labelled_only=True, limit=1)) == [whole[4]]
    assert list(joined(digits, tmp_path, version="9", labelled_only=True)) == []

    compact(tmp_path)
    assert list(joined(digits, tmp_path)) == whole
    append(tmp_path, [said(ids[1], 2)])
    assert [label.value for _, label in joined(digits, tmp_path, labelled_only=True) if label] == [
        2, 4,
    ]  # fmt: skip


def test_answers_are_found_by_id(tmp_path: Path, make) -> None:
    events = [*make(2), *make(1, response={"digit": 3})]
    (probe,) = make()
    log(tmp_path, [*events, {"probe": True, **probe}])
    ids = [events[1]["id"], events[2]["id"], probe["id"], A]
    assert answers(digits, tmp_path, ids) == {ids[0]: 1, ids[1]: 3, ids[2]: 0}
    assert answers(digits, tmp_path, []) == {}


def test_the_file_is_plain_json_lines(tmp_path: Path) -> None:
    append(tmp_path, [said(A, 7), said(B, agree=True)])
    lines = path(tmp_path).read_bytes().split(b"\n")
    assert [orjson.loads(each) for each in lines if each] == [
        {"event": A, "label": 7, "time": 1.0, "source": "import", "by": None, "schema": 1},
        {"event": B, "agree": True, "time": 1.0, "source": "import", "by": None, "schema": 1},
    ]
