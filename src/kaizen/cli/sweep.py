"""``kaizen sweep``: try candidates and compare them, without making a model version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kaizen.cli import options
from kaizen.cli.errors import explained, log_of
from kaizen.cli.output import as_json, columns, line
from kaizen.core.candidates import in_words, missing

if TYPE_CHECKING:
    from kaizen.core.results import Sweep, SweepResult


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(sweep)


def sweep(
    usecase: options.Usecase,
    grid: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUES]...",
            help="Values of a parameter; all combinations are tried. Default: the configuration's.",
        ),
    ] = None,
    folds: options.Folds = None,
    preset: options.Preset = None,
    settings: options.Settings = None,
    config: options.File = None,
    stack: options.Stack = "local",
    json: options.Json = False,
) -> None:
    """Try parameters side by side and rank them; the held-out rows are not looked at.

    `kaizen run --sweep` goes on with the best.

    Example: `kaizen sweep diabetes alpha=0.1,0.4,1`
    """
    from kaizen.cli.terminal import watching
    from kaizen.core.config import load
    from kaizen.orchestration import stacks

    own = [] if folds is None else [f"sweep.folds={folds}"]
    chosen = load(usecase, preset, [*(settings or ()), *own], config, grid or ())
    if chosen.sweep is None:
        raise missing(usecase)
    stacks.load(stack)
    log = log_of(usecase, "sweep")
    with explained(log), watching(log):
        from kaizen.workflows.sweep import run

        result = run(chosen, stack=stack)
    if json:
        as_json(result.model_dump())
    else:
        _tell(result)


def table(swept: Sweep) -> list[tuple[str, ...]]:
    """A line for each candidate: place, parameters, figure, time; what failed says why."""
    from kaizen.evaluation.sweep import value_in_words

    rows: list[tuple[str, ...]] = [("", "", swept.metric, "seconds", "")]
    for one in swept.candidates:
        failed = one.reason is not None
        place = "✗" if failed else f"{one.rank}"
        figure = "" if failed else value_in_words(one, swept.metric)
        note = f"failed: {one.reason}" if failed else "best" if one.rank == 1 else ""
        rows.append((place, in_words(one.params), figure, f"{one.seconds:.1f}", note))
    return rows


def _tell(result: SweepResult) -> None:
    from kaizen.cli.tally import seconds_in_words

    swept = result.sweep
    judged = f"{swept.folds} folds of the training part" if swept.folds else "the validation part"
    failed = f", {len(swept.failed)} failed" if swept.failed else ""
    line()
    columns(table(swept))
    line()
    line(f"{result.usecase}: {in_words(swept.best.params)} is best by {swept.metric} on {judged}")
    line(
        f"{len(swept.candidates)} candidates{failed}, {seconds_in_words(result.seconds)}, "
        f"MLflow run {result.mlflow_run}"
    )
