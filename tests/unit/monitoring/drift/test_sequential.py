import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.sequential import THRESHOLD, Stream, update


def test_evidence_is_one_on_average_and_alarms_are_rare_without_drift() -> None:
    random = np.random.default_rng(0)
    p = (1 + np.arange(1_000_000)) / 1_000_000
    assert np.mean(0.3 * p**-0.7) == pytest.approx(1, abs=0.02)
    e_value, alarms = 1.0, 0
    for value in random.uniform(1e-9, 1, 100_000):
        e_value = update(e_value, value)
        if e_value >= THRESHOLD:
            e_value, alarms = 1.0, alarms + 1
    assert alarms <= 100  # what theory allows; in fact it is far less


@pytest.mark.parametrize("p", [0, -1, 1.01, float("nan")])
def test_no_probability_is_no_evidence(p: float) -> None:
    with pytest.raises(ValueError, match="expected more than 0"):
        update(1, p)


def test_a_stream_alarms_stays_alarmed_and_begins_anew(tmp_path: Path) -> None:
    stream = Stream(tmp_path / "deep" / "stream.json", "v1")
    assert stream.state().seen == 0
    for at in range(3):
        state = stream.add(f"w{at}", [0.001])
    assert (state.alarmed, state.alarmed_at, state.seen) == (True, 2, 3)
    assert stream.add("calm", [0.9] * 50).alarmed
    assert not Stream(stream.path, "v2").state().alarmed
    stream.reset()
    assert (stream.state().alarmed, stream.state().e_value) == (False, 1.0)
    assert stream.add("w0", [0.001]).seen == 0


def test_a_window_is_counted_once(tmp_path: Path) -> None:
    stream = Stream(tmp_path / "stream.json", "v1")
    assert stream.add("monday", [0.2, 0.4]) == stream.add("monday", [0.2, 0.4])
    assert stream.state().seen == 2


def test_a_stream_of_an_earlier_kaizen_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "stream.json"
    path.write_text('{"profile":"v1","strength":640.0,"seen":9,"alarmed_at":null,"keys":["w9"]}')
    stream = Stream(path, "v1")
    assert (stream.state().e_value, stream.state().seen) == (640.0, 9)
    assert stream.add("w10", [0.001]).alarmed
    assert json.loads(path.read_text())["strength"] == stream.state().e_value > 1_000


def test_a_damaged_state_is_said_so(tmp_path: Path) -> None:
    stream = Stream(tmp_path / "stream.json", "v1")
    stream.add("monday", [0.2])
    stream.path.write_text(stream.path.read_text()[:20])
    with pytest.raises(KaizenError, match=r"stream\.json is damaged"):
        stream.state()


WRITER = """
import sys
from pathlib import Path
from kaizen.monitoring.drift.sequential import Stream
stream = Stream(Path(sys.argv[1]), "v1")
for at in range(100_000):
    stream.add(f"w{at}", [0.5])
    print(at, flush=True)
"""


def test_kill_loses_nothing_that_was_counted(tmp_path: Path) -> None:
    stream = Stream(tmp_path / "stream.json", "v1")
    for _ in range(5):
        before = stream.state().seen
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(stream.path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            acknowledged = [int(process.stdout.readline()) for _ in range(before + 4)][-1]
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += len(process.stdout.read().splitlines())
        # One more may have been written and not yet said.
        assert acknowledged + 1 <= stream.state().seen <= acknowledged + 2
