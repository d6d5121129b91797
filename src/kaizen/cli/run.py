"""``kaizen run``, ``train``, ``deploy``, ``resume``: the main job, its halves, its second try."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaizen.cli import options
from kaizen.cli.errors import explained, log_of
from kaizen.cli.output import as_json, columns, line
from kaizen.core.paths import home

if TYPE_CHECKING:
    from kaizen.core.config import Config
    from kaizen.core.results import RunResult


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (run, train, deploy, resume):
        app.command()(command)


def run(
    usecase: options.Usecase,
    preset: options.Preset = None,
    settings: options.Settings = None,
    data: options.Data = None,
    config: options.File = None,
    sweep: options.Sweep = None,
    folds: options.Folds = None,
    stack: options.Stack = "local",
    require_promotion: options.RequirePromotion = False,
    plan: options.Plan = False,
    json: options.Json = False,
) -> None:
    """Train a challenger, judge it against the champion, and serve the winner.

    Example: `kaizen run digits --preset fast --set seed=1`
    """
    chosen = _chosen(usecase, preset, _with(data, settings), config, sweep, folds)
    if plan:
        _plan(chosen, stack, json)
    else:
        _run(chosen, stack, require_promotion, json, deploy=True)


def train(
    usecase: options.Usecase,
    preset: options.Preset = None,
    settings: options.Settings = None,
    data: options.Data = None,
    config: options.File = None,
    sweep: options.Sweep = None,
    folds: options.Folds = None,
    stack: options.Stack = "local",
    require_promotion: options.RequirePromotion = False,
    json: options.Json = False,
) -> None:
    """Train and judge a challenger without serving it.

    Example: `kaizen train diabetes --set params.alpha=0.4`
    """
    chosen = _chosen(usecase, preset, _with(data, settings), config, sweep, folds)
    _run(chosen, stack, require_promotion, json, deploy=False)


def deploy(
    usecase: options.Usecase,
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            help="A version or alias; default: the promoted challenger, else the champion.",
        ),
    ] = None,
    stack: options.Stack = "local",
    json: options.Json = False,
) -> None:
    """Serve a registered version that the gate has promoted.

    Example: `kaizen deploy digits --version 3`
    """
    from kaizen.cli.terminal import watching
    from kaizen.core.catalog import check
    from kaizen.orchestration import stacks

    check(usecase)
    stacks.load(stack)
    log = log_of(usecase, "deploy")
    with explained(log), watching(log):
        from kaizen.workflows.run import deploy as deploy_version

        deployment = deploy_version(usecase, version, stack=stack)
    if json:
        as_json(deployment.model_dump())
        return
    line(f"{usecase} v{deployment.version} is live at {deployment.url}")


def resume(
    run: Annotated[
        str, typer.Argument(help="A run's id or its beginning, or a use case for its newest run.")
    ],
    stack: options.Stack = "local",
    require_promotion: options.RequirePromotion = False,
    json: options.Json = False,
) -> None:
    """Go on with a run that failed or was killed, from the step where it ended.

    Example: `kaizen resume digits`
    """
    from kaizen.cli.terminal import watching
    from kaizen.orchestration import stacks

    stacks.load(stack)
    log = log_of(run, "resume")
    with explained(log), watching(log):
        from kaizen.workflows.run import resume as resume_run

        result = resume_run(run, stack=stack)
        sample = _sample(result.usecase) if result.url else None
    _end(result, sample, require_promotion=require_promotion, json=json)


def _with(data: Path | None, settings: list[str] | None) -> list[str]:
    """``settings`` with the file ``data`` among them, its path in full and quoted for YAML."""
    return [*([f"data.path={dumps(str(data.resolve()))}"] if data else []), *(settings or [])]


def _chosen(
    usecase: str,
    preset: str | None,
    settings: list[str],
    file: Path | None,
    grid: list[str] | None,
    folds: int | None,
) -> Config:
    """What the user can get wrong is checked before the slow imports."""
    from kaizen.core.config import load

    own = [] if folds is None else [f"sweep.folds={folds}"]
    return load(usecase, preset, [*settings, *own], file, grid or ())


def _run(chosen: Config, stack: str, require_promotion: bool, json: bool, *, deploy: bool) -> None:
    from kaizen.cli.terminal import watching
    from kaizen.orchestration import stacks

    stacks.load(stack)
    log = log_of(chosen.usecase, "run")
    with explained(log), watching(log):
        from kaizen.workflows.run import run as run_pipelines

        result = run_pipelines(chosen, stack=stack, deploy=deploy)
        sample = _sample(chosen.usecase) if result.url else None
    _end(result, sample, require_promotion=require_promotion, json=json)


def _plan(chosen: Config, stack: str, json: bool) -> None:
    from kaizen.cli.board import MARKS
    from kaizen.cli.terminal import watching
    from kaizen.orchestration import stacks

    stacks.load(stack)
    usecase = chosen.usecase
    log = log_of(usecase, "plan")
    with explained(log), watching(log):
        from kaizen.workflows.plan import plan

        steps = plan(chosen, stack=stack)
    if json:
        as_json({"usecase": usecase, "stack": stack, "steps": [asdict(step) for step in steps]})
        return
    rows = [
        (f"{MARKS['running' if step.runs else 'cached'][0]} {step.step}",
         "runs" if step.runs else "cached", step.why)
        for step in steps
    ]  # fmt: skip
    columns(rows)


def _end(
    result: RunResult,
    sample: tuple[Path, dict[str, Any]] | None,
    *,
    require_promotion: bool,
    json: bool,
) -> None:
    if json:
        as_json(result.model_dump(exclude=None if result.sweep else {"sweep"}))
    else:
        _tell(result, sample)
    if require_promotion and result.decision != "promoted":
        raise typer.Exit(1)


def _sample(usecase: str) -> tuple[Path, dict[str, Any]]:
    from kaizen.registry.sample import write

    return write(usecase, home())


def _tell(result: RunResult, sample: tuple[Path, dict[str, Any]] | None) -> None:
    from kaizen.cli.tally import seconds_in_words

    if result.sweep is not None:
        from kaizen.cli.sweep import table

        line()
        columns(table(result.sweep))
    line()
    line(f"{result.usecase} v{result.model_version}: {result.reason}")
    line("  ".join(f"{name} {value:,.4f}" for name, value in result.metrics.items()))
    line(f"{seconds_in_words(result.seconds)}, run {result.run_id}")
    if result.url is None:
        line(f"not served; `kaizen deploy {result.usecase}` serves what the gate has promoted")
    if sample is not None:
        line(f"served at {result.url}, try it:")
        line()
        line(f"  {curl(str(result.url), sample[0])}")
        line()
        line(f"the answer holds {dumps(sample[1])}")


def curl(url: str, body: Path) -> str:
    """A line for the shell that asks the service what stands in ``body``."""
    near = Path(os.path.relpath(body))
    data = shlex.quote(f"@{near if len(str(near)) < len(str(body)) else body}")
    return f"curl -s {url}/predict -H 'content-type: application/json' -d {data}"
