"""The rules of a configuration: how data is split, models judged, served, released and logged."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from kaizen.core.errors import unknown
from kaizen.core.frozen import Frozen
from kaizen.core.usecase import Features


class HashSplit(Frozen):
    """A row's part follows from a keyed hash of its content: growing data never moves a row.

    Attributes:
        holdout, validation: shares of the rows.
        key: another key is another split.
        by: a column; rows with one value in it stay together, and that value alone is hashed.
    """

    KIND: Literal["hash"] = "hash"
    holdout: float = Field(0.2, gt=0, lt=1)
    validation: float = Field(0.1, ge=0, lt=1)
    key: str = "kaizen"
    by: str | None = None


class FixedSplit(Frozen):
    """scikit-learn's ``train_test_split``, to reproduce a published figure. No validation part."""

    KIND: Literal["fixed"] = "fixed"
    holdout: float = Field(0.2, gt=0, lt=1)
    seed: int = Field(0, ge=0)


SplitRule = Annotated[HashSplit | FixedSplit, Field(discriminator="KIND")]


class GateRule(Frozen):
    """When a challenger replaces the champion. Shares are relative to the champion's metric.

    Attributes:
        metric: what is compared, by its scikit-learn name.
        direction: which way is better.
        margin: least relative gain that counts as better.
        tolerance: relative loss that still counts as "not worse".
        risk: largest accepted probability of a loss beyond ``tolerance``.
        resamples: number of paired bootstrap draws.
    """

    metric: str
    direction: Literal["higher", "lower"]
    margin: float = Field(0.005, ge=0)
    tolerance: float = Field(0.05, ge=0)
    risk: float = Field(0.05, gt=0, lt=1)
    resamples: int = Field(2000, ge=200)


class ServingRule(Frozen):
    """How a model is served: worker processes, and what one of them takes on.

    Attributes:
        workers: worker processes; auto as many as there are cores to use, two at least.
        max_body_bytes: largest body of a request.
        max_rows: most rows in one request.
        max_concurrency: requests in work at once per worker; more are turned away.
        timeout_s: longest time for an answer.
        read_timeout_s: longest time for a request's body to arrive.
        require_key: whether a prediction needs an API key; auto where others than this machine
            can ask.
        requirements: libraries that the use case needs when it is served, besides those of the
            service; the project's lock says which version.
    """

    workers: int | Literal["auto"] = 1
    max_body_bytes: int = Field(8 * 2**20, ge=1)
    max_rows: int = Field(4096, ge=1)
    max_concurrency: int = Field(64, ge=1)
    timeout_s: float = Field(10.0, gt=0, le=60)
    read_timeout_s: float = Field(10.0, gt=0, le=60)
    require_key: Literal["auto", "always", "never"] = "auto"
    requirements: tuple[str, ...] = ()

    @field_validator("workers", mode="before")
    @classmethod
    def _count(cls, workers: Any) -> Any:
        if workers != "auto" and (type(workers) is not int or not 1 <= workers <= 64):
            raise PydanticCustomError("workers", "expected 1 to 64, or auto")
        return workers


class EventsRule(Frozen):
    """What is kept of the predictions that were answered, and for how long.

    Attributes:
        redact: fields of a row that are never written down: null in their place (``drop``), or a
            keyed hash by which equal values of one home can still be joined (``hash``).
        keep_days: days for which compacted events are kept; None for ever.
        max_bytes: size to which the events of a use case may grow; None for any.
    """

    redact: dict[str, Literal["drop", "hash"]] = Field(default_factory=dict)
    keep_days: float | None = Field(None, ge=1)
    max_bytes: int | None = Field(None, ge=256 * 2**20)

    def check(self, features: Features) -> None:
        """Refuse fields that a row does not have.

        Raises:
            UsageError: there is one; the nearest known field is offered.
        """
        for name in self.redact:
            if name not in features.Request.model_fields:
                raise unknown("field in events.redact", name, features.Request.model_fields)


class RolloutRule(Frozen):
    """How a promoted model takes over from the one that is served.

    Attributes:
        stages: its shares of the requests in percent, rising to 100.
        min_requests: answers of the new model that end a stage before 100.
        max_seconds: longest such stage; then its golden set and a replay decide.
        keep_warm_s: how long the old model runs on without requests, for a fast way back.
        replay_events: how many recent requests the new model is asked before it gets its first
            share, and again when a stage had too few; 0 for none.
        max_changed: largest share of them that it may answer otherwise; None for any.
        replay_tolerance: numbers no further apart are the same answer.
    """

    stages: tuple[int, ...] = (100,)
    min_requests: int = Field(200, ge=1)
    max_seconds: float = Field(600.0, gt=0)
    keep_warm_s: float = Field(300.0, ge=0)
    replay_events: int = Field(200, ge=0, le=10_000)
    max_changed: float | None = Field(None, ge=0, le=1)
    replay_tolerance: float = Field(1e-4, ge=0)

    @field_validator("stages")
    @classmethod
    def _rise(cls, stages: tuple[int, ...]) -> tuple[int, ...]:
        rising = all(low < high for low, high in pairwise((0, *stages)))
        if not rising or not stages or stages[-1] != 100:
            raise PydanticCustomError("stages", "expected rising shares that end with 100")
        return stages
