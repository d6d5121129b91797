from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from kaizen.client.expected_answers import questions
from kaizen.core.errors import KaizenError, UsageError
from usecases.diabetes.features import COLUMNS
from usecases.diabetes.features import features as diabetes
from usecases.digits.features import features as digits

ROW = dict.fromkeys(COLUMNS, 0.25)


def table(path: Path, *rows: dict[str, object]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_and_truth_belong_together_by_id(tmp_path: Path, kind: str) -> None:
    inputs = table(tmp_path / f"rows.{kind}", {"id": "a", **ROW}, {"id": "b", **ROW, "bmi": 0.5})
    truth = table(
        tmp_path / f"truth.{kind}", {"id": "b", "progression": 2}, {"id": "a", "progression": 1}
    )
    found = questions(diabetes, inputs, truth)
    assert [(each.id, each.due) for each in found] == [
        ("a", ({"progression": 1.0},)),
        ("b", ({"progression": 2.0},)),
    ]
    assert found[1].content == {**ROW, "bmi": 0.5}
    assert type(found[0].due[0]["progression"]) is float, "so that a tolerance counts"


def test_without_ids_the_position_counts(tmp_path: Path) -> None:
    inputs = table(tmp_path / "rows.csv", ROW, ROW)
    truth = table(tmp_path / "t.jsonl", {"row": 1, "progression": 2}, {"row": 0, "progression": 1})
    found = questions(diabetes, inputs, truth)
    assert [each.due[0]["progression"] for each in found] == [1.0, 2.0]


def test_one_file_may_hold_both_and_other_fields_of_the_answer_are_left_out(tmp_path: Path) -> None:
    image = digits.examples[0]["image"]
    both = table(tmp_path / "both.csv", {"image": image, "digit": 7})
    truth = table(tmp_path / "truth.csv", {"digit": 7, "confidence": ""})
    (found,) = questions(digits, both, truth)
    assert found.content == {"image": image}
    assert found.due == ({"digit": 7},)


def test_the_documents_of_a_folder_go_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "b.pdf").write_bytes(b"%PDF-1.7")
    (folder / "a.png").write_bytes(b"PNG")
    (folder / ".hidden").write_bytes(b"")
    truth = table(
        tmp_path / "t.csv",
        {"id": "b.pdf", "digit": 1},
        {"id": "b.pdf", "digit": 2},
        {"id": "a.png", "digit": 3},
    )
    found = questions(digits, folder, truth)
    assert [(each.id, each.content_type, each.content) for each in found] == [
        ("a.png", "image/png", b"PNG"),
        ("b.pdf", "application/pdf", b"%PDF-1.7"),
    ]
    assert found[1].due == ({"digit": 1}, {"digit": 2})


@pytest.mark.parametrize(
    ("inputs", "truth", "message"),
    [
        ("age,bim\n1,2\n", "progression\n1\n", "unknown column of rows.csv 'bim': did you mean"),
        ("age\n1\n", "progresion\n1\n", "unknown column of truth.csv 'progresion': did you mean"),
        ("age\n1\n", "progression\nhigh\n", "truth.csv 0: progression: .*valid number"),
        ("age\nhigh\n", "progression\n1\n", "rows.csv 0: age: .*valid number"),
        ("age\n1,2\n", "progression\n1\n", "line 2 does not have 1 columns"),
        ("age,bmi\n1\n", "progression\n1\n", "line 2 does not have 2 columns"),
        ("FULL", "id,progression\n0,1\n1,1\n", "does not have 1"),
        ("FULL", "id,progression\n0,1\n0,1\n", "more than one answer to 0"),
        ("FULL", "progression\n\n", "has no answer to 0"),
        ("FULL", "id,progression\n0,\n", "states no answer: expected a value in progression"),
        ("age\n", "progression\n", "holds nothing to ask"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, inputs: str, truth: str, message: str) -> None:
    if inputs == "FULL":
        inputs = ",".join(COLUMNS) + "\n" + ",".join("0" for _ in COLUMNS) + "\n"
    (tmp_path / "rows.csv").write_text(inputs)
    (tmp_path / "truth.csv").write_text(truth)
    if "age: " in message:
        rest = {name: "0" for name in COLUMNS if name != "age"}
        table(tmp_path / "rows.csv", {**rest, "age": "high"})
    with pytest.raises(KaizenError, match=message):
        questions(diabetes, tmp_path / "rows.csv", tmp_path / "truth.csv")


def test_names_that_do_not_belong_together(tmp_path: Path) -> None:
    truth = table(tmp_path / "truth.csv", {"id": "b", "progression": 1})
    other = table(tmp_path / "other.csv", {"id": "a", **ROW})
    with pytest.raises(KaizenError, match=r"truth.csv has no answer to a: .*'id' or 'row'"):
        questions(diabetes, other, truth)
    twice = table(tmp_path / "twice.csv", {"id": "b", **ROW}, {"id": "b", **ROW})
    with pytest.raises(KaizenError, match="two rows 'b': id must be unique"):
        questions(diabetes, twice, truth)


@pytest.mark.parametrize("name", ["rows.xlsx", "missing.csv"])
def test_a_file_of_another_kind_is_a_wrong_word(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.xlsx").write_bytes(b"PK")
    truth = table(tmp_path / "truth.csv", {"progression": 1})
    with pytest.raises(UsageError, match=r"expected a file of rows, \.csv or \.jsonl"):
        questions(diabetes, tmp_path / name, truth)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "line 1 is not JSON"), (b"[1]", "line 1: expected an object"), (b"\xff", "not UTF-8")],
)
def test_lines_that_are_no_rows(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "rows.jsonl").write_bytes(content)
    truth = table(tmp_path / "truth.csv", {"progression": 1})
    with pytest.raises(KaizenError, match=message):
        questions(diabetes, tmp_path / "rows.jsonl", truth)
