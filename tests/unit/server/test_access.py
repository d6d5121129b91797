from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kaizen.inference.refusal import Refusal
from kaizen.server import access, keyring
from kaizen.server.access import Door, required
from kaizen.server.app import create
from tests.shared.keys import secret_of
from usecases.diabetes.features import COLUMNS

ROWS = {"rows": [dict.fromkeys(COLUMNS, 0.01)]}


@pytest.mark.parametrize(
    ("rule", "address", "due"),
    [
        ("auto", "127.0.0.1", False),
        ("auto", "127.8.9.1", False),
        ("auto", "::1", False),
        ("auto", "localhost", False),
        ("auto", "0.0.0.0", True),  # noqa: S104
        ("auto", "::", True),
        ("auto", "192.168.1.7", True),
        ("auto", "kaizen.example", True),
        ("auto", "", True),
        ("always", "127.0.0.1", True),
        ("never", "0.0.0.0", False),  # noqa: S104
    ],
)
def test_when_a_key_is_needed(rule: str, address: str, due: bool) -> None:
    assert required(rule, address) is due


def asked(door: Door, scope: str = "predict", **headers: str) -> Refusal | bool:
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    try:
        return door.admit(raw, scope)
    except Refusal as refusal:
        return refusal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def door(folder: Path) -> Door:
    return Door("always", "127.0.0.1", folder)


def outcome(result: Refusal | bool) -> Any:
    return (result.status, result.kind) if isinstance(result, Refusal) else result


def test_a_key_opens_what_it_is_for(folder: Path, door: Door) -> None:
    keys = {scope: keyring.create(folder, f"for-{scope}", scope) for scope in access.SCOPES}
    for header in ("authorization", "x_api_key"):
        for scheme in ("Bearer ", "bearer  ") if header == "authorization" else ("",):
            for scope, key in keys.items():
                found = outcome(asked(door, **{header: scheme + key}))
                assert found == ((403, "key_scope") if scope == "label" else False)
                assert asked(door, "label", **{header: scheme + keys["label"]}) is False


def test_what_is_no_key_opens_nothing(folder: Path, door: Door) -> None:
    key = keyring.create(folder, "shop", "predict")
    assert outcome(asked(door)) == (401, "key_missing")
    mark = key.split("_")[1]
    stolen = access.read(folder)[mark].digest
    for sent in ("x", key[:-1], key + "x", f"kz_{mark}_", f"kz_{mark}_{stolen}", "é", "__", stolen):
        assert outcome(asked(door, x_api_key=sent)) == (401, "key_unknown"), sent
        refusal = asked(door, authorization=f"Bearer {sent}")
        assert outcome(refusal) == (401, "key_unknown")
        assert sent == "x" or sent.encode() not in refusal.body("r")
    assert outcome(asked(door, authorization=f"Basic {key}")) == (401, "key_missing")


def test_keys_come_and_go_while_the_service_runs(
    folder: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    looks = []
    real = access._signature
    monkeypatch.setattr(access, "_signature", lambda path: (looks.append(path), real(path))[1])
    first = keyring.create(folder, "first", "predict")
    assert asked(door, x_api_key=first) is False
    second = keyring.create(folder, "second", "predict")
    assert outcome(asked(door, x_api_key=second)) == (401, "key_unknown")
    assert len(looks) == 2, "both files, once a second"
    keyring.revoke(folder, "first")
    now += access.LOOK_S
    assert asked(door, x_api_key=second) is False
    assert outcome(asked(door, x_api_key=first)) == (401, "key_unknown")
    (folder / "keys.json").write_text("{")
    now += access.LOOK_S
    assert asked(door, x_api_key=second) is False, "a damaged file turns nobody away"
    (folder / "keys.json").unlink()
    now += access.LOOK_S
    assert outcome(asked(door, x_api_key=second)) == (401, "key_unknown")


def test_kaizens_own_question_needs_no_key_and_no_other_passes_for_it(
    folder: Path, door: Door
) -> None:
    secret = keyring.probe(folder)
    assert asked(door, x_kaizen_probe=secret) is True
    for sent in ("", "1", secret[:-1]):
        assert outcome(asked(door, x_kaizen_probe=sent)) == (401, "key_missing")
    nobodys = Door("never", "127.0.0.1", None)
    assert asked(nobodys, x_kaizen_probe=secret) is False
    assert asked(nobodys, x_kaizen_probe="") is False


@pytest.fixture
def client(release: Any, folder: Path) -> Iterator[TestClient]:
    app = create(release(require_key="always"), None, folder)
    with TestClient(app) as running:
        yield running


def test_over_http(client: TestClient, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = keyring.create(folder, "shop", "predict")
    other = keyring.create(folder, "other", "label")
    assert client.post("/predict", json=ROWS, headers={"x-api-key": key}).status_code == 200
    missing = client.post("/predict", json=ROWS)
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"] == 'Bearer realm="kaizen"'
    assert missing.headers["content-type"] == "application/problem+json"
    wrong = client.post("/predict", json=ROWS, headers={"authorization": f"Bearer {key}x"})
    assert (wrong.status_code, "invalid_token" in wrong.headers["www-authenticate"]) == (401, True)
    scope = client.post("/predict", json=ROWS, headers={"x-api-key": other})
    assert (scope.status_code, scope.json()["type"]) == (403, "/problems/key-scope")
    assert client.post(f"/predict?x-api-key={key}", json=ROWS).status_code == 401, "not in a URL"
    for path in ("/livez", "/readyz", "/metrics", "/version", "/openapi.json"):
        assert client.get(path).status_code == 200
    figures = client.get("/metrics").text
    for kind, count in {"key_missing": 2, "key_unknown": 1, "key_scope": 1}.items():
        name = (
            f'kaizen_rejected_total{{field="other",kind="{kind}",usecase="diabetes",version="7"}}'
        )
        assert f"{name} {count}.0" in figures
    # Not what the asking client logs of its own URL.
    said = "".join(each.getMessage() for each in caplog.records if each.name != "httpx")
    for text in (figures, said, missing.text, wrong.text, scope.text):
        assert key not in text
        assert secret_of(key)[:20] not in text


def test_files_are_this_users_alone(folder: Path) -> None:
    mask = os.umask(0)
    try:
        key = keyring.create(folder, "shop", "predict")
        secret = keyring.probe(folder)
    finally:
        os.umask(mask)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}
    assert modes == {"keys": 0o700, "keys.json": 0o600, "probe": 0o600, "lock": 0o600}
    kept = (folder / "keys.json").read_text()
    assert key not in kept
    assert secret_of(key) not in kept
    assert keyring.probe(folder) == secret


async def _at_once(folder: Path) -> tuple[list[str], list[str]]:
    keys = [asyncio.to_thread(keyring.create, folder, f"k{at}", "predict") for at in range(12)]
    probes = [asyncio.to_thread(keyring.probe, folder) for _ in range(12)]
    made = await asyncio.gather(*keys, *probes)
    return made[:12], made[12:]


def test_many_at_once_lose_no_key(folder: Path) -> None:
    keys, probes = asyncio.run(_at_once(folder))
    assert len(set(keys)) == 12
    assert len(set(probes)) == 1
    assert len(keyring.listed(folder)) == 12
