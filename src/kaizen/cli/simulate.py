"""``kaizen simulate``: seeded traffic to the live service, its truth kept aside."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import asdict
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter

from kaizen.cli import options
from kaizen.cli.errors import explained, log_of
from kaizen.cli.output import as_json, columns, line
from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import home

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kaizen.events.labelling import Outcome
    from kaizen.rollout.status import ServiceStatus
    from kaizen.simulation.row_source import Pool
    from kaizen.simulation.scenario import Scenario

SOURCE = "simulate"
"""Where its labels are from."""
STEP = "simulate"


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(simulate)


def simulate(
    usecase: options.Usecase,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="A name of --list.")
    ] = "steady",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")] = 0,
    ticks: Annotated[
        str | None,
        typer.Option("--ticks", metavar="A:B", help="Only from A to before B; default: all."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.001, help="Rows a second; default: as fast as answered."),
    ] = None,
    label: Annotated[
        bool, typer.Option("--label", help="Label the predictions with their truth at the end.")
    ] = False,
    labels_after: Annotated[
        int | None,
        typer.Option("--labels-after", min=0, metavar="TICKS", help="Or so many ticks late."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Forget what was sent with this seed; begin anew.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List the scenarios, send nothing.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Send a scenario's traffic to the live service, tick by tick, the same for the same seed.

    Stopped or killed, the same command goes on without sending a row twice. What is true of each
    prediction is kept under simulations/ of the state folder, for `kaizen label --file`.
    Exit code 1 when rows were refused that should not be, or the other way round.

    Example: `kaizen simulate digits --scenario external --seed 1 --label`
    """
    from kaizen.core import catalog
    from kaizen.simulation import library

    catalog.check(usecase)
    if listed:
        _list(usecase, library.scenarios(usecase), json=json)
        return
    chosen = library.scenario(usecase, scenario)
    wanted = _range(ticks, chosen.ticks)
    served = _served(usecase)
    late = labels_after if labels_after is not None else (chosen.ticks if label else None)
    log = log_of(usecase, STEP)
    with explained(log):
        result = _simulate(served, scenario, chosen, seed, wanted, rate, late, log, again=again)
    if json:
        as_json(result)
    else:
        _tell(result)
    if result["unplanned"]:
        raise KaizenError(
            f"{result['unplanned']:,} of {result['rows']:,} rows were not answered as planned: "
            f"{result['reason']}"
        )


def _list(usecase: str, known: Mapping[str, Scenario], *, json: bool) -> None:
    if json:
        found = {name: each.model_dump(mode="json") for name, each in known.items()}
        as_json({"usecase": usecase, "scenarios": found})
        return
    columns(
        [
            (name, f"{each.ticks} ticks", ", ".join(each.sources), each.about)
            for name, each in known.items()
        ]
    )


def _range(text: str | None, most: int) -> range:
    """``A:B`` as ticks; either may be left out."""
    if text is None:
        return range(most)
    begin, colon, end = text.partition(":")
    try:
        found = range(int(begin or 0), int(end or most))
    except ValueError:
        found = range(0)
    if not colon or not 0 <= found.start < found.stop <= most:
        raise UsageError(f"--ticks {text!r}: expected A:B with 0 <= A < B <= {most}")
    return found


def _served(usecase: str) -> ServiceStatus:
    """The release with the most requests."""
    from kaizen.rollout import deployments

    found = [each for each in deployments.status(home()) if each.usecase == usecase]
    if not found:
        raise UsageError(f"{usecase} is not served: `kaizen run {usecase}` first")
    if not any(each.ready for each in found):
        raise UsageError(f"{usecase} does not answer: `kaizen up` starts what should be served")
    return max(found, key=lambda each: each.weight)


def _simulate(
    served: ServiceStatus,
    name: str,
    scenario: Scenario,
    seed: int,
    ticks: range,
    rate: float | None,
    late: int | None,
    log: Path,
    *,
    again: bool,
) -> dict[str, Any]:
    from kaizen.cli.terminal import watching
    from kaizen.core import config, http, progress, trash
    from kaizen.simulation import sender, sent_log, simulation, traffic

    usecase, place = served.usecase, home()
    folder = place.simulations / usecase / f"{name}-{seed}"
    events = place.events / usecase
    given: list[Outcome] = []
    with watching(log), sent_log.held(folder):
        begun = time.monotonic()
        progress.report(progress.StepEvent(STEP, "running"))
        effective = config.load(usecase)
        pools = _pools(served, scenario, effective.split.model_dump())
        if again:
            with trash.held(place):
                trash.remove([folder], place)
        limits = effective.serving
        about = _about(usecase, name, scenario, seed, pools)
        kept = sent_log.Journal(folder, about, min(limits.max_rows, traffic.MOST_AT_ONCE))
        before = sum(1 for _ in kept.rows(ticks))
        labelled = simulation.Late(kept, lambda due: given.append(_label(usecase, due)), late or 0)
        asked, sending_s, sha = 0, time.monotonic(), hashlib.sha256()
        key = os.environ.get(http.API_KEY)
        with sender.asking(served.url, key, limits.timeout_s + 5) as ask, progress.inside(STEP):
            patience = limits.timeout_s + sender.BUSY_S
            plan = traffic.plan(scenario, pools, seed, ticks)
            sent = simulation.send(plan, kept, ask, events, rate=rate, patience_s=patience)
            for tick, rows in sent:
                asked += rows
                for body in traffic.bodies(tick.rows, kept.most):
                    sha.update(body.content)
                progress.figure(f"tick {tick.number + 1:,} of {ticks.stop:,}, {asked:,} rows")
                if late is not None:
                    labelled.tick(tick.number)
        sending_s = time.monotonic() - sending_s
        if late is not None and ticks.stop == scenario.ticks:
            labelled.end(scenario.ticks)
        counts = simulation.counts(kept, ticks)
        taken = time.monotonic() - begun
        figure = f"{counts.rows:,} rows, {counts.refused:,} refused as planned"
        progress.report(progress.StepEvent(STEP, "done", taken, figure))
    drawn = traffic.draws(scenario, pools, seed)
    return {
        "usecase": usecase,
        "scenario": name,
        "seed": seed,
        "ticks": [ticks.start, ticks.stop],
        **counts.model_dump(),
        "shares": counts.shares,
        "repeated": [source for source, each in drawn.items() if each.repeated],
        "sent_before": before,
        "labels": len(kept.labels),
        "labelled": _summed(given),
        "digest": sha.hexdigest(),
        "seconds": round(sending_s, 3),
        "rows_per_second": round(asked / sending_s, 1),
        "folder": str(folder),
    }


def _pools(served: ServiceStatus, scenario: Scenario, rule: dict[str, Any]) -> dict[str, Pool]:
    from kaizen.core import catalog, progress
    from kaizen.core.settings import SplitRule
    from kaizen.data import split, versions
    from kaizen.simulation import sources

    def holdout() -> pd.DataFrame:
        digest, recorded = _recorded(served)
        cut: SplitRule = TypeAdapter(SplitRule).validate_python(recorded or rule)
        return split.split(versions.load(served.usecase, digest, home()), cut).holdout

    with progress.inside(STEP):
        progress.figure("rows are loaded")
        return sources.pools(scenario, catalog.usecase(served.usecase), holdout)


def _recorded(served: ServiceStatus) -> tuple[str, dict[str, Any]]:
    """The data set of the served version and how it was cut, kept because MLflow takes seconds."""
    release = served.tag.partition(":")[2]
    path = home().simulations / served.usecase / f".data-of-{release}.json"
    try:
        digest, rule = loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        from kaizen.registry import training_data

        digest, rule = training_data.recorded(served.usecase, served.version)
        write_text(path, dumps([digest, rule]))
    return digest, rule


def _about(
    usecase: str, name: str, scenario: Scenario, seed: int, pools: Mapping[str, Pool]
) -> dict[str, Any]:
    """What makes a simulation the same one: when any of it differs, it cannot go on."""
    from kaizen.data.digest import frame_digest

    return {
        "usecase": usecase,
        "name": name,
        "scenario": scenario.model_dump(mode="json"),
        "seed": seed,
        "data": {source: frame_digest(pool.frame) for source, pool in pools.items()},
    }


def _label(usecase: str, due: Mapping[str, Any]) -> Outcome:
    from kaizen.core import catalog
    from kaizen.events import labelling

    rows = [labelling.Row(at, event, label) for at, (event, label) in enumerate(due.items(), 1)]
    features = catalog.features(usecase)
    return labelling.record(features, home().events / usecase, rows, SOURCE)


def _summed(given: list[Outcome]) -> dict[str, int]:
    names = ("stored", "known", "corrected", "refused", "unknown_event")
    return {name: sum(asdict(each)[name] for each in given) for name in names}


def _tell(result: Mapping[str, Any]) -> None:
    line(
        f"{result['rows']:,} rows: {result['answered']:,} answered, {result['refused']:,} refused "
        f"as planned, {result['unplanned']:,} not as planned"
    )
    if result["sent_before"]:
        line(f"{result['sent_before']:,} of them were sent before")
    line(
        f"{result['seconds']:.1f} s, {result['rows_per_second']:,.0f} rows a second; "
        f"SHA-256 of what is sent: {result['digest']}"
    )
    rows = [
        (name, f"{count:,}", f"{result['shares'][name]:.1%}",
         "drawn with replacement: it has fewer rows" if name in result["repeated"] else "")
        for name, count in result["sources"].items()
    ]  # fmt: skip
    if rows:
        columns(rows)
    stored = result["labelled"]["stored"]
    line(f"{result['labels']:,} labels are known, {stored:,} were given now: {result['folder']}")
