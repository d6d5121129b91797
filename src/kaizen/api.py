"""The public Python API. What it needs is imported when it is called: kaizen stays light."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from kaizen.core import environment, layout

if TYPE_CHECKING:
    from kaizen.core.results import RunResult

Settings = Mapping[str, Any] | Sequence[str]


def run(
    usecase: str,
    preset: str | None = None,
    settings: Settings = (),
    *,
    file: Path | None = None,
    stack: str = "local",
    deploy: bool = True,
) -> RunResult:
    """Train a challenger, judge it and, when it is promoted, serve it.

    Args:
        preset: a named group of settings of the use case.
        settings: ``{"params.alpha": 0.4}``, or ``["params.alpha=0.4"]`` as on the command line.
        file: a YAML file of settings.
        stack: where it runs.
        deploy: False ends with the decision.

    Raises:
        UsageError: an unknown name, key or value.
        KaizenError: a step failed; the message names step and reason.
    """
    _open(make=True)
    from kaizen.core import config
    from kaizen.workflows.run import run

    chosen = config.load(usecase, preset, assignments(settings), file)
    return run(chosen, stack=stack, deploy=deploy)


def load(ref: str) -> Any:
    """The registered model ``ref`` names (``digits``, ``digits@champion``, ``digits@3``).

    Returns:
        A ``kaizen.registry.predictor.Predictor``: ``predict(rows)`` answers one dict per row.

    Raises:
        UsageError: no such use case, version or alias.
        KaizenError: the model's file is gone or is not what was registered.
    """
    _open(make=False)
    from kaizen.registry import predictor

    return predictor.load(ref)


def _open(*, make: bool) -> None:
    """The home in the environment, of the layout that this kaizen knows."""
    layout.open_home(environment.apply(), make=make, report=lambda text: warn(text, stacklevel=4))


def assignments(settings: Settings) -> list[str]:
    """Settings as ``KEY=VALUE``, the values as JSON, which is read back as it was."""
    if isinstance(settings, Mapping):
        return [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    return list(settings)
