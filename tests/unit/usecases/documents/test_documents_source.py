from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.core.settings import HashSplit
from kaizen.data import versions
from kaizen.data.digest import frame_digest
from kaizen.data.faults import BadData
from kaizen.data.split import split
from usecases.documents import generate, labels, prepare, silhouettes, source
from usecases.documents.model import usecase
from usecases.documents.source import Data


@pytest.fixture
def mine(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "mine"))


def test_the_same_seed_makes_the_same_bytes_and_another_other_ones() -> None:
    one, two, other = (list(generate.documents(seed, most=2)) for seed in (5, 5, 6))
    assert one == two
    assert one[0].content != other[0].content
    assert [document.name for document in one][1] == "document-0001-broken.pdf"


def test_no_silhouette_is_used_twice(folder: Path) -> None:
    frame = source.load(Data(path=folder))
    assert not frame["image"].duplicated().any()


def test_broken_documents_are_set_aside_and_the_others_go_on(mine: Path, home: Home) -> None:
    whole = source.load(Data(path=mine))
    (mine / "document-0003.pdf").write_bytes(b"%PDF-1.4 and no more")
    frame = source.load(Data(path=mine))
    due = whole[whole["document"] != "document-0003"].reset_index(drop=True)
    assert frame.equals(due)
    aside = frame.attrs["set_aside"]
    assert aside[0] == "document-0003.pdf: the PDF is cut off: its end is missing"
    assert "labels are of no picture: document-0003_page1" in aside[1]
    kept = list((home.quarantine / "documents").glob("*/document-0003.pdf"))
    assert [path.read_bytes() for path in kept] == [b"%PDF-1.4 and no more"]
    reason = json.loads(kept[0].with_name("reason.json").read_text())
    assert "cut off" in reason["faults"][0]["message"]


def test_only_a_changed_picture_or_label_makes_a_new_version(mine: Path) -> None:
    data = Data(path=mine)
    before, fingerprint = frame_digest(source.load(data)), source.fingerprint(data)
    path = mine / "document-0002.pdf"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"/Author (anonymous)", b"/Author (anonymouz)"))
    assert path.read_bytes() != whole
    assert source.fingerprint(data) != fingerprint
    assert frame_digest(source.load(data)) == before
    shutil.copyfile(mine / "document-0004.pdf", path)
    assert frame_digest(source.load(data)) != before
    path.write_bytes(whole)
    known = labels.read(mine / "labels.json")
    name = next(iter(known))
    labels.write(mine / "labels.json", {**known, name: "cat" if known[name] != "cat" else "dog"})
    assert frame_digest(source.load(data)) != before


def test_a_document_is_in_one_part(folder: Path) -> None:
    parts = split(source.load(Data(path=folder)), HashSplit(by="document", key="a"))
    seen = [set(part["document"]) for part in (parts.train, parts.validation, parts.holdout)]
    assert sum(map(len, seen)) == len(set.union(*seen))
    assert seen[0]
    assert seen[2]


def test_generated_documents_are_made_once(home: Home, monkeypatch) -> None:
    data = Data(documents=2)
    made = source.generated(data, home)
    assert {path.name for path in made.iterdir()} == {
        "document-0001.pdf", "document-0001-broken.pdf", "document-0002.pdf", "labels.json",
    }  # fmt: skip
    monkeypatch.setattr(generate, "documents", lambda *_: 1 / 0)
    assert source.generated(data, home) == made
    assert source.fingerprint(data) != source.fingerprint(Data(documents=3))


def test_labels_go_out_as_they_came_in(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    labels.write(path, {"b_page1_index1.png": "dog", "a_page1_index1.png": "cat"})
    assert json.loads(path.read_text())["annotations"][0] == {
        "fileName": "a_page1_index1.png", "annotation": {"label": "cat"},
    }  # fmt: skip
    again = labels.read(path)
    assert again == {"b_page1_index1.png": "dog", "a_page1_index1.png": "cat"}
    assert labels.dump(again) == path.read_text()


def test_the_labels_of_a_version_are_written(
    folder: Path, other_home: Home, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(labels, "home", lambda: other_home)
    out = tmp_path / "out.json"
    with pytest.raises(UsageError, match="kaizen run documents makes one"):
        labels.main([str(out)])
    frame = source.load(Data(path=folder))
    version = versions.store("documents", frame, other_home, "folder:x")
    for words in ([], [version.digest[:8]]):
        assert labels.main([str(out), *words]).startswith(f"{len(frame)} labels of version")
        assert labels.read(out) == labels.read(folder / "labels.json")
    with pytest.raises(UsageError, match="'nothing'"):
        labels.main([str(out), "nothing"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Invalid JSON"),
        ('{"annotations": [{"fileName": "a"}]}', r"annotations.0.annotation: Field required"),
        ('{"annotations": [{"fileName": "a", "annotation": {"label": "cow"}}]}', "'cow': expected"),
        (
            json.dumps(
                {
                    "annotations": [
                        {"fileName": "a", "annotation": {"label": label}}
                        for label in ("cat", "dog")
                    ]
                }
            ),
            "both 'cat' and 'dog'",
        ),
    ],
)
def test_labels_that_make_no_sense(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(content)
    with pytest.raises(BadData, match=reason):
        labels.read(path)


def test_missing_folders_and_labels_are_named(tmp_path: Path, mine: Path) -> None:
    with pytest.raises(KaizenError, match="no folder"):
        source.fingerprint(Data(path=tmp_path / "nowhere"))
    (mine / "labels.json").unlink()
    with pytest.raises(KaizenError, match=r"labels\.json: No such file"):
        source.load(Data(path=mine))
    labels.write(mine / "labels.json", {})
    with pytest.raises(BadData, match="no PDF file with a labelled picture"):
        source.load(Data(path=mine))
    from kaizen.core.config import load

    with pytest.raises(UsageError, match="give their path too"):
        load("documents", settings=["data.labels=x.json"])


def test_what_breaks_the_contract(folder: Path, home: Home) -> None:
    from kaizen.data.contract import check

    frame = source.load(Data(path=folder))
    frame = frame.loc[frame.index.repeat(2)].reset_index(drop=True).head(60)
    frame["name"] = [f"{at}.png" for at in range(len(frame))]
    for change, reason in (
        ({}, "repeat another"),
        ({"label": "cow"}, "each is one of cat, dog, other"),
        ({"label": "cat"}, "every class"),
        ({"image": bytes(1024)}, "none is blank"),
        ({"image": b"short"}, "each is 1024 bytes"),
    ):
        with pytest.raises(BadData, match=reason):
            check(frame.assign(**change), usecase.contract(), "documents", home)


def test_the_shipped_silhouettes() -> None:
    images, classes = silhouettes.load()
    assert images.shape == (3989, 28, 28)
    assert {name: int((classes == name).sum()) for name in set(classes)} == {
        "cat": 992, "dog": 997, "other": 2000,
    }  # fmt: skip


def test_a_pickle_is_read_without_being_run() -> None:
    import pickle

    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("it was run",))

    assert prepare.payload(pickle.dumps([b"short", b"the longest bytes", Bomb()])) == (
        b"the longest bytes"
    )
    with pytest.raises(KaizenError, match=r"not the wheel of animal-mnist 0\.4"):
        prepare.arrays(b"something else")
