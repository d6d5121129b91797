"""Reports kept twice: as pages of their own, and in Evidently's workspace, for a view over time.

A report has one identity: its use case, its title and the window's rows. Adding it again draws
nothing where nothing is new, and replaces it where labels have come meanwhile. Each file is written
whole; the page comes last, so that a page that is there is in the workspace too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pandas as pd

from kaizen import __version__
from kaizen.core import atomic
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance.evaluate import LabelledPairs
from kaizen.monitoring.reports import evidently_report, header
from kaizen.monitoring.reports.alignment import Sides, sides

REPORTS, WORKSPACE = "reports", "evidently"
"""In ``Home.monitoring``: pages by use case, and Evidently's workspace."""

MOST_COLUMNS = 40
"""Columns drawn; of wider tables, those that the verdict names first."""

KEEP = 100
"""Reports kept of a use case, the newest; one is about 4 MB."""

_IDS = UUID("6f2b2f62-8f0f-5c5c-9d2b-6d0f6f3f7f11")
_PANELS = 8


@dataclass(frozen=True)
class Kept:
    """A report that is on disk.

    Attributes:
        path: the page, self-contained.
        run: its id in Evidently's workspace, and the page's name.
        project: the use case's id there.
    """

    path: Path
    run: UUID
    project: UUID


def project_id(usecase: str) -> UUID:
    """The id of the use case's project in the workspace."""
    return uuid5(_IDS, usecase)


def add(
    folder: Path,
    usecase: str,
    title: str,
    reference: pd.DataFrame,
    window: pd.DataFrame,
    *,
    at: datetime,
    performance: LabelledPairs | None = None,
    tags: Sequence[str] = (),
    drift: DriftResult | None = None,
    seed: int = 0,
) -> Kept:
    """Draw and keep a report of ``window`` beside ``reference``.

    Args:
        folder: ``Home.monitoring``.
        title: what the report is about; with the window's rows it names the report.
        reference: usually :func:`kaizen.monitoring.reports.alignment.reference_table`.
        window: what was observed; columns of vectors are left out.
        at: the moment that the report stands at in time, with a time zone; the window's end.
        performance: answers whose truth is known; where they are too few to draw, the page says so.
        drift: kaizen's own, stated above the pictures.
        seed: of the rows drawn, :data:`kaizen.monitoring.reports.alignment.MOST_ROWS` on either
        side.

    Raises:
        KaizenError: a side has no rows, or they share no column with values.
        OSError: the files cannot be written.
    """
    first = [column.name for column in drift.columns] if drift else []
    two = sides(reference, window, first=first, most_columns=MOST_COLUMNS, seed=seed)
    project = project_id(usecase)
    run = uuid5(project, f"{title}\n{two.digest}")
    kept = Kept(folder / REPORTS / usecase / f"{run}.html", run, project)
    content = _content(two, at, performance, tags, drift, seed)
    store = folder / WORKSPACE / str(project)
    snapshot = store / "snapshots" / f"{run}.json"
    if snapshot.exists() and _says(kept.path) == content:
        return kept
    model, notes = evidently_report.drawn(
        two,
        performance,
        name=title,
        # Evidently's interface sorts times without a zone; the page tells that it is UTC.
        at=at.astimezone(UTC).replace(tzinfo=None),
        tags=tags,
        metadata={"usecase": usecase, "kaizen": header.sentence(drift)},
        seed=seed,
    )
    _project(store, usecase, two)
    _write(snapshot, model)
    page = evidently_report.page(model, title, drift, notes=notes, at=at, meta=_meta(content))
    atomic.write_text(kept.path, page)
    prune(folder, usecase)
    return kept


def prune(folder: Path, usecase: str, keep: int = KEEP) -> None:
    """Remove the oldest reports of ``usecase`` beyond ``keep``, from the workspace as well."""
    pages = (folder / REPORTS / usecase).glob("*.html")
    dated = []
    for page in pages:
        with suppress(FileNotFoundError):
            dated.append((page.stat().st_mtime_ns, page.name, page))
    for _, _, page in sorted(dated, reverse=True)[keep:]:
        snapshots = folder / WORKSPACE / str(project_id(usecase)) / "snapshots"
        (snapshots / f"{page.stem}.json").unlink(missing_ok=True)
        page.unlink(missing_ok=True)


def _content(
    two: Sides,
    at: datetime,
    performance: LabelledPairs | None,
    tags: Sequence[str],
    drift: DriftResult | None,
    seed: int,
) -> str:
    """SHA-256 of everything that a report is drawn from."""
    parts: list[Any] = [
        __version__,
        two.reference_digest,
        two.digest,
        list(two.window.columns),
        at.timestamp(),
        list(tags),
        seed,
        drift.model_dump(mode="json") if drift else None,
        [performance.task, performance.truth.tolist(), performance.answers.tolist()]
        if performance
        else None,
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _meta(content: str) -> str:
    return f'<meta name="kaizen-content" content="{content}">'


def _says(page: Path) -> str:
    """What a page was drawn from, "" where there is none; it is said in its first lines."""
    try:
        with page.open(encoding="utf-8") as file:
            beginning = file.read(4096)
    except FileNotFoundError:
        return ""
    return beginning.partition('name="kaizen-content" content="')[2].partition('"')[0]


def _project(store: Path, usecase: str, two: Sides) -> None:
    """The use case's project with panels over time, unless it is there: people change both."""
    from evidently.sdk.models import DashboardModel, DashboardTabModel, PanelMetric, ProjectModel
    from evidently.sdk.panels import line_plot_panel
    from evidently.ui.storage.local.base import DASHBOARD_FILE_NAME, PROJECT_FILE_NAME

    if (store / PROJECT_FILE_NAME).exists():
        return

    def line(title: str, metric: str, **labels: str) -> Any:
        values = [PanelMetric(metric=metric, metric_labels=labels, legend=title)]
        return line_plot_panel(title=title, values=values, size="half")

    panels = [
        line("rows", "RowCount"),
        line("missing values, share", "DatasetMissingValueCount", value_type="share"),
        *(line(f"mean of {name}", "MeanValue", column=name) for name in two.numbers[:_PANELS]),
    ]
    tab = DashboardTabModel(title="Over time", panels=[panel.id for panel in panels])
    _write(store / DASHBOARD_FILE_NAME, DashboardModel(tabs=[tab], panels=panels))
    described = (
        "Windows beside the reference that the model's profile keeps. What Evidently draws "
        "explains; the drift is kaizen's, in each report's metadata and above its page."
    )
    project = ProjectModel(id=project_id(usecase), name=usecase, description=described)
    _write(store / PROJECT_FILE_NAME, project)


def _write(path: Path, model: Any) -> None:
    """A model of Evidently's as the file that its local workspace keeps of it."""
    from evidently.legacy.utils import NumpyEncoder

    content = json.dumps(model.dict(), cls=NumpyEncoder)
    # A running interface watches the names of files: it misses a rename, and breaks where a project
    # was changed that it has never seen created. A link is created, and whole when it is.
    if path.exists():
        atomic.write_text(path, content)
        path.touch()
        return
    hidden = path.with_name(f".{path.name}.unlinked")
    atomic.write_text(hidden, content)
    with suppress(FileExistsError):
        os.link(hidden, path)
    hidden.unlink(missing_ok=True)
    atomic.sync_folder(path.parent)
