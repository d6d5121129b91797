from pathlib import Path

import numpy as np
import pytest
from logged import event

from kaizen.events.schema import line, pack
from kaizen.events.spool import Spool
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.sequential import ROW_THRESHOLD
from kaizen.monitoring.observation import observe_frame
from kaizen.monitoring.windows.live import Live
from usecases.churn.features import features

RANDOM = np.random.default_rng(0)
ROW = features.Request.model_validate(features.examples[0]).model_dump(mode="json")


def sure(rows: int) -> np.ndarray:
    """Confident answers (n, 2), as the model usually gives."""
    high = RANDOM.uniform(0.9, 1.0, rows)
    return np.column_stack([high, 1 - high]).astype(np.float32)


def unsure(rows: int) -> np.ndarray:
    return np.full((rows, 2), 0.5, dtype=np.float32)


@pytest.fixture(scope="module")
def profile() -> Profile:
    seen = observe_frame({"confidence": sure(2000).max(axis=1)})
    return Profile.fit(seen, confidence="confidence", window=100, seed=0, draws=1_999)


def answer(folder: Path, probabilities: np.ndarray, version: str = "3") -> None:
    spool = Spool(folder)
    for at, packed in enumerate(pack(probabilities)):
        made = event(at, version, inputs={"values": ROW}, outputs={"probabilities": packed})
        spool.write([line(made)])
    spool.close()


def test_rows_unlike_any_alarm_at_once_and_the_watching_begins_anew(
    tmp_path: Path, profile: Profile
) -> None:
    answer(tmp_path, unsure(50))  # before anybody looked
    live = Live(features, profile, tmp_path, "3")
    assert live.look() is None
    answer(tmp_path, sure(300))
    assert live.look() is None
    answer(tmp_path, unsure(50), version="2")
    assert live.look() is None, "another version's"
    answer(tmp_path, unsure(12))
    found = live.look()
    assert found is not None
    assert found.alarmed
    assert found.strength >= ROW_THRESHOLD
    assert 300 < found.seen <= 312
    assert live.look() is None
    answer(tmp_path, unsure(12))
    again = live.look()
    assert again is not None
    assert again.seen <= 24


def test_a_profile_that_rows_do_not_tell_anything_of_never_alarms(tmp_path: Path) -> None:
    plain = Profile.fit(observe_frame({"x": RANDOM.normal(size=500)}), window=100, seed=0)
    live = Live(features, plain, tmp_path, "3")
    answer(tmp_path, unsure(50))
    assert live.look() is None
