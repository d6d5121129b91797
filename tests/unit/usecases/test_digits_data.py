from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from kaizen.core.errors import KaizenError
from kaizen.data.contract import faults
from usecases.digits import prepare, source
from usecases.digits.model import usecase

COUNTS = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]


@pytest.fixture(scope="module")
def digits() -> pd.DataFrame:
    return source.load(source.Data())


def test_the_shipped_digits(digits: pd.DataFrame) -> None:
    assert digits["label"].value_counts().sort_index().tolist() == COUNTS
    assert digits["label"].dtype == np.int64
    assert digits["image"].nunique() == 10_000
    assert digits["label"].head(100).nunique() == 10, "classes are mixed"


def test_the_shipped_digits_keep_the_contract(digits: pd.DataFrame) -> None:
    assert faults(digits, usecase.contract())[1] == []


def test_the_provenance_states_the_digest() -> None:
    text = (source.PACKAGED.parent / "PROVENANCE.md").read_text()
    assert source.PACKAGED_SHA256 in text
    assert f"{source.PACKAGED.stat().st_size:,} bytes" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.assign(image=[f["image"][0][:-1], *f["image"][1:]]), "each is 784 bytes"),
        (lambda f: f.assign(image=[bytes(784), *f["image"][1:]]), "none is blank"),
        (lambda f: f.assign(image=[None, *f["image"][1:]]), "1 rows have no value"),
        (lambda f: f.assign(label=[10, *f["label"][1:]]), "each is 0 to 9"),
        (lambda f: f.assign(label=f["label"].astype(str)), "expected int64"),
        (lambda f: f[f["label"] != 5], "every digit in at least 2%"),
        (lambda f: f.head(100), "at least 200 rows"),
        (lambda f: f.assign(image=f["image"].map(inverted)), "mean pixel 0.02 to 0.4"),
        (lambda f: pd.concat([f, f.head(50)]), "repeat another row"),
        (lambda f: f.drop(columns="label"), "column 'label' is missing"),
    ],
)
def test_each_bad_set_of_digits_is_named(change, words: str, digits: pd.DataFrame) -> None:  # type: ignore[no-untyped-def]
    frame = change(digits.head(1000)).reset_index(drop=True)
    found = faults(frame, usecase.contract())[1]
    assert words in " | ".join(fault.message for fault in found)
    assert len(found) == 1, found


def inverted(image: bytes) -> bytes:
    return bytes(255 - pixel for pixel in image)


def archive(path: Path, **arrays: np.ndarray) -> Path:  # type: ignore[type-arg]
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


def test_a_damaged_file_is_named_with_both_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(source.PACKAGED.read_bytes())
    content[1000] ^= 1
    damaged = tmp_path / "mnist-10k.npz"
    damaged.write_bytes(content)
    monkeypatch.setattr(source, "PACKAGED", damaged)
    found = hashlib.sha256(content).hexdigest()
    with pytest.raises(KaizenError) as caught:
        source.load(source.Data())
    for part in (str(damaged), source.PACKAGED_SHA256, found):
        assert part in str(caught.value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    labels = np.arange(5, dtype=np.uint8)
    path = archive(tmp_path / "mine.npz", images=images, labels=labels)
    frame = source.load(source.Data(path=path))
    assert frame["image"][2] == images[2].tobytes()
    assert frame["label"].tolist() == [0, 1, 2, 3, 4]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(source.load(source.Data(path=path, sha256=digest))) == 5
    with pytest.raises(KaizenError, match=f"{'0' * 64} expected, {digest} found"):
        source.load(source.Data(path=path, sha256="0" * 64))
    before = source.fingerprint(source.Data(path=path))
    archive(path, images=images[:4], labels=labels[:4])
    assert source.fingerprint(source.Data(path=path)) != before


def test_what_is_no_file_of_digits(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with pytest.raises(KaizenError, match=r"cannot read the digits in .*mine\.npz: No such file"):
        source.load(source.Data(path=path))
    path.write_text("hello")
    with pytest.raises(KaizenError, match=r"holds no digits: expected an \.npz"):
        source.load(source.Data(path=path))
    archive(path, pictures=np.zeros(3))
    with pytest.raises(KaizenError, match="holds no digits"):
        source.load(source.Data(path=path))
    archive(path, images=np.array([{}] * 2, dtype=object), labels=np.zeros(2))
    with pytest.raises(KaizenError, match="holds no digits"):  # pickles are never read
        source.load(source.Data(path=path))
    archive(path, images=np.zeros((3, 27, 28), np.uint8), labels=np.zeros(3, np.uint8))
    with pytest.raises(KaizenError, match=r"images \(3, 27, 28\) uint8"):
        source.load(source.Data(path=path))


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="path goes with source packaged only"):
        source.Data(source="keras", path=Path("x"))
    with pytest.raises(ValidationError, match="give its path too"):
        source.Data(sha256="0" * 64)


def tarball(decimals: list[float]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        for digit in range(10):
            content = json.dumps({"data": decimals}).encode()
            entry = tarfile.TarInfo(f"package/src/digits/{digit}.json")
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_the_converter_finds_every_byte_again_and_writes_the_same_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = [value % 256 for value in range(784 * 2)]
    content = tarball([round(value / 255, 3) for value in original])
    with pytest.raises(KaizenError, match=r"not mnist 1\.1\.0"):
        prepare.arrays(content)
    monkeypatch.setattr(prepare, "TARBALL_SHA512", hashlib.sha512(content).hexdigest())
    images, labels = prepare.arrays(content)
    assert images.shape == (20, 28, 28)
    assert sorted(labels.tolist()) == sorted(list(range(10)) * 2)
    assert {image.tobytes() for image in images} == {bytes(original[:784]), bytes(original[784:])}
    assert prepare.packed(images, labels) == prepare.packed(images, labels)
    with pytest.raises(KaizenError, match="not a multiple of 1/255"):
        prepare.pixels(np.array([0.5]))


def test_the_shipped_file_is_what_the_converter_packs() -> None:
    with np.load(source.PACKAGED, allow_pickle=False) as shipped:
        images, labels = shipped["images"], shipped["labels"]
    again, same_labels = prepare.mixed(images, labels)
    assert np.array_equal(again, images)
    assert np.array_equal(same_labels, labels)
