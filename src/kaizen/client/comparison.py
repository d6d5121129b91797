"""Asks questions whose answers are known, and lists what is answered otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import quantiles
from typing import Any, NamedTuple

from kaizen.core.errors import KaizenError
from kaizen.core.results import Record
from kaizen.inference.golden import TOLERANCE, same
from kaizen.inference.parser import JSON

ROWS, ARRAY, FILE = "values", "array", "file"
"""The forms of a question: a row's JSON, a row's bytes in base64, a body that goes as it is."""


class Answer(NamedTuple):
    """What came back: the HTTP status, the JSON, and the time it took."""

    status: int
    content: Any
    ms: float


_LONGEST_REASON = 500
Ask = Callable[[str, bytes], Answer]
"""Given content type and body, asks a service. Raises KaizenError when no answer comes."""


@dataclass(frozen=True)
class Question:
    """One question and the answers due.

    Attributes:
        id: by which it is named.
        form: :data:`ROWS`, :data:`ARRAY` or :data:`FILE`.
        content: the row, its base64, or the body's bytes.
        due: the answers; one for a row, any number for a file.
        shape: of a row in base64.
        content_type: of a file.
    """

    id: str
    form: str
    content: Any
    due: tuple[Mapping[str, Any], ...]
    shape: tuple[int, ...] = ()
    content_type: str = JSON


class Difference(Record):
    """An answer that is not the one due.

    Attributes:
        id: of the question.
        was: what was due.
        now: what was answered; None where there is no such answer.
    """

    id: str
    was: dict[str, Any] | None
    now: dict[str, Any] | None


class Refused(Record):
    """A question without an answer: ``status`` 4xx when it was refused, 5xx when it failed."""

    id: str
    status: int
    reason: str


class Comparison(Record):
    """What became of the questions.

    Attributes:
        asked: answers that were due.
        same: answers that are the ones due.
        differing: those that are not.
        refused: questions without an answer.
        versions: the model versions that answered.
        ms_median, ms_p95: time for one request, None where there was none.
    """

    asked: int
    same: int
    differing: tuple[Difference, ...]
    refused: tuple[Refused, ...]
    versions: tuple[str, ...]
    ms_median: float | None
    ms_p95: float | None

    @property
    def share(self) -> float:
        """Differing and refused ones of all that were asked."""
        return (self.asked - self.same) / self.asked if self.asked else 0.0


def compare(
    questions: Iterable[Question],
    ask: Ask,
    *,
    tolerance: float = TOLERANCE,
    ignore: Iterable[str] = (),
    at_once: int = 1,
) -> Comparison:
    """Ask every question and compare the answers with the ones due.

    Args:
        questions: in the order in which they are asked.
        ask: the service.
        tolerance: largest absolute difference of two numbers that count as the same.
        ignore: keys of an answer that are not compared.
        at_once: most rows in one request. A request that is refused is asked again row by row,
            so that each refusal names its row.

    Raises:
        KaizenError: the service gave no answer, or not one for each row.
    """
    left_out = frozenset(ignore)
    asked = agreed = 0
    differing: list[Difference] = []
    refused: list[Refused] = []
    times: list[float] = []
    versions: set[str] = set()
    for group in _groups(questions, at_once):
        for question, answer in _asked(group, ask, times):
            asked += len(question.due)
            if isinstance(answer, Refused):
                refused.append(answer)
                continue
            version, found = answer
            versions.add(version)
            wrong = _differences(question, found, tolerance, left_out)
            agreed += max(0, len(question.due) - len(wrong))
            differing += wrong
    return Comparison(
        asked=asked,
        same=agreed,
        differing=tuple(differing),
        refused=tuple(refused),
        versions=tuple(sorted(versions)),
        ms_median=_quantile(times, 50),
        ms_p95=_quantile(times, 95),
    )


def body(questions: Sequence[Question]) -> tuple[str, bytes]:
    """Content type and body of one request for questions of one form."""
    first = questions[0]
    if first.form == FILE:
        return first.content_type, first.content
    if first.form == ROWS:
        content: Any = {"rows": [question.content for question in questions]}
    else:
        from base64 import b64decode, b64encode

        raw = b"".join(b64decode(question.content) for question in questions)
        shape = [len(questions), *first.shape]
        content = {"array": {"data": b64encode(raw).decode(), "shape": shape}}
    return JSON, json.dumps(content, allow_nan=False).encode()


def reason(content: Any) -> str:
    """Why a request was refused, in the words of who refused it: from the answer's JSON or text."""
    told = content.get("detail") if isinstance(content, Mapping) else None
    return str(content if told is None else told)[:_LONGEST_REASON]


def _groups(questions: Iterable[Question], at_once: int) -> Iterator[list[Question]]:
    for form, alike in groupby(questions, key=lambda question: question.form):
        waiting: list[Question] = []
        for question in alike:
            waiting.append(question)
            if len(waiting) == (1 if form == FILE else at_once):
                yield waiting
                waiting = []
        if waiting:
            yield waiting


def _asked(
    group: list[Question], ask: Ask, times: list[float]
) -> Iterator[tuple[Question, Refused | tuple[str, list[dict[str, Any]]]]]:
    """Each question with its answers and the version they are from, or without."""
    names = group[0].id if len(group) == 1 else f"{group[0].id} to {group[-1].id}"
    try:
        answer = ask(*body(group))
    except KaizenError as error:
        raise KaizenError(f"{names}: {error}") from error
    if answer.status != 200:
        if len(group) > 1:
            for question in group:
                yield from _asked([question], ask, times)
            return
        refusal = Refused(id=names, status=answer.status, reason=reason(answer.content))
        yield group[0], refusal
        return
    times.append(answer.ms)
    try:
        version, found = str(answer.content["model_version"]), list(answer.content["predictions"])
    except (KeyError, TypeError):
        raise KaizenError(f"{names}: the answer is none of kaizen's: {answer.content}") from None
    if group[0].form == FILE:
        yield group[0], (version, found)
        return
    if len(found) != len(group):
        raise KaizenError(f"{names}: {len(found)} answers to {len(group)} rows")
    for question, prediction in zip(group, found, strict=True):
        yield question, (version, [prediction])


def _differences(
    question: Question, found: list[dict[str, Any]], tolerance: float, ignore: frozenset[str]
) -> list[Difference]:
    """What is due and was not answered, or was answered and is not due."""
    differing = []
    for at in range(max(len(question.due), len(found))):
        due = dict(question.due[at]) if at < len(question.due) else None
        now = found[at] if at < len(found) else None
        if due is not None and now is not None:
            asked = {key: value for key, value in due.items() if key not in ignore}
            if same(asked, now, tolerance):
                continue
        shown = {key: value for key, value in now.items() if key != "id"} if now else None
        name = question.id if len(question.due) == 1 else f"{question.id}#{at}"
        differing.append(Difference(id=name, was=due, now=shown))
    return differing


def _quantile(times: list[float], percent: int) -> float | None:
    if not times:
        return None
    found = quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else times[0]
    return round(found, 3)
