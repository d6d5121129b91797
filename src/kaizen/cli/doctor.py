"""``kaizen doctor``: what is well, what to watch and what is broken, in one look."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core import extras, project
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home

if TYPE_CHECKING:
    from kaizen.cli.checks import Check
    from kaizen.registry.champions import Champion


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(doctor)


def doctor(json: options.Json = False) -> None:
    """Look at installation, state folder and what is served; say what is wrong and what to do.

    Nothing is changed. The exit code is 1 when a check failed.

    Example: `kaizen doctor`
    """
    checks = examine(home())
    failed = [check for check in checks if check.state == "failed"]
    if json:
        as_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        columns([(check.state, check.name, _in_words(check)) for check in checks])
        line()
        line(f"{len(failed)} of {len(checks)} checks failed" if failed else "nothing failed")
    if failed:
        raise typer.Exit(1)


def examine(state: Home) -> list[Check]:
    """Every check of the installation and of the home ``state``, in the order of dependence."""
    from kaizen.cli import checks

    mlflow = checks.database("MLflow store", state.mlflow / "mlflow.db", _A_COPY)
    rollout = checks.database("served store", state.rollout / "state.db", _SERVE_AGAIN)
    stores = [checks.database("ZenML store", state.zenml_database, _A_NEW_ONE), mlflow]
    layouts = _guarded("layout", lambda: checks.layout(state))
    return [
        *_guarded("python", lambda: checks.python(platform.python_version(), _wanted_python())),
        *_guarded("libraries", _libraries),
        checks.git(shutil.which("git")),
        *_guarded("state folder", lambda: checks.folder(state.root)),
        *_guarded("disk", lambda: checks.disk(state.root)),
        *_guarded("locks", lambda: checks.locks(state.root)),
        *_guarded("ports", lambda: checks.fixed_ports(os.environ, state.root)),
        *layouts,
        *(_used(state, stores, mlflow, rollout) if _is_ours(state) else [*stores, rollout]),
    ]


def _is_ours(state: Home) -> bool:
    """Whether this kaizen may say what the stores hold."""
    from kaizen.core import layout

    try:
        version = layout.read(state)
    except OSError:
        return True  # the other checks say what is wrong
    except KaizenError:
        return False
    return version is None or version.layout == layout.LAYOUT


def _used(state: Home, stores: list[Check], mlflow: Check, rollout: Check) -> list[Check]:
    """What the stores hold, where they are of this kaizen's layout."""
    from kaizen.cli import checks

    champions, known = _champions(state, mlflow)
    return [
        *stores,
        *champions,
        rollout,
        *_guarded("served", lambda: _served(state, rollout, known)),
        *_guarded("event spool", lambda: checks.spool(state.events)),
    ]


_A_COPY = "put a copy of it back; without one, `kaizen down` and set KAIZEN_HOME to a new folder"
_A_NEW_ONE = "put a copy back, or move its folder `zenml` away: past runs are lost, models are not"
_SERVE_AGAIN = "move its state.db* away, `kaizen down`, then `kaizen deploy` each use case"


def _wanted_python() -> str:
    return metadata.metadata("kaizen-loop")["Requires-Python"]


def _libraries() -> Check:
    from kaizen.cli.checks import libraries

    lock = project.current().lock.read_text(encoding="utf-8")
    return libraries(
        lock,
        {each.name: each.version for each in reversed([*metadata.distributions()])},
        extras.absent(),
    )


def _champions(state: Home, store: Check) -> tuple[list[Check], Mapping[str, Champion]]:
    """What the registry says of champions, and those it names."""
    from kaizen.cli import checks_served
    from kaizen.registry import champions

    if os.environ.get("MLFLOW_TRACKING_URI", state.mlflow_uri) != state.mlflow_uri:
        return [_not_looked_at("champion", "MLFLOW_TRACKING_URI names another store")], {}
    if store.state == "failed":
        return [_not_looked_at("champion", "MLflow's store is damaged")], {}
    known: Mapping[str, Champion] = {}

    def look() -> list[Check]:
        nonlocal known
        known = champions.read(state.mlflow / "mlflow.db")
        return checks_served.champions(known)

    return _guarded("champion", look), known


def _served(state: Home, store: Check, known: Mapping[str, Champion]) -> list[Check]:
    from kaizen.cli import checks_served

    if store.state == "failed":
        return [_not_looked_at("served", "the record of what is served is damaged")]
    return checks_served.served(state, known)


def _guarded(name: str, look: Callable[[], Check | list[Check]]) -> list[Check]:
    """What a look finds; one that cannot be finished is a finding too."""
    from kaizen.cli.checks import Check

    try:
        found = look()
    except Exception as error:
        text = f"cannot be checked: {type(error).__name__}: {error}"
        return [Check(name, "failed", " ".join(text.split()), "mend what else failed first")]
    return found if isinstance(found, list) else [found]


def _not_looked_at(name: str, reason: str) -> Check:
    from kaizen.cli.checks import Check

    return Check(name, "watch", f"not looked at: {reason}", "ask again when that is mended")


def _in_words(check: Check) -> str:
    return f"{check.found} → {check.advice}" if check.advice else check.found
