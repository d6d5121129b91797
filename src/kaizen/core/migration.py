"""How a home of an earlier layout becomes one of today's: a list of steps, in order.

A process may be killed between any two system calls of it. The version file says that a migration
is under way, and where its backup goes, before the first step, and names the new layout after the
last; each step may be done again, whole or in part done before. So the next command goes on.

What a step changes or removes is copied into the backup first: all databases, and the small files
beside them. Events, labels, data sets, Bentos, MLflow's artifacts and reports are gigabytes and
are not copied: no step touches them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from kaizen._version import __version__
from kaizen.core import active_work, layout, locks, trash
from kaizen.core.atomic import sync_folder
from kaizen.core.errors import KaizenError
from kaizen.core.layout import Report, Version
from kaizen.core.paths import Home

SERVICE_MARK = "KAIZEN_SERVICE"
"""Environment variable ``NAME:TOKEN`` of what layouts 1 and 2 start to serve."""
SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Step:
    """One change of a home. ``run`` may find it done, or half done, and ends with it done."""

    name: str
    run: Callable[[Home], None]


def _drop_zenml(home: Home) -> None:
    """ZenML's database names the modules of steps, and its results are read by these names.

    Nothing leans on it: what is known of a version stands in MLflow.
    """
    with trash.held(home):
        trash.remove([home.zenml], home)


def _forget_processes(home: Home) -> None:
    """No process of it runs; commands of another kaizen are not to be started again.

    What should be served stays: ``kaizen up`` starts it with today's commands.
    """
    database = home.rollout / "state.db"
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=10, isolation_level=None)) as state:
        state.execute("PRAGMA synchronous = FULL")
        state.execute("BEGIN IMMEDIATE")
        state.execute("DELETE FROM services")
        state.execute("DELETE FROM processes")
        state.execute("COMMIT")


STEPS: dict[int, tuple[Step, ...]] = {
    1: (
        Step("ZenML's runs are dropped", _drop_zenml),
        Step("processes of the former kaizen are forgotten", _forget_processes),
    ),
}
"""By the layout that they start from; the next layout is one higher."""


def migrate(home: Home, version: Version, report: Report) -> None:
    """Bring ``home`` from ``version`` to today's layout. The caller has it for itself.

    Raises:
        KaizenError: somebody works in it, or a step failed; the next command tries again.
    """
    _refuse_use(home, version)
    if version.backup is None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        version = replace(version, backup=f"layout-{version.layout}-{stamp}")
        layout.write(home, version)
    backup = home.backups / str(version.backup)
    doing = "its stores are copied"
    try:
        _back_up(home, backup)
        for number in range(version.layout, layout.LAYOUT):
            for step in STEPS[number]:
                doing = step.name
                step.run(home)
    except (OSError, sqlite3.Error, KaizenError) as error:
        raise KaizenError(
            f"{home.root} could not be migrated from layout {version.layout} to {layout.LAYOUT}, "
            f"at the step at which {doing}: {error}; mend that and the next command goes on"
        ) from error
    layout.write(home, Version(layout.LAYOUT, __version__))
    report(
        f"{home.root} is now of layout {layout.LAYOUT} instead of {version.layout}: past pipeline "
        f"runs are gone, all else is kept; what its stores were is in {backup}"
    )


def _refuse_use(home: Home, version: Version) -> None:
    """Raise KaizenError while processes of the former kaizen run in the home."""
    made = f"{home.root} is of an earlier kaizen (layout {version.layout})"
    if running := sorted(_services(home), key=lambda each: (each[0] != SUPERVISOR, each)):
        named = ", ".join(f"{name} (pid {pid})" for name, pid in running)
        raise KaizenError(
            f"{made}, whose processes still run: {named}; `kaizen down` ends them, then try again"
        )
    if locks.is_held(home.rollout / "supervisor.lock"):
        raise KaizenError(f"{made}, whose supervisor still runs: `kaizen down`, then try again")
    watched = [path.stem for path in home.monitoring.glob("*.lock") if locks.is_held(path)]
    if watched or active_work.since(home, time.time()) is not None:
        what = f"`kaizen monitor {watched[0]}`" if watched else "a command"
        raise KaizenError(f"{made}, of which {what} still works there: try again when it has ended")


def _services(home: Home) -> Iterator[tuple[str, int]]:
    """Name and pid of what was started to serve from ``home``, one for each name."""
    import psutil

    seen = set()
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            running = process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            continue
        name = variables.get(SERVICE_MARK, "").rpartition(":")[0]
        mine = variables.get("KAIZEN_HOME") == str(home.root) and process.pid != os.getpid()
        if name and mine and running and name not in seen:
            seen.add(name)
            yield name, process.pid


def _back_up(home: Home, target: Path) -> None:
    """Copy the stores to ``target``, which is there as a whole or not at all."""
    if target.is_dir():
        return
    partial = target.with_name(f".{target.name}")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True, mode=0o700)
    for path in _stores(home):
        copy = partial / path.relative_to(home.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".db":
            _copy_database(path, copy)
        else:
            shutil.copy2(path, copy)
            _sync_file(copy)
        sync_folder(copy.parent)
    partial.rename(target)
    sync_folder(home.backups)


def _stores(home: Home) -> Iterator[Path]:
    """Every database that kaizen or a library keeps here, and the small files of what is served."""
    yield from sorted(home.monitoring.rglob("*.db"))
    for folder in (home.mlflow, home.rollout, home.zenml_database.parent):
        yield from sorted(folder.glob("*.db"))
    for folder in (home.keys, home.samples, home.rollout / "golden", home.rollout / "router"):
        for path in sorted(folder.glob("*")):
            if path.is_file() and path.suffix != ".log":
                yield path


def _copy_database(path: Path, copy: Path) -> None:
    """A copy as of one moment, with what its write-ahead log holds."""
    try:
        with (
            closing(sqlite3.connect(path, timeout=10)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        raise KaizenError(f"{path} cannot be copied ({error}): put a copy of it back") from error


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
