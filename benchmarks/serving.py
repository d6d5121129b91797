"""What an answer costs: our service beside bare FastAPI, stock BentoML and MLServer.

Each is one worker on loopback with the same ONNX model, asked for one digit over 16 connections.
Counted is the CPU of the server's processes, microseconds a request; in turns, medians. Ours
checks every field and has each prediction as an event on disk before it answers; the others keep
nothing. Requests a second and the slowest hundredth are of the same runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import environments, served
from benchmarks.results import Result
from benchmarks.served import BARE, MLSERVER, STOCK, Measured

CASE = "serving"
GOALS = {(BARE, "raw"): 1.4, (STOCK, "raw"): 0.6, (MLSERVER, "raw"): 0.5, (STOCK, "json"): 0.7}


def run(rounds: int, work: Path, peers: Path, say: Callable[[str], None]) -> list[Result]:
    """Start every server, ask each in turns, and compare."""
    with ExitStack() as stack:
        model, ours, router = stack.enter_context(served.ours(work))
        servers = [ours, router]
        for start in (served.fastapi, served.bentoml, served.mlserver):
            try:
                servers.append(stack.enter_context(start(model, work, peers)))
            except environments.Missing as reason:
                say(f"left out: {reason}")
        for number in range(rounds + 1):
            for server in servers:
                for form in served.REQUESTS[server.name]:
                    server.measure(form, keep=number > 0)
        for server in servers:
            for form, some in server.loads.items():
                say(
                    f"{CASE:<16} {server.name:<10} {form:<5}"
                    f" {median(server.costs[form]):6.0f} µs CPU a request,"
                    f" {median(one.rate for one in some):6,.0f} a second,"
                    f" p99 {median(one.quantile(0.99) for one in some):.1f} ms"
                )
        found = [each for other in servers[2:] for each in compared(ours, other)]
        return [*found, *_router(router, ours)]


def compared(ours: Measured, other: Measured) -> Iterator[Result]:
    """CPU, rate and slowest hundredth of each form of request, beside one other server."""
    for form in ("raw", "json"):
        theirs = form if form in other.costs else "json"  # MLServer takes JSON alone
        left, right = ours.loads[form], other.loads[theirs]
        goal = GOALS.get((other.name, form))
        yield _result(form, "µs CPU", ours.costs[form], other.costs[theirs], other.name, goal)
        rates = [one.rate for one in left], [one.rate for one in right]
        yield _result(f"{form}, more is better", "requests/s", *rates, other.name)
        slow = [one.quantile(0.99) for one in left], [one.quantile(0.99) for one in right]
        yield _result(f"{form}, p99", "ms", *slow, other.name)


def _router(router: Measured, ours: Measured) -> Iterator[Result]:
    """What the router adds to one worker's answer, and how slow and fast both together are."""
    yield _result("router alone", "µs CPU", router.costs["raw"], ours.costs["raw"], "its worker")
    through, past = router.loads["raw"], ours.loads["raw"]
    for label, unit, values in (
        ("through the router, more is better", "requests/s", lambda one: one.rate),
        ("through the router, p99", "ms", lambda one: one.quantile(0.99)),
    ):
        pair = [values(one) for one in through], [values(one) for one in past]
        yield _result(label, unit, *pair, "past it")


def _result(
    label: str, unit: str, left: list[float], right: list[float], name: str,
    goal: float | None = None,
) -> Result:  # fmt: skip
    ratio = median(left) / median(right)
    return Result(
        CASE,
        f"{CASE}: {label}",
        median(left),
        median(right),
        name,
        ratio,
        unit,
        {"ours": [round(v, 1) for v in left], "peer": [round(v, 1) for v in right]},
        goal,
        met=None if goal is None else ratio <= goal,
    )
