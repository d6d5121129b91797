from __future__ import annotations

import time
import uuid

import numpy as np
import orjson
import pytest

from kaizen.events.schema import PROBE_PREFIX, line, new_id, pack, unpack


@pytest.mark.parametrize("dtype", ["uint8", "<f4", ">f4", "<f8", "<i8", "bool"])
@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 2, 4)])
def test_arrays_survive_json(dtype: str, shape: tuple[int, ...]) -> None:
    rows = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    back = [unpack(orjson.loads(orjson.dumps(row))) for row in pack(rows)]
    np.testing.assert_array_equal(np.stack(back), rows)
    assert all(row.shape == shape[1:] for row in back)


def test_text_survives_json() -> None:
    rows = np.array([["young, 1 € a day", "b"], ["", "größer"]], dtype=object)
    back = [unpack(orjson.loads(orjson.dumps(row))) for row in pack(rows)]
    np.testing.assert_array_equal(np.stack(back), rows)


def test_a_view_that_is_not_contiguous_packs_its_own_values() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4).T
    np.testing.assert_array_equal(np.stack([unpack(row) for row in pack(rows)]), rows)


def test_ids_are_uuids_of_version_7_in_the_order_of_their_making() -> None:
    ids = []
    for _ in range(5):
        ids.append(new_id())
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert len({new_id() for _ in range(5000)}) == 5000
    parsed = uuid.UUID(ids[0])
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert abs(int(ids[0][:12], 16) / 1000 - time.time()) < 5


def test_a_probe_is_known_by_the_start_of_its_line(make) -> None:
    (event,) = make()
    assert line({"probe": True, **event}).startswith(PROBE_PREFIX)
    assert not line(event).startswith(PROBE_PREFIX)
    assert line(event).count(b"\n") == 1
    assert line(event).endswith(b"}\n")
