"""The shared work, and the environments that run it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import workloads
from benchmarks.cases import CASES, OTHERS
from benchmarks.environments import REQUIREMENTS


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "trace"
    monkeypatch.setenv("BENCH_TRACE", str(file))
    return file


def test_every_piece_of_work_leaves_what_it_computed(trace: Path) -> None:
    assert workloads.noop(0) == 1
    assert workloads.noop(1, 4, 2) == 5
    workloads.burn(2, 10)
    lines = trace.read_text().splitlines()
    assert lines[:2] == ["noop-0 1", "noop-1 5"]
    assert lines[2].startswith("burn-2 ")


def test_the_frame_has_its_size_and_its_steps_do_what_they_say(trace: Path) -> None:
    rows = next(case for case in CASES if case.name == "frame").params["rows"]
    made = workloads.make_frame(7000)
    assert made.to_numpy().nbytes * rows / len(made) == 96e6
    filled = workloads.fill(made)
    assert made["c0"].isna().sum() == 1000
    assert not filled.isna().to_numpy().any()
    scaled = workloads.standardise(filled)
    np.testing.assert_allclose(scaled.std(), 1)
    assert workloads.clip(scaled).to_numpy().max() < scaled.to_numpy().max()
    assert [line.split()[0] for line in trace.read_text().splitlines()] == [
        "make", "fill", "standardise", "clip",
    ]  # fmt: skip


@pytest.mark.parametrize("peer", OTHERS)
def test_a_peer_is_pinned_to_the_last_package(peer: str) -> None:
    lines = (REQUIREMENTS / f"{peer}.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+( ;.*)?", line) for line in wanted)
    assert any(line.startswith(f"{peer}==") for line in wanted)
