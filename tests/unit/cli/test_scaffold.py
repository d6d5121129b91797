"""A new use case: names that cannot be, and all files or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaizen.cli import scaffold
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.project import Project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("usecases", "configs", "tests/unit/usecases"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Bad Name", "for example 'bad_name'"),
        ("9lives", "for example 'lives'"),
        ("../up", "cannot name a use case"),
        ("ünder", "cannot name a use case"),
        ("a" * 31, "at most 30"),
        ("", "for example 'my_use_case'"),
        ("class", "reserved"),
        ("match", "reserved"),
        ("env", "reserved"),
        ("diabetes", "there is a use case 'diabetes' already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, words: str, root: Path) -> None:
    (root / "configs/diabetes.yaml").touch()
    with pytest.raises(UsageError) as caught:
        scaffold.write(name, "tabular", Project(root))
    assert words in str(caught.value)
    assert everything(root) == ["configs/diabetes.yaml"]


def test_an_unknown_kind_offers_the_nearest(root: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'image'"):
        scaffold.write("mine", "images", Project(root))


@pytest.mark.parametrize(
    "taken", ["usecases/mine.py", "configs/mine.yaml", "tests/unit/usecases/test_mine.py"]
)
def test_nothing_that_is_there_is_overwritten(taken: str, root: Path) -> None:
    (root / taken).write_text("mine")
    with pytest.raises(
        UsageError, match=f"{taken} is there already|there is a use case 'mine' already"
    ):
        scaffold.write("mine", "tabular", Project(root))
    assert everything(root) == [taken]


@pytest.mark.parametrize("kind", scaffold.kinds())
def test_every_file_is_written_and_nothing_is_left_to_fill_in(kind: str, root: Path) -> None:
    files = scaffold.write("my_own", kind, Project(root))
    assert sorted(map(str, files)) == everything(root)
    assert files[-1] == Path("configs/my_own.yaml")
    for file in files:
        text = (root / file).read_text()
        assert "$" not in text
        assert "MyOwn" in text or file.stem not in {"model", "features"}


@pytest.mark.parametrize("failing", range(3))
def test_a_disk_that_fails_in_the_middle_leaves_nothing(
    failing: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = iter(range(3))
    rename = Path.rename

    def broken(path: Path, target: Path) -> Path:
        if not str(target).startswith(str(root / "usecases" / ".new-")) and next(moves) == failing:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(KaizenError, match="cannot write use case 'mine'"):
        scaffold.write("mine", "tabular", Project(root))
    assert everything(root) == []
    assert list((root / "usecases").iterdir()) == []
