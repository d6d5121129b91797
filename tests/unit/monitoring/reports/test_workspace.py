"""Reports on disk: real pages and a real workspace of Evidently."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaizen.cleanup import half_written
from kaizen.core.paths import Home
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.performance.evaluate import LabelledPairs
from kaizen.monitoring.reports import evidently_report, workspace
from kaizen.monitoring.reports.workspace import Kept, add, project_id, prune

pytestmark = pytest.mark.slow
AT = datetime(2026, 1, 31, 2, tzinfo=UTC)


def rows(count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "bmi": random.normal(25 + shift, 4, count),
            "digit": random.integers(0, 10, count),
            "embedding": list(random.normal(size=(count, 4))),
        }
    )


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return rows(400, 0)


def evidently(folder: Path):
    from evidently.ui.workspace import Workspace

    return Workspace(str(folder / workspace.WORKSPACE))


def drawn_metrics(model) -> dict[str, Any]:
    """What was measured, by the name of its kind."""
    return {
        each.metric_value_location.metric.params["type"].rpartition(":")[2]: each
        for each in model.metric_results.values()
    }


def test_a_report_is_a_page_and_a_run_of_the_use_cases_project(
    tmp_path: Path, reference: pd.DataFrame
) -> None:
    known = reference.drop(columns="embedding")
    profile = Profile.fit(known, categorical=["digit"], window=100, seed=0, draws=1999)
    window = rows(100, 1, shift=6)
    verdict = profile.check(window.drop(columns="embedding"))
    assert verdict.drifted
    kept = add(
        tmp_path, "digits", "an <alert>", reference, window, at=AT, tags=["alert"], drift=verdict
    )
    assert kept.path.parent == tmp_path / "reports" / "digits"
    page = kept.path.read_text(encoding="utf-8")
    top = page.split("<body>")[1].partition("<script")[0]
    assert "an &lt;alert&gt;</h1>" in top
    assert "Verdict: drift in bmi" in top
    assert "2026-01-31 02:00:00 UTC" in top
    assert "drift detected" not in page.lower()
    assert 'src="http' not in page
    found = evidently(tmp_path)
    (project,) = found.list_projects()
    assert (project.name, project.id) == ("digits", project_id("digits"))
    (run,) = found.list_runs(project.id)
    assert run == kept.run
    model = found.get_run(project.id, run)
    assert (model.name, model.tags) == ("an <alert>", ["alert"])
    assert model.timestamp == AT.replace(tzinfo=None)
    assert model.metadata["kaizen"].startswith("Verdict: drift in bmi")
    assert not any(each.tests for each in model.metric_results.values())
    assert [panel.title for panel in project.dashboard.model().panels] == [
        "rows", "missing values, share", "mean of bmi",
    ]  # fmt: skip


def test_the_same_window_twice_is_one_report_and_labels_renew_it(
    tmp_path: Path, reference: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = rows(100, 1)

    def again(performance: LabelledPairs | None = None) -> Kept:
        return add(tmp_path, "digits", "night", reference, window, at=AT, performance=performance)

    first = again()
    before = first.path.read_bytes()
    monkeypatch.setattr(evidently_report, "drawn", lambda *_, **__: pytest.fail("drawn again"))
    assert again() == first
    monkeypatch.undo()
    truth = window["digit"].to_numpy()
    assert again(LabelledPairs(truth, np.where(truth > 2, truth, 0), "classification")) == first
    assert first.path.read_bytes() != before
    model = evidently(tmp_path).get_run(first.project, first.run)
    assert {"Accuracy", "MeanValue"} <= drawn_metrics(model).keys()
    assert list(first.path.parent.iterdir()) == [first.path]
    # What somebody removed in Evidently's interface comes back.
    project = tmp_path / workspace.WORKSPACE / str(first.project)
    snapshot = project / "snapshots" / f"{first.run}.json"
    snapshot.unlink()
    again(LabelledPairs(truth, np.where(truth > 2, truth, 0), "classification"))
    assert snapshot.exists()
    # Another window is another report.
    assert add(tmp_path, "digits", "night", reference, rows(100, 2), at=AT).run != first.run
    assert len(evidently(tmp_path).list_runs(first.project)) == 2


def test_answers_in_numbers_are_drawn_with_both_columns(
    tmp_path: Path, reference: pd.DataFrame
) -> None:
    truth = np.linspace(0, 1, 60)
    off = truth + np.where(np.arange(60) % 2, 0.1, -0.3)
    for title, labelled, note in (
        ("few", LabelledPairs(truth[:9], off[:9], "regression"), "9 labelled rows are too few"),
        ("many", LabelledPairs(truth, off, "regression"), ""),
        (
            "perfect",
            LabelledPairs(truth, truth + 0.1, "regression"),
            "Performance could not be drawn",
        ),
    ):
        kept = add(tmp_path, "digits", title, reference, rows(60, 3), at=AT, performance=labelled)
        model = evidently(tmp_path).get_run(kept.project, kept.run)
        found = drawn_metrics(model)
        assert note in kept.path.read_text(encoding="utf-8")
        if note:
            assert "MAE" not in found
        else:
            assert found["MAE"].mean.value == pytest.approx(0.2)


@pytest.mark.parametrize("step", range(1, 5))
def test_killed_at_any_write_there_is_no_half_page_and_the_next_one_finishes(
    tmp_path: Path, reference: pd.DataFrame, step: int
) -> None:
    """The process is gone before the rename of its ``step``-th file."""
    window = rows(100, 1)
    child = os.fork()
    if child == 0:
        left = [step]
        real = Path.replace

        def replace(self: Path, target: Path) -> Path:
            left[0] -= 1
            if not left[0]:
                os._exit(9)
            return real(self, target)

        Path.replace = replace  # type: ignore[method-assign]
        add(tmp_path, "digits", "night", reference, window, at=AT)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    pages = tmp_path / "reports" / "digits"
    assert not list(pages.glob("*.html"))
    found = evidently(tmp_path)
    assert len(found.list_projects()) <= 1
    kept = add(tmp_path, "digits", "night", reference, window, at=AT)
    assert list(pages.glob("*.html")) == [kept.path]
    assert kept.path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert found.list_runs(kept.project) == [kept.run]


def test_the_oldest_reports_go_from_both_places(tmp_path: Path, reference: pd.DataFrame) -> None:
    kept = [
        add(tmp_path, "digits", f"night {day}", reference, rows(50, day), at=AT + timedelta(day))
        for day in range(3)
    ]
    for age, each in enumerate(reversed(kept)):
        os.utime(each.path, (1_000_000 - age, 1_000_000 - age))
    prune(tmp_path, "digits", keep=1)
    assert [each.path.exists() for each in kept] == [False, False, True]
    assert evidently(tmp_path).list_runs(kept[0].project) == [kept[2].run]


def test_what_a_killed_writer_left_is_found_by_gc(
    other_home: Home, reference: pd.DataFrame
) -> None:
    child = os.fork()
    if child == 0:
        # After the file is written, before it has its name.
        os.link = lambda *_: os._exit(9)
        add(other_home.monitoring, "digits", "night", reference, rows(50, 1), at=AT)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    (left,) = half_written.find(other_home, time.time() + 60).paths
    assert left.name.startswith(".dashboard.json")
    kept = add(other_home.monitoring, "digits", "night", reference, rows(50, 1), at=AT)
    assert kept.path.exists()
    assert not half_written.find(other_home, time.time() + 60).paths
