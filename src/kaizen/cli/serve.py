"""``kaizen up``, ``down``, ``status``: what is served on this machine."""

from __future__ import annotations

from typing import Any

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.paths import home


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (up, down, status):
        app.command()(command)


def up(json: options.Json = False) -> None:
    """Serve what should be served, after a restart of the machine or `kaizen down`.

    Example: `kaizen up`
    """
    from kaizen.registry import versions
    from kaizen.rollout import deployments, services

    live = deployments.up(home(), on_promoted=versions.promote, report=_quiet if json else line)
    if json:
        as_json({"deployments": [deployment.model_dump() for deployment in live]})
    elif live:
        columns([(item.usecase, f"v{item.version}", item.url) for item in live])
    elif registered := services.of(home()):
        line(f"started: {', '.join(each.name for each in registered)}; no model is deployed")
    else:
        line(f"nothing is deployed yet: {options.first_step()}")


def down(json: options.Json = False) -> None:
    """Stop serving; no process of this home is left. `kaizen up` brings the same models back.

    Example: `kaizen down`
    """
    from kaizen.rollout import deployments

    ended = deployments.down(home())
    if json:
        as_json({"ended": ended})
    else:
        line(f"{ended} processes ended" if ended else "nothing was running")


def status(json: options.Json = False) -> None:
    """Which models are champions, what is served, what is wrong, and the command that mends it.

    Example: `kaizen status --json`
    """
    from kaizen.registry import champions
    from kaizen.rollout import deployments, problems
    from kaizen.rollout import services as registrations

    services = [service.model_dump() for service in deployments.status(home())]
    registered = [each.model_dump() for each in registrations.of(home())]
    models = _models()
    named = champions.read(home().mlflow / "mlflow.db")
    wrong = [problem.model_dump() for problem in problems.find(home(), named)]
    if json:
        as_json(
            {
                "home": str(home().root),
                "services": services,
                "registered": registered,
                "models": models,
                "problems": wrong,
            }
        )
        return
    if not models and not services and not registered and not wrong:
        line(f"nothing is here yet: {options.first_step()}")
        return
    _tell_models(models)
    line()
    _tell_services(services)
    _tell_registered(registered)
    for problem in wrong:
        about = f"{problem['usecase']}: " if problem["usecase"] else ""
        line(f"wrong: {about}{problem['what']}; mend it with `{problem['mend']}`")


def _tell_models(models: list[dict[str, Any]]) -> None:
    rows = [("use case", "version", "aliases", "decision", "reason")]
    for model in models:
        aliases = ", ".join(model["aliases"]) or "-"
        rows.append(
            (model["usecase"], f"v{model['version']}", aliases, model["decision"], model["reason"])
        )
    columns(rows)


def _tell_services(services: list[dict[str, Any]]) -> None:
    rows = [("served", "version", "weight", "stage", "ready", "url")]
    rows += [
        (
            service["usecase"],
            f"v{service['version']}",
            f"{service['weight']}",
            " ".join(filter(None, (service["stage"], service["note"], _lost(service)))),
            "ready" if service["ready"] else "not answering: `kaizen up`",
            service["url"],
        )
        for service in services
    ]
    columns(rows) if services else line("nothing is served")


def _tell_registered(registered: list[dict[str, Any]]) -> None:
    if not registered:
        return
    line()
    rows = [("service", "owner", "pid", "state")]
    rows += [
        (each["name"], each["owner"], str(each["pid"] or "-"), each["state"]) for each in registered
    ]
    columns(rows)


def _lost(service: dict[str, Any]) -> str:
    lost = service["events_lost"]
    return f"({lost:,} events lost: `kaizen doctor`)" if lost else ""


def _models() -> list[dict[str, Any]]:
    """Every use case's newest version and the ones that hold an alias, newest first."""
    if not (home().mlflow / "mlflow.db").exists():
        return []
    from kaizen.core import catalog
    from kaizen.registry import versions

    models = []
    for usecase in catalog.names():
        known = versions.list_versions(usecase)
        for place, model in enumerate(known):
            if place == 0 or model.aliases:
                models.append(
                    {
                        "usecase": usecase,
                        "version": model.version,
                        "aliases": list(model.aliases),
                        "decision": model.tags.get("decision", ""),
                        "reason": model.tags.get("reason", ""),
                    }
                )
    return models


def _quiet(_: str) -> None:
    """Say nothing."""
