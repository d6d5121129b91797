from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.data import versions
from kaizen.data.digest import frame_digest


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(tmp_path)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image": pd.Series([bytes([i] * 4) for i in range(50)], dtype=object),
            "label": np.arange(50) % 10,
            "weight": np.linspace(0, 1, 50),
            "who": [f"p{i}" for i in range(50)],
        }
    )


def files(place: Home) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in place.root.rglob("*")
        if path.is_file()
    }


def test_the_same_content_never_makes_a_new_version(place: Home) -> None:
    first = versions.store("digits", frame(), place, "shipped")
    before = files(place)
    again = versions.store("digits", frame(), place, "elsewhere")
    assert first.created
    assert not again.created
    assert again.digest == first.digest
    assert again.source == "shipped"
    assert files(place) == before


def test_one_changed_value_makes_a_new_version(place: Home) -> None:
    changed = frame()
    changed.at[7, "image"] = bytes([7, 7, 7, 8])
    one = versions.store("digits", frame(), place, "a")
    two = versions.store("digits", changed, place, "b")
    assert two.created
    assert one.digest != two.digest
    assert {v.digest for v in versions.list_versions("digits", place)} == {one.digest, two.digest}
    assert versions.list_versions("diabetes", place) == []


def test_rows_come_back_as_they_were(place: Home) -> None:
    stored = versions.store("digits", frame(), place, "a")
    back = versions.load("digits", stored.digest, place)
    pd.testing.assert_frame_equal(back, frame())
    assert frame_digest(back) == stored.digest
    assert (stored.rows, stored.columns["label"]) == (50, "int64")


def test_a_damaged_file_is_named_with_both_digests(place: Home) -> None:
    stored = versions.store("digits", frame(), place, "a")
    content = bytearray(stored.path.read_bytes())
    content[100] ^= 1
    stored.path.write_bytes(content)
    with pytest.raises(
        KaizenError, match=r"data\.parquet is damaged: SHA-256 \w{64} expected, \w{64}"
    ):
        versions.load("digits", stored.digest, place)
    stored.path.unlink()
    with pytest.raises(KaizenError, match="no file found"):
        versions.load("digits", stored.digest, place)


def test_an_unknown_version_is_a_usage_error(place: Home) -> None:
    with pytest.raises(UsageError, match="unknown version of digits data 'abc'"):
        versions.load("digits", "abc", place)


def test_many_at_once_make_one_version(place: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(versions.store, "digits", frame(), place, str(i)) for i in range(16)]
        made = [job.result() for job in jobs]
    assert sum(version.created for version in made) == 1
    assert len({version.digest for version in made}) == 1
    assert [path.name for path in (place.datasets / "digits").iterdir()] == [made[0].digest]


def test_a_write_that_fails_leaves_nothing(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions, "file_digest", full)
    with pytest.raises(OSError, match="No space left"):
        versions.store("digits", frame(), place, "a")
    assert list((place.datasets / "digits").iterdir()) == []
