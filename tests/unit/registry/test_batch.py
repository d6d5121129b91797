"""Files of rows through a registered model: every row has its place, and its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest
from bank import TABLE, Bank

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.usecase import ArraySpec
from kaizen.registry import batch, predictor

ASKED = TABLE[["country", "age"]]


@pytest.fixture
def model(name: str, features: Bank) -> predictor.Predictor:
    return predictor.load(name)


@pytest.fixture
def due(model: predictor.Predictor) -> list[float]:
    """What the model answers to TABLE when it is asked row by row."""
    return [model.predict([row])[0]["value"] for row in ASKED.to_dict("records")]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_rows_in_are_rows_out_in_order(
    tmp_path: Path, model: predictor.Predictor, due: list[float], suffix: str
) -> None:
    source = tmp_path / f"rows{suffix}"
    table = ASKED.assign(who=["a", "b", "c", "d"])
    if suffix == ".csv":
        table.to_csv(source, index=False)
    elif suffix == ".parquet":
        table.to_parquet(source)
    else:
        table.to_json(source, orient="records", lines=True)
    done = batch.score(model, source, tmp_path / "out.parquet")
    out = pd.read_parquet(tmp_path / "out.parquet")
    assert out["row"].tolist() == [0, 1, 2, 3]
    assert out["who"].tolist() == ["a", "b", "c", "d"]
    assert out["value"].tolist() == pytest.approx(due, rel=1e-5)
    assert (done.rows, done.refused, done.refused_file) == (4, 0, None)
    assert orjson.loads((tmp_path / "out.parquet.json").read_bytes()) == done.model_dump()
    assert not (tmp_path / "out.parquet.refused.jsonl").exists()


def test_a_bad_row_has_no_answer_and_a_reason(
    tmp_path: Path, model: predictor.Predictor, due: list[float]
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text(
        "country,age\nFrance,42\nSpain,old\nSpain\nSpain,\nFrance,20\nFrance,nan\nFrance,inf\n"
    )
    done = batch.score(model, source, tmp_path / "out.csv")
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["row"].tolist() == list(range(7))
    assert out["value"].isna().tolist() == [False, True, True, True, False, True, True]
    assert out["value"].dropna().tolist() == pytest.approx([due[0], due[2]], rel=1e-5)
    assert done.refused_file is not None
    told = [orjson.loads(line) for line in Path(done.refused_file).read_bytes().splitlines()]
    assert [(each["row"], each["field"]) for each in told] == [
        (1, "age"), (2, "row"), (3, "age"), (5, "age"), (6, "age"),
    ]  # fmt: skip
    assert "valid number" in told[0]["reason"]
    assert told[0]["found"] == {"country": "Spain", "age": "old"}
    assert told[1]["reason"] == "has 1 cells where the header has 2"


@pytest.mark.filterwarnings("ignore:overflow")
def test_many_rows_that_only_the_model_refuses(
    tmp_path: Path, model: predictor.Predictor, features: Bank, due: list[float]
) -> None:
    """Ages that single precision cannot hold: each spoils the block it stands in."""
    source = tmp_path / "rows.csv"
    lines = ["France,42" if at % 3 else "France,1e300" for at in range(60)]
    source.write_text("\n".join(["country,age", *lines]) + "\n")
    done = batch.score(model, source, tmp_path / "out.csv")
    assert (done.rows, done.refused) == (60, 20)
    out = pd.read_csv(tmp_path / "out.csv")["value"]
    assert out.isna().tolist() == [at % 3 == 0 for at in range(60)]
    assert out.dropna().tolist() == pytest.approx([due[0]] * 40, rel=1e-5)


def test_bare_arrays(tmp_path: Path, model: predictor.Predictor, features: Bank) -> None:
    features.array = ArraySpec("uint8", (1,))
    np.save(tmp_path / "rows.npy", np.array([[30], [20]], dtype=np.uint8))
    batch.score(model, tmp_path / "rows.npy", tmp_path / "out.jsonl")
    out = [orjson.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    asked = [{"country": "Spain", "age": age} for age in (30.0, 20.0)]
    due = [answer["value"] for answer in model.predict(asked)]
    assert [row["value"] for row in out] == pytest.approx(due)


def test_a_folder_names_its_files(tmp_path: Path, model: predictor.Predictor) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    ASKED[:1].to_csv(folder / "a.csv", index=False)
    ASKED[1:].to_parquet(folder / "b.parquet")
    done = batch.score(model, folder, tmp_path / "out.csv")
    out = pd.read_csv(tmp_path / "out.csv")
    assert done.rows == 4
    assert out["file"].tolist() == ["a.csv", "b.parquet", "b.parquet", "b.parquet"]
    assert out["row"].tolist() == [0, 0, 1, 2]


def test_nothing_is_left_of_a_batch_that_cannot_be_done(
    tmp_path: Path, model: predictor.Predictor
) -> None:
    (tmp_path / "rows.csv").write_text("country,age\nSpain,x\n")
    with pytest.raises(KaizenError, match=r"not one of the 1 rows .* age: .*found 'x'"):
        batch.score(model, tmp_path / "rows.csv", tmp_path / "out.csv")
    (tmp_path / "less.csv").write_text("country,agee\nSpain,1\n")
    with pytest.raises(UsageError, match=r"lacks column 'age'.*found country, agee"):
        batch.score(model, tmp_path / "less.csv", tmp_path / "out.csv")
    (tmp_path / "none.csv").write_text("country,age\n")
    with pytest.raises(KaizenError, match="holds no rows"):
        batch.score(model, tmp_path / "none.csv", tmp_path / "out.csv")
    (tmp_path / "taken.csv").write_text("country,age,value\nSpain,1,2\n")
    with pytest.raises(UsageError, match=r"column 'value' .* would be taken"):
        batch.score(model, tmp_path / "taken.csv", tmp_path / "out.csv")
    with pytest.raises(UsageError, match="is read from"):
        batch.score(model, tmp_path / "rows.csv", tmp_path / "rows.csv")
    assert {each.suffix for each in tmp_path.iterdir()} == {".csv"}
    assert not (tmp_path / "out.csv").exists()
