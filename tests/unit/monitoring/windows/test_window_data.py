from __future__ import annotations

import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from logged import Worker, event

from kaizen.core.errors import KaizenError
from kaizen.core.monitoring_settings import CountWindow, MonitoringRule
from kaizen.core.usecase import Features
from kaizen.events import labels
from kaizen.events.compact import compact
from kaizen.events.label import Label
from kaizen.events.schema import line, pack
from kaizen.events.spool import Spool
from kaizen.monitoring.windows.window import Window
from kaizen.monitoring.windows.window_data import WindowData, load_window
from kaizen.monitoring.windows.windowing import next_window
from usecases.churn.features import features as churn
from usecases.diabetes.features import COLUMNS
from usecases.diabetes.features import features as diabetes
from usecases.digits.features import features as digits
from usecases.documents.features import features as documents

CHANCE = np.random.default_rng(0)


def seen(features: Features, folder: Path, need: int = 10, **words: Any) -> WindowData:
    rule = MonitoringRule(window=CountWindow(rows=need))
    window = next_window(folder, "diabetes", "3", rule, need, [], time.time() + 10)
    assert isinstance(window, Window)
    return load_window(features, folder, window, **words)


def log(folder: Path, found: list[Any]) -> None:
    spool = Spool(folder)
    spool.write([line(each) for each in found])
    spool.close()


def probabilities(rows: int, classes: int) -> np.ndarray:
    return CHANCE.dirichlet(np.ones(classes), rows).astype(np.float32)


def test_a_window_is_what_was_asked_and_answered(folder, workers) -> None:
    names = workers[0].answer(*range(10))
    found = seen(diabetes, folder)
    assert [each["id"] for each in found.events] == names
    assert list(found.table.columns) == [*COLUMNS, "prediction"]
    np.testing.assert_array_equal(found.table["age"], np.arange(10.0))
    np.testing.assert_array_equal(found.table["prediction"], 100 + np.arange(10.0))
    np.testing.assert_array_equal(found.answers, 100 + np.arange(10.0))
    assert found.inputs is not None
    np.testing.assert_array_equal(found.inputs["features"][:, 0], np.arange(10.0))
    assert (found.probabilities, found.labels, found.note) == (None, [None] * 10, "")


def test_labels_are_those_that_count_now_and_an_agreement_is_the_answer(folder, workers) -> None:
    names = workers[0].answer(*range(10))
    told = [
        Label(names[1], 5.0, 1.0, "feedback"),
        Label(names[1], 6.0, 2.0, "feedback"),
        Label(names[2], None, 1.0, "feedback", agree=True),
        Label("f" * 32 + "-0", 7.0, 1.0, "import"),
    ]
    labels.append(folder, told)
    assert seen(diabetes, folder).labels == [None, 6.0, 102.0, *[None] * 7]


def test_of_too_many_rows_some_are_drawn_by_the_seed(folder, workers) -> None:
    workers[0].answer(*range(50))
    first, again, other = (seen(diabetes, folder, 50, most=20, seed=seed) for seed in (1, 1, 2))
    assert (len(first.table), first.sampled, first.note) == (20, 20, "a sample of 20 of 50 rows")
    assert list(first.table["age"]) == sorted(first.table["age"]) == list(again.table["age"])
    assert list(first.table["age"]) != list(other.table["age"])


@pytest.mark.parametrize("bare", [False, True])
def test_what_a_redacted_field_decides_is_left_out_and_named(folder, bare: bool) -> None:
    found: list[Any] = [event(at) for at in range(10)]
    if bare:
        for at, each in enumerate(found):
            row = np.array([float(at), *[0.5] * 9])
            each["inputs"] = {"array": b64encode(row.tobytes()).decode()}
    for each in found[:7]:  # the others are of before the rule
        values = dict.fromkeys(COLUMNS, 0.5) | {"bmi": None, "s5": "0f" * 16}
        each["inputs"] = {"values": values, "redacted": ["bmi", "s5"]}
    log(folder, found)
    window = seen(diabetes, folder)
    assert window.redacted == window.hidden == ("bmi", "s5")
    assert list(window.table.columns) == [
        c for c in (*COLUMNS, "prediction") if c not in {"bmi", "s5"}
    ]
    assert window.inputs is None
    np.testing.assert_array_equal(window.answers, 100 + np.arange(10.0))
    assert window.note == "bmi, s5 redacted, so without bmi, s5"


def test_a_redacted_picture_hides_its_ink_and_not_what_the_model_made_of_it(folder) -> None:
    answers, marks = probabilities(10, 10), CHANCE.normal(size=(10, 4)).astype(np.float32)
    rows = zip(pack(answers), pack(marks), strict=True)
    inputs: Any = {"values": {"image": None}, "redacted": ["image"]}
    log(
        folder,
        [
            event(at, inputs=inputs, outputs={"probabilities": p, "embedding": e}, response={})
            for at, (p, e) in enumerate(rows)
        ],
    )
    window = seen(digits, folder)
    assert (window.redacted, window.hidden) == (("image",), ("ink",))
    assert list(window.table.columns) == ["digit", "confidence", "embedding"]
    np.testing.assert_array_equal(window.probabilities, answers)
    np.testing.assert_array_equal(np.stack(window.table["embedding"]), marks)


def test_redacting_what_the_model_never_sees_hides_nothing(folder) -> None:
    answers = probabilities(10, 2)
    example = churn.Request.model_validate({**churn.examples[0], "Surname": "Smith"})
    values = example.model_dump(mode="json")
    kept = {**values, "Surname": "ab", "Geography": "cd", "Age": None}

    def logged(redacted: list[str]) -> list[Any]:
        inputs = {"values": {n: kept[n] if n in redacted else values[n] for n in values}}
        return [
            event(at, inputs={**inputs, "redacted": redacted}, outputs={"probabilities": row})
            for at, row in enumerate(pack(answers))
        ]

    log(folder / "one", logged(["Surname"]))
    window = seen(churn, folder / "one")
    assert (window.redacted, window.hidden, len(window.table.columns)) == (("Surname",), (), 13)
    log(folder / "more", logged(["Surname", "Geography", "Age"]))
    window = seen(churn, folder / "more")
    assert window.hidden == ("Age", "Geography")
    assert set(window.table["Gender"]) == {"Female"}


def test_pictures_sent_as_text_come_back_as_bytes(folder) -> None:
    picture = CHANCE.integers(0, 256, (32, 32), np.uint8)
    inputs: Any = {"values": {"image": b64encode(picture.tobytes()).decode()}}
    outputs = {"probabilities": pack(probabilities(1, 3))[0], "embedding": pack(np.ones((1, 2)))[0]}
    log(folder, [event(at, inputs=inputs, outputs=outputs) for at in range(10)])
    window = seen(documents, folder)
    assert window.inputs is not None
    np.testing.assert_array_equal(window.inputs["image"][3, :, :, 0], picture)


def test_events_of_another_kind_are_counted_and_named(folder, workers) -> None:
    names = workers[0].answer(*range(12))
    strange: list[list[str]] = [
        workers[0].answer(12, inputs={"values": {"age": 1.0}}),
        workers[0].answer(13, outputs={"p": pack(np.ones((1, 1)))[0]}),
        workers[0].answer(14, outputs={"prediction": pack(np.ones((1, 1, 2)))[0]}),
        workers[0].answer(15, inputs={"array": "AAAA"}),
        workers[0].answer(16, response=None),
        workers[0].answer(17, inputs=None),
    ]
    whole = line(event(18))
    workers[0].spool.write([whole[:300] + b"\x00" + whole[301:]])
    found = seen(diabetes, folder, 19)
    assert [each["id"] for each in found.events] == names
    assert len(found.table) == len(found.labels) == 12
    assert {name for (name,) in strange} < set(found.undecoded)
    assert len(found.undecoded) == 7
    assert "Field required" in found.undecoded[strange[0][0]]
    assert "those of most are" in found.undecoded[strange[2][0]]
    assert found.note.startswith("7 rows cannot be decoded, the first ")
    assert "its line is damaged" in found.undecoded.values()


def test_a_window_of_which_nothing_can_be_read_is_an_error(folder, workers) -> None:
    workers[0].answer(*range(10), outputs={"p": pack(np.ones((1, 1)))[0]})
    with pytest.raises(KaizenError, match=r"none of the 10 events of window .*'prediction'"):
        seen(diabetes, folder)


def test_a_window_reads_the_same_after_it_was_compacted(folder) -> None:
    worker = Worker(folder)
    worker.answer(*range(10))
    before = seen(diabetes, folder)
    worker.spool.close()
    compact(folder, diabetes)
    after = load_window(diabetes, folder, before.window)
    assert after.events == before.events
    assert after.table.equals(before.table)


def test_how_a_window_was_read_is_told() -> None:
    window = Window(
        usecase="u", version="1", name="w", since=0.0, until=1.0, rows=3, digest="0" * 64
    )
    read = WindowData(
        window=window, events=[{"id": "e0-0", "time": 0.0}], inputs=None, table=pd.DataFrame(),
        probabilities=None, answers=np.array([1.5]), labels=[None], redacted=("a",), hidden=("b",),
        undecoded={"x": "why", "y": "else"}, sampled=None, note="drawn",
    )  # fmt: skip
    found = read.reading
    assert (found.rows, found.undecoded, found.reason, found.note) == (1, 2, "why", "drawn")
    assert found.hidden == ("b",)
    assert read.outcomes["answer"].tolist() == ["1.5"]
