"""Laws of the split and of the digests, on rows drawn at random."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaizen.core.errors import KaizenError
from kaizen.core.settings import FixedSplit, HashSplit
from kaizen.data.digest import file_digest, frame_digest, row_digests
from kaizen.data.split import split

PARTS = ("train", "validation", "holdout")
ROW = st.tuples(st.binary(max_size=4), st.integers(-9, 9), st.floats(-1, 1), st.text(max_size=3))
ROWS = st.lists(ROW, min_size=1, max_size=40)
quick = settings(max_examples=40, deadline=None)


def frame(rows: list[tuple[bytes, int, float, str]]) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "blob": pd.Series(columns[0], dtype=object),
            "whole": np.array(columns[1], dtype=np.int64),
            "real": np.array(columns[2], dtype=np.float64),
            "text": pd.Series(columns[3], dtype="str"),
        }
    )


def base(rows: int = 400) -> pd.DataFrame:
    return frame([(bytes([i % 256, i // 256]), i, i / 1000, str(i)) for i in range(rows)])


def places(data: pd.DataFrame) -> dict[bytes, str]:
    parts = split(data, HashSplit())
    return {digest: name for name in PARTS for digest in row_digests(getattr(parts, name))}


@quick
@given(ROWS)
def test_added_rows_never_move_a_row(more: list[tuple[bytes, int, float, str]]) -> None:
    data = base()
    before = places(data)
    mixed = pd.concat([frame(more), data]).sample(frac=1, random_state=len(more))
    after = places(mixed)
    assert {digest: after[digest] for digest in before} == before


@quick
@given(ROWS)
def test_equal_rows_stay_together(rows: list[tuple[bytes, int, float, str]]) -> None:
    parts = split(pd.concat([base(), frame(rows), frame(rows)]), HashSplit())
    seen = [set(row_digests(getattr(parts, name))) for name in PARTS]
    assert all(one.isdisjoint(other) for one, other in combinations(seen, 2))
    assert sum(len(getattr(parts, name)) for name in PARTS) == 400 + 2 * len(rows)


@quick
@given(st.text(min_size=1, max_size=20), st.floats(0.1, 0.4), st.floats(0.05, 0.3))
def test_shares_are_about_right(key: str, holdout: float, validation: float) -> None:
    rows = 2000
    parts = split(base(rows), HashSplit(key=key, holdout=holdout, validation=validation))
    assert len(parts.holdout) / rows == pytest.approx(holdout, abs=0.06)
    assert len(parts.validation) / rows == pytest.approx(validation, abs=0.06)


def test_another_key_splits_differently() -> None:
    one, two = (split(base(), HashSplit(key=key)).holdout["whole"] for key in ("a", "b"))
    assert set(one) != set(two)


@quick
@given(ROWS)
def test_row_digests_ignore_order_of_columns_and_index(
    rows: list[tuple[bytes, int, float, str]],
) -> None:
    data = frame(rows)
    turned = data[data.columns[::-1]].set_axis([f"i{at}" for at in range(len(data))])
    assert row_digests(turned) == row_digests(data)


@quick
@given(ROWS, st.data())
def test_one_changed_byte_gives_another_digest(
    rows: list[tuple[bytes, int, float, str]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    blob, *others = rows[at]
    place = data.draw(st.integers(0, len(blob)))
    changed = bytearray(blob or b"\0")
    if blob and place < len(blob):
        changed[place] ^= data.draw(st.integers(1, 255))
    else:
        changed.append(0)
    other = [*rows[:at], (bytes(changed), *others), *rows[at + 1 :]]
    before, after = row_digests(frame(rows)), row_digests(frame(other))
    assert [a != b for a, b in zip(before, after, strict=True)] == [
        i == at for i in range(len(rows))
    ]
    assert frame_digest(frame(rows)) != frame_digest(frame(other))


def test_values_cannot_run_into_each_other() -> None:
    one = pd.DataFrame({"a": ["xy"], "b": ["z"]})
    two = pd.DataFrame({"a": ["x"], "b": ["yz"]})
    assert row_digests(one) != row_digests(two)


def test_fixed_split_is_scikit_learns_and_has_no_validation() -> None:
    parts = split(base(100), FixedSplit(holdout=0.2, seed=0))
    assert (len(parts.train), len(parts.validation), len(parts.holdout)) == (80, 0, 20)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(KaizenError, match="bring more rows"):
        split(base(1), HashSplit())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KaizenError, match=f"cannot read data from {tmp_path / 'no.csv'}: No such"):
        file_digest(tmp_path / "no.csv")


def test_rows_of_one_group_stay_together_and_growth_moves_no_group() -> None:
    data = base().assign(group=[f"g{at // 5}" for at in range(400)])
    rule = HashSplit(by="group")
    parts = split(data, rule)
    groups = [set(getattr(parts, name)["group"]) for name in PARTS]
    assert sum(map(len, groups)) == 80
    assert all(groups)
    more = pd.concat([data.assign(real=0.0), data.head(40).assign(group="g0")])
    grown = split(more, rule)
    assert [set(getattr(grown, name)["group"]) for name in PARTS] == groups


def test_a_group_that_is_no_column_is_named() -> None:
    with pytest.raises(KaizenError, match=r"split\.by is 'grup': expected one of the columns blob"):
        split(base(), HashSplit(by="grup"))
