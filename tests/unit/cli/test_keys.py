from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kaizen.cli import main
from tests.shared.keys import secret_of


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["kaizen", *words])
    with pytest.raises(SystemExit) as ended:
        main.main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIZEN_HOME", str(tmp_path))


def test_a_key_is_shown_once(capsys, monkeypatch, tmp_path: Path) -> None:
    code, out, _ = run(capsys, monkeypatch, "keys", "create", "shop", "--scope", "label", "--json")
    made = json.loads(out)
    assert (code, made["name"], made["scope"]) == (0, "shop", "label")
    assert made["key"].startswith("kz_")
    code, out, _ = run(capsys, monkeypatch, "keys", "list", "--json")
    (listed,) = json.loads(out)["keys"]
    assert (code, set(listed)) == (0, {"name", "scope", "created"})
    code, out, _ = run(capsys, monkeypatch, "keys", "list")
    assert "shop" in out
    assert run(capsys, monkeypatch, "keys", "revoke", "shop")[0] == 0
    assert "no key" in run(capsys, monkeypatch, "keys", "list")[1]
    left = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert secret_of(made["key"]) not in left


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "a/b"), "expected 1 to 64 letters"),
        (("create", "new", "--scope", "predikt"), "did you mean 'predict'"),
        (("create", "shop"), "there is a key 'shop'"),
        (("revoke", "shp"), "did you mean 'shop'"),
    ],
)
def test_wrong_words(capsys, monkeypatch, words: tuple[str, ...], said: str) -> None:
    run(capsys, monkeypatch, "keys", "create", "shop")
    code, _, err = run(capsys, monkeypatch, "keys", *words)
    assert (code, said in err) == (2, True), err
    assert len(err.splitlines()) == 1
