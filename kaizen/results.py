"""What a run ends with: the frozen records that pass between rooms and out to the user."""

from __future__ import annotations

from typing import Literal

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
