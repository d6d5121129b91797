from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from starlette.datastructures import Headers

from kaizen.core.errors import KaizenError, UsageError
from kaizen.events.read import read
from kaizen.events.replay import as_sent
from kaizen.inference.parser import BYTES, JSON
from kaizen.packaging import bento
from kaizen.server import keyring
from kaizen.server.model import METADATA
from kaizen.server.redaction import Redaction
from kaizen.server.worker import Worker
from usecases.diabetes.features import COLUMNS
from usecases.diabetes.features import features as diabetes
from usecases.digits.features import features as digits

ROW = dict(zip(COLUMNS, np.linspace(-0.1, 0.1, 10).tolist(), strict=True))
BARE = np.array(list(ROW.values()))


def ask(worker: Worker, kind: str, content: bytes) -> dict[str, Any]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content}

    return orjson.loads(asyncio.run(worker.predict(Headers({"content-type": kind}), receive)))


def asked_in_every_form(worker: Worker) -> list[dict[str, Any]]:
    array = {"data": b64encode(BARE.tobytes()).decode(), "shape": [1, 10]}
    return [
        ask(worker, JSON, orjson.dumps({"rows": [ROW]})),
        ask(worker, JSON, orjson.dumps({"array": array})),
        ask(worker, BYTES, BARE.tobytes()),
    ]


@pytest.fixture
def redacting(release, tmp_path: Path):
    """A worker that redacts, its keys and its events below ``tmp_path``."""

    def make(rules: dict[str, str], keys: Path | None = tmp_path / "keys") -> Worker:
        folder = release()
        about = orjson.loads((folder / METADATA).read_bytes())
        (folder / METADATA).write_bytes(orjson.dumps({**about, "redact": rules}))
        return Worker(folder, tmp_path / "events", keys)

    return make


def test_redacted_values_never_reach_the_disk_in_whatever_form_they_came(
    redacting, tmp_path: Path
) -> None:
    keyring.redaction(tmp_path / "keys")
    worker = redacting({"age": "drop", "bmi": "hash"})
    answers = asked_in_every_form(worker)
    worker.close()
    events = list(read(tmp_path / "events"))
    values = [event["inputs"]["values"] for event in events]
    assert [as_sent(diabetes, event) for event in events] == [None] * 3, "nobody asks these again"
    assert len({answer["predictions"][0]["progression"] for answer in answers}) == 1
    assert [each["age"] for each in values] == [None] * 3
    (hashed,) = {each["bmi"] for each in values}
    assert (len(hashed), int(hashed, 16) > 0) == (32, True)
    rest = {name: value for name, value in ROW.items() if name not in {"age", "bmi"}}
    assert all({**each, **rest} == each for each in values)
    written = b"".join(path.read_bytes() for path in (tmp_path / "events").iterdir())
    assert str(ROW["age"]).encode() not in written
    assert str(ROW["bmi"]).encode() not in written
    assert b64encode(BARE.tobytes()) not in written


def test_hashes_join_within_a_home_and_not_across() -> None:
    from kaizen.inference.parser import Batch

    def hashed(key: bytes, **values: Any) -> list[str]:
        rules = dict.fromkeys(values, "hash")
        batch = Batch(1, {}, [{"values": values}])
        return list(Redaction(digits, rules, key)(batch).logged[0]["values"].values())

    one, other = hashed(b"a", x="Smith", y="Smith")
    assert one == other
    assert hashed(b"a", x="Smithe") != [one]
    assert hashed(b"b", x="Smith") != [one]
    assert hashed(b"a", x=None) == [None]


def test_an_array_input_is_redacted_as_a_whole() -> None:
    from kaizen.inference.parser import Parser

    image = np.arange(784, dtype=np.uint8)
    batch = Parser(digits, 10)(BYTES, image.tobytes())
    found = Redaction(digits, {"image": "drop"}, b"")(batch)
    assert found.logged == [{"values": {"image": None}, "redacted": ["image"]}]
    assert found.columns is batch.columns


def test_nothing_to_redact_costs_nothing(release, tmp_path: Path) -> None:
    worker = Worker(release(), tmp_path / "events")
    assert worker._redact is None
    worker.close()


@pytest.mark.parametrize("folder", [None, "keys"])
def test_a_service_without_the_key_does_not_get_ready(
    redacting, tmp_path: Path, folder: str | None
) -> None:
    with pytest.raises(KaizenError, match="hashes bmi, and there is no key"):
        redacting({"bmi": "hash"}, tmp_path / folder if folder else None)
    redacting({"bmi": "drop"}, None).close()


def test_the_rule_travels_and_an_unknown_field_is_refused_with_the_nearest(
    onnx_model: bytes, golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kaizen.core.paths import Home
    from kaizen.core.settings import EventsRule, ServingRule

    laid: list[bytes] = []
    monkeypatch.setattr(bento, "_build", lambda *given: laid.append(given[2][METADATA]))

    def build(**redact: str) -> None:
        bento.build(
            usecase="diabetes", version="7", model=onnx_model, golden=golden, metadata={},
            rule=ServingRule(), home=Home(tmp_path), events=EventsRule(redact=redact),
        )  # fmt: skip

    build(age="hash")
    assert orjson.loads(laid[0])["redact"] == {"age": "hash"}
    with pytest.raises(UsageError, match=r"unknown field in events.redact 'bmo': .*'bmi'"):
        build(bmo="drop")
