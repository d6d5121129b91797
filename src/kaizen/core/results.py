"""What a run ends with: the frozen records that pass between rooms and out to the user."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of the records: immutable."""

    model_config = ConfigDict(frozen=True)


class Decision(Record):
    """What the gate said of one challenger against one champion on the same rows.

    Attributes:
        decision: promoted or refused.
        reason: in words, with both numbers.
        metric: what was compared.
        champion: the champion's value, None where there is no champion.
        challenger: the challenger's value, None where it is missing.
        gain: relative gain, positive is better.
        low, high: 95 % interval of the gain (paired bootstrap).
        risk: P(loss beyond the tolerance).
        rows: number of held-out rows compared.
        champion_version: version of the champion compared with.
    """

    decision: Literal["promoted", "refused"]
    reason: str
    metric: str
    champion: float | None = None
    challenger: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    risk: float | None = None
    rows: int = 0
    champion_version: str | None = None

    @property
    def promoted(self) -> bool:
        return self.decision == "promoted"


class Candidate(Record):
    """One candidate of a sweep after it was tried.

    Attributes:
        params: the parameters it sets, the others are the configuration's.
        metrics: every score of the task by name; a mean where there were folds.
        errors: standard errors of these means over the folds; empty without folds.
        begun: seconds since 1970.
        seconds: how long training and scoring took.
        reason: why it failed, None where it did not.
        rank: its place, 1 is the best; None where it failed.
    """

    params: dict[str, Any]
    metrics: dict[str, float] = {}
    errors: dict[str, float] = {}
    begun: float = 0.0
    seconds: float = 0.0
    reason: str | None = None
    rank: int | None = None


class Sweep(Record):
    """Every candidate of a sweep, the best first and the failed last.

    Attributes:
        metric, direction: what they were compared by.
        folds: number of folds of the training part, None for the validation part.
    """

    metric: str
    direction: Literal["higher", "lower"]
    folds: int | None
    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        return self.candidates[0]

    @property
    def failed(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.rank is None)


class Choice(Record):
    """The parameters that a sweep has chosen, and from what.

    Attributes:
        dataset_digest: version of the data that the candidates were tried on.
        params: the whole of them, the best candidate's among them.
    """

    dataset_digest: str
    params: dict[str, Any]
    sweep: Sweep


class Registered(Record):
    """A judged challenger in the registry: what a training ends with.

    Attributes:
        model_version: its version there.
        dataset_digest: version of the data that it learnt from.
        metrics: its scores on the held-out rows.
    """

    model_version: str
    dataset_digest: str
    metrics: dict[str, float]
    decision: Decision


class Page(Record):
    """A report that was drawn.

    Attributes:
        path: under ``Home.monitoring``; empty where there was nothing to draw.
    """

    path: str


class SweepResult(Record):
    """What ``kaizen sweep`` ends with; its JSON form is a contract."""

    usecase: str
    stack: str
    run_id: str
    mlflow_run: str
    dataset_digest: str
    params: dict[str, Any]
    sweep: Sweep
    seconds: float


class Release(Record):
    """One model version packaged to be served.

    Attributes:
        usecase: the use case.
        version: version in the model registry.
        tag: exact tag of the Bento (``name:version``).
        digest: SHA-256 of ``model.onnx``.
        path: folder of the built Bento.
    """

    usecase: str
    version: str
    tag: str
    digest: str
    path: str


class RunResult(Record):
    """What ``kaizen run`` ends with; its JSON form is a contract."""

    usecase: str
    stack: str
    run_id: str
    dataset_digest: str
    metrics: dict[str, float]
    decision: Literal["promoted", "refused"]
    reason: str
    model_version: str
    url: str | None
    seconds: float
    sweep: Sweep | None = None
