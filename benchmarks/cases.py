"""What is measured: workloads, the figures looked at, and the goals they have to meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.measure import ROOT

OURS, RAW, PLAIN = "kaizen", "zenml", "plain"
OTHERS = ("prefect", "dagster", "metaflow", "kedro")
DIGITS = str(ROOT / "usecases" / "digits" / "data" / "mnist-10k.npz")


@dataclass(frozen=True)
class Figure:
    """One figure of a run, compared between ours and every other system that ran.

    Attributes:
        key: in ``Sample.figures``.
        unit: of what is shown.
        label: what is added to the case's name.
        goal: the largest ratio to raw ZenML that is wanted.
        limit: the largest value of ours that is wanted, in the unit.
        plain_goal: the largest ratio to plain Python that is wanted.
        over_plain: compare what comes on top of plain Python.
        per: the parameter to divide by, for thousandths each: ms per step.
    """

    key: str
    unit: str
    label: str = ""
    goal: float | None = None
    limit: float | None = None
    plain_goal: float | None = None
    over_plain: bool = False
    per: str | None = None


@dataclass(frozen=True)
class Case:
    """A workload with its parameters.

    Attributes:
        systems: who runs it, ours first; those not installed are left out.
        cached: everything was computed by an earlier run of the same system.
        quick: parameters that replace ``params`` with ``--quick``.
    """

    name: str
    workload: str
    figures: tuple[Figure, ...]
    params: dict[str, Any] = field(default_factory=dict)
    systems: tuple[str, ...] = (OURS, RAW)
    cached: bool = False
    quick: dict[str, Any] = field(default_factory=dict)


def cpu(**more: Any) -> Figure:
    return Figure("cpu", "CPU s", **more)


CASES = (
    Case(
        "keras",
        "keras",
        (
            cpu(label="over plain", goal=0.6, over_plain=True),
            cpu(label="whole"),
        ),
        {"path": DIGITS, "rows": 2000, "epochs": 3},
        (OURS, RAW, PLAIN),
    ),
    Case(
        "fan-out",
        "naps",
        (
            Figure("wall", "s", "from the shell", goal=0.2),
            Figure("inner_wall", "s", "submit to done", goal=0.2, limit=3.0),
        ),
        {"steps": 8, "seconds": 2.0},
        (OURS, RAW, *OTHERS),
    ),
    Case(
        "fan-out-steady",
        "naps",
        (Figure("inner_wall", "s", goal=0.2, limit=3.0),),
        {"steps": 8, "seconds": 2.0, "warm": {"steps": 2, "seconds": 0.0}},
    ),
    Case(
        "fan-out-cpu",
        "burns",
        (
            Figure("inner_wall", "s", "submit to done", goal=0.6),
            Figure("wall", "s", "from the shell"),
        ),
        {"steps": 4, "rounds": 10_000_000},
        quick={"rounds": 4_000_000},
    ),
    Case(
        "frame",
        "frame",
        (cpu(goal=0.12, plain_goal=1.5), cpu(label="over plain", over_plain=True)),
        {"rows": 1_000_000},
        (OURS, RAW, PLAIN, *OTHERS),
        quick={"rows": 200_000},
    ),
    Case(
        "frame-steady",
        "frame",
        (Figure("inner_cpu", "CPU s", goal=0.12, plain_goal=1.5),),
        {"rows": 1_000_000, "warm": {"rows": 1000}},
        (OURS, RAW, PLAIN),
        quick={"rows": 200_000},
    ),
    Case("cached", "layers", (cpu(goal=0.5),), cached=True),
    Case(
        "no-op",
        "layers",
        (cpu(), Figure("peak", "MB", "peak memory", goal=0.6)),
        {},
        (OURS, RAW, *OTHERS),
    ),
    Case(
        "steady",
        "chain",
        (Figure("inner_cpu", "CPU ms/step", goal=0.65, per="steps"),),
        {"steps": 100, "warm": {"steps": 3}},
        quick={"steps": 30},
    ),
)
