"""A real Bento asked in a process of its own, without a server."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from kaizen.client.comparison import ARRAY, ROWS, Question, compare
from kaizen.client.subprocess_client import apart
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.inference.golden import Golden
from tests.integration.linear import VALUES, linear_release

pytestmark = pytest.mark.integration

Packaged = tuple[Home, Release, Golden]


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return linear_release(tmp_path_factory.mktemp("apart"))


def test_it_answers_as_the_service_would_and_leaves_nothing(packaged: Packaged) -> None:
    home, release, golden = packaged
    pairs = list(zip(golden.requests, golden.responses, strict=True))
    rows = [Question(str(at), ROWS, row, (due,)) for at, (row, due) in enumerate(pairs)]
    bare = [
        Question(f"b{at}", ARRAY, base64.b64encode(VALUES[at].tobytes()).decode(), (due,), (10,))
        for at, due in enumerate(golden.responses)
    ]
    wrong = Question("wrong", ROWS, {**golden.requests[0], "age": "old"}, ({},))
    with apart(release, home) as ask:
        found = compare([*rows, wrong, *bare], ask, at_once=8)
    assert (found.asked, found.same, found.versions) == (41, 40, ("7",))
    assert [(each.id, each.status) for each in found.refused] == [("wrong", 400)]
    assert "valid number" in found.refused[0].reason
    assert not home.events.exists()
    assert list(home.bentoml.glob("build-*")) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.onnx", "damaged", r"v7 refuses to serve: .*the release was changed"),
        (
            "kaizen/server/app.py",
            "raise SystemExit('no such module')",
            "exit code 1: no such module",
        ),
    ],
)
def test_a_damaged_bento_says_so(
    packaged: Packaged, tmp_path: Path, name: str, content: str, message: str
) -> None:
    home, release, _ = packaged
    folder = tmp_path / "bento"
    shutil.copytree(release.path, folder)
    (folder / "src" / name).write_text(content)
    changed = release.model_copy(update={"path": str(folder)})
    with pytest.raises(KaizenError, match=message), apart(changed, home):
        pass


def test_a_bento_that_is_gone_is_named(packaged: Packaged, tmp_path: Path) -> None:
    home, release, _ = packaged
    gone = release.model_copy(update={"path": str(tmp_path / "gone")})
    with pytest.raises(KaizenError, match="the Bento of diabetes v7 is not at"), apart(gone, home):
        pass
