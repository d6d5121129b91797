"""The baseline: held-out rows a model was judged on, which later answers are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Array, Outputs, Task, UseCase
from kaizen.evaluation import scores
from kaizen.monitoring import archive

KIND, SCHEMA = "baseline", 1
MOST_ROWS = 10_000
"""Rows kept; more would make no figure noticeably surer."""


@dataclass(frozen=True)
class Baseline:
    """The baseline: held-out rows with their truth and the model's answers.

    Attributes:
        truth, answers: (n,), of one kind: numbers, flags or text.
        probabilities: (n, classes) in the order of ``labels``; None where the model states none.
        labels: every class; empty where the task is no classification.
        positive: the class that precision, recall and f1 are about; None for their mean.
        task: what kind of answer it is.
        metric, direction: what the gate judged by, and which way is better.
    """

    truth: Array
    answers: Array
    probabilities: Array | None
    labels: tuple[Any, ...]
    positive: Any
    task: Task
    metric: str
    direction: Literal["higher", "lower"]

    def __post_init__(self) -> None:
        rows = len(self.truth)
        shape = None if self.probabilities is None else self.probabilities.shape
        if not rows or len(self.answers) != rows or shape not in (None, (rows, len(self.labels))):
            raise KaizenError(
                f"no baseline: {rows:,} truths, {len(self.answers):,} answers and probabilities of "
                f"shape {shape} for {len(self.labels)} classes: expected one of each per row"
            )

    @classmethod
    def of(cls, case: UseCase, metric: str, truth: Array, outputs: Outputs, seed: int) -> Self:
        """The baseline of held-out rows: their truth (n,), and what the model put out for them.

        Args:
            seed: of the :data:`MOST_ROWS` rows that are kept of more.

        Raises:
            KaizenError: there are no rows, or the use case has no truth.
            UsageError: the metric is none of the task.
        """
        if case.target is None:
            raise KaizenError(f"no baseline: {why_none(case.task)}")
        probabilities = case.features.probabilities(outputs)
        found = cls(
            truth=_plain(truth),
            answers=_plain(case.features.answer(outputs)),
            probabilities=None if probabilities is None else np.asarray(probabilities, float),
            labels=tuple(_item(label) for label in case.labels),
            positive=_item(case.positive),
            task=case.task,
            metric=metric,
            direction=scores.better(metric, case.task),
        )
        if found.rows <= MOST_ROWS:
            return found
        random = np.random.default_rng(seed)
        return found.take(np.sort(random.choice(found.rows, MOST_ROWS, replace=False)))

    @property
    def rows(self) -> int:
        return len(self.truth)

    @cached_property
    def value(self) -> float:
        """The metric on these rows."""
        return float(scores.score(self.metric, self.positive)(self.truth, self.answers))

    def take(self, rows: Array) -> Self:
        """The baseline of some of its rows, by position or mask."""
        stated = self.probabilities
        return replace(
            self,
            truth=self.truth[rows],
            answers=self.answers[rows],
            probabilities=None if stated is None else stated[rows],
        )

    def alike(self, values: Sequence[Any] | Array) -> Array:
        """Truths or answers of a window in the form of this baseline's.

        Raises:
            ValueError: one cannot be: text where numbers are expected, say.
        """
        given = np.asarray(values)
        kind = self.truth.dtype
        if (kind.kind == "U") != (given.dtype.kind in "UO" and _all_text(given)):
            expected = "text" if kind.kind == "U" else "numbers"
            raise ValueError(f"{_item(given[0])!r} where {expected} are expected")
        return given.astype(str if kind.kind == "U" else np.result_type(kind, np.float64))

    def to_bytes(self) -> bytes:
        """The baseline as the content of a file; no pickle. Equal ones are equal files."""
        arrays = {"truth": self.truth, "answers": self.answers}
        if self.probabilities is not None:
            arrays["probabilities"] = self.probabilities
        head = {
            "labels": list(self.labels),
            "positive": self.positive,
            "task": self.task,
            "metric": self.metric,
            "direction": self.direction,
        }
        return archive.pack(KIND, SCHEMA, head, arrays)

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "given") -> Self:
        """Read what :meth:`to_bytes` made; errors call it ``name``.

        Raises:
            KaizenError: it is damaged, cut, or of another version.
        """
        head, arrays = archive.unpack(content, KIND, SCHEMA, name)
        return cls(
            truth=arrays["truth"],
            answers=arrays["answers"],
            probabilities=arrays.get("probabilities"),
            labels=tuple(head["labels"]),
            positive=head["positive"],
            task=head["task"],
            metric=head["metric"],
            direction=head["direction"],
        )


def why_none(task: Task, version: str = "") -> str:
    """Why a model has no baseline, and what would give it one."""
    if task == "clustering":
        return "a clustering has no truth that its answers could be held against"
    return f"v{version} has no baseline of held-out answers: train again to make one"


def _plain(values: Array) -> Array:
    """Text as numpy's own type, which needs no pickle."""
    values = np.asarray(values)
    if values.dtype != np.object_:
        return values
    if not _all_text(values):
        raise KaizenError("no baseline: truths or answers are neither numbers, flags nor text")
    return values.astype(str)


def _all_text(values: Array) -> bool:
    return all(isinstance(value, str) for value in values.tolist())


def _item(value: Any) -> Any:
    """A plain Python value, as JSON has them."""
    return value.item() if isinstance(value, np.generic) else value
