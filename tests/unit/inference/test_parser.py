from __future__ import annotations

import base64
from typing import Any

import numpy as np
import orjson
import pytest
from pydantic import BaseModel

from kaizen.inference.parser import BYTES, JSON, Parser
from kaizen.inference.refusal import Refusal
from usecases.diabetes.features import COLUMNS, features
from usecases.digits.features import features as digits

ROW = dict.fromkeys(COLUMNS, 0.5)
RAW = np.arange(20, dtype="<f8").tobytes()


@pytest.fixture
def parse() -> Parser:
    return Parser(features, max_rows=4)


def json(**payload: Any) -> bytes:
    return orjson.dumps(payload)


def bare(data: bytes = RAW, shape: Any = (2, 10), **more: Any) -> bytes:
    return json(array={"data": base64.b64encode(data).decode(), "shape": list(shape), **more})


def test_rows_by_name(parse: Parser) -> None:
    batch = parse(JSON, json(rows=[ROW, {**ROW, "bmi": 2}]))
    assert batch.size == 2
    assert batch.columns["bmi"] == [0.5, 2.0]
    assert batch.logged[1] == {"values": {**ROW, "bmi": 2.0}}


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_a_content_type_may_have_parameters_and_any_case(parse: Parser, kind: str) -> None:
    assert parse(kind, json(rows=[ROW])).size == 1


@pytest.mark.parametrize(("kind", "body"), [(JSON, bare()), (BYTES, RAW)])
def test_bare_arrays(parse: Parser, kind: str, body: bytes) -> None:
    batch = parse(kind, body)
    assert batch.size == 2
    np.testing.assert_array_equal(batch.columns["age"], [0.0, 10.0])
    assert [base64.b64decode(row["array"]) for row in batch.logged] == [RAW[:80], RAW[80:]]
    assert features.decode(batch.columns)["features"].tobytes() == RAW


def test_images_are_bare_arrays_too() -> None:
    images = np.arange(2 * 784, dtype=np.int64).astype(np.uint8).reshape(2, 28, 28)
    batch = Parser(digits, 10)(BYTES, images.tobytes())
    np.testing.assert_array_equal(digits.decode(batch.columns)["image"][..., 0], images)


BAD = {
    "bad json": (JSON, b'{"rows": [', "body", None, "json"),
    "not an object": (JSON, b"[1]", "body", None, "type"),
    "not utf-8": (JSON, b'{"rows": ["\xff"]}', "body", None, "json"),
    "nothing": (JSON, b"{}", "rows", None, "missing"),
    "both": (JSON, bare()[:-1] + b"," + json(rows=[ROW])[1:], "rows", None, "missing"),
    "key twice": (JSON, json(rows=[ROW]).replace(b'"sex"', b'"age"', 1)[:-3] + b',"sex":1}]}',
                  "body", None, "value"),
    "array twice": (JSON, bare()[:-1] + b"," + bare()[1:], "body", None, "value"),
    "null": (JSON, b'{"rows": null}', "rows", None, "missing"),
    "no rows": (JSON, json(rows=[]), "rows", None, "length"),
    "rows is a number": (JSON, json(rows=3), "rows", None, "type"),
    "row is a number": (JSON, json(rows=[ROW, 3]), "rows", 1, "type"),
    "too many rows": (JSON, json(rows=[ROW] * 5), "rows", None, "length"),
    "unknown top-level key": (JSON, json(rows=[ROW], mode="x"), "mode", None, "unknown_key"),
    "unknown key": (JSON, json(rows=[ROW, {**ROW, "bmj": 1}]), "bmj", 1, "unknown_key"),
    "missing key": (JSON, json(rows=[{**ROW}, {"age": 1}]), "sex", 1, "missing"),
    "text for a number": (JSON, json(rows=[{**ROW, "bp": "0.5"}]), "bp", 0, "type"),
    "true for a number": (JSON, json(rows=[{**ROW, "bp": True}]), "bp", 0, "type"),
    "null for a number": (JSON, json(rows=[{**ROW, "bp": None}]), "bp", 0, "type"),
    "NaN": (JSON, json(rows=[ROW]).replace(b"0.5", b"NaN", 1), "age", 0, "not_finite"),
    "Infinity": (JSON, json(rows=[ROW]).replace(b"0.5", b"-Infinity", 1), "age", 0, "not_finite"),
    "1e999": (JSON, json(rows=[ROW]).replace(b"0.5", b"1e999", 1), "age", 0, "not_finite"),
    "deeply nested": (JSON, b'{"rows":' + b"[" * 9000, "body", None, "json"),
    "array without shape": (JSON, b'{"array": {"data": ""}}', "array.shape", None, "missing"),
    "array with more": (JSON, bare(dtype="int8"), "array.dtype", None, "unknown_key"),
    "not base64": (JSON, b'{"array":{"data":"a*b=","shape":[1]}}', "array.data", None, "value"),
    "not ascii": (JSON, '{"array":{"data":"é","shape":[]}}'.encode(), "array.data", None, "value"),
    "wrong length": (JSON, bare(RAW[:-1]), "array.data", None, "length"),
    "wrong shape": (JSON, bare(shape=(10, 2)), "array.shape", None, "length"),
    "negative shape": (JSON, bare(shape=(-1, 10)), "array.shape", None, "length"),
    "huge shape": (JSON, bare(shape=(2**63, 10)), "array.shape", None, "length"),
    "empty array": (JSON, bare(b"", (0, 10)), "array.data", None, "empty"),
    "bytes of half a row": (BYTES, RAW[:84], "body", None, "length"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named(parse: Parser, name: str) -> None:
    content_type, body, field, row, kind = BAD[name]
    with pytest.raises(Refusal) as caught:
        parse(content_type, body)
    refusal = caught.value
    assert (refusal.status, refusal.field, refusal.row, refusal.kind) == (400, field, row, kind)
    assert refusal.reason
    assert len(refusal.reason) < 250


def test_colons_in_texts_are_no_keys() -> None:
    class Note(BaseModel):
        text: str

    class Noted(type(features)):
        Request = Note
        array = None

    parse = Parser(Noted(), 4)
    row = {"text": 'a": 1, "text": 2 ::'}
    assert parse(JSON, json(rows=[row])).logged == [{"values": row}]
    with pytest.raises(Refusal, match="'text' is there twice"):
        parse(JSON, b'{"rows":[{"text":"a","text":"b"}]}')


def test_more_bytes_than_rows_allowed(parse: Parser) -> None:
    with pytest.raises(Refusal, match="at most 4 rows, found 6") as caught:
        parse(BYTES, RAW * 3)
    assert caught.value.status == 413


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "application/jsonx"])
def test_other_content_types_are_refused(parse: Parser, kind: str) -> None:
    with pytest.raises(Refusal, match="application/json or application/octet-stream") as caught:
        parse(kind, json(rows=[ROW]))
    assert caught.value.status == 415


def test_a_use_case_without_bare_rows_takes_none() -> None:
    class Named(type(features)):
        array = None

    parse = Parser(Named(), 4)
    assert parse(JSON, json(rows=[ROW])).size == 1
    with pytest.raises(Refusal, match="expected application/json, found"):
        parse(BYTES, RAW)
    with pytest.raises(Refusal) as caught:
        parse(JSON, bare())
    assert [fault.path for fault in caught.value.faults] == ["/rows", "/array"]


def test_a_refusal_shows_little_of_what_was_sent(parse: Parser) -> None:
    with pytest.raises(Refusal) as caught:
        parse(JSON, json(rows=[{**ROW, "bp": "x" * 10_000}]))
    assert "xxx" in caught.value.reason
    assert len(caught.value.body("r")) < 600
