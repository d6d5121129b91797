"""A block of rows to its answers, one place each: what cannot be answered says why."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from kaizen.core.usecase import Array, InvalidInput, Outputs
from kaizen.data.blocks import Block, Unreadable
from kaizen.inference.refusal import Refusal
from kaizen.inference.scorer import finite
from kaizen.registry.predictor import Predictor

_AT_ONCE = 8
"""Bad rows that may be taken out of a block one after the other; then each row is asked alone."""


@dataclass(frozen=True)
class Refused:
    """Why a row has no answer: the field at fault, and the service's own words."""

    field: str
    reason: str


Answer = BaseModel | Refused


class Asker:
    """Asks one model for rows as files hold them, by the rules the service applies to requests."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._features = predictor.features
        request = self._features.Request
        self.names = list(request.model_fields)
        """The columns that are asked; all others are the file's own."""
        self._one: TypeAdapter[BaseModel] = TypeAdapter(request)
        self._many: TypeAdapter[list[BaseModel]] = TypeAdapter(list[request])  # type: ignore[valid-type]

    def __call__(self, block: Block) -> list[Answer]:
        """One answer per row, in order."""
        answers: list[Answer | None] = [None] * len(block)
        if block.array is not None:
            array = block.array
            self._ask(range(len(array)), answers, lambda places: self._outputs(array[places]))
            return _all(answers)
        asked = []
        for place, row in enumerate(block.rows):
            if isinstance(row, Unreadable):
                answers[place] = Refused("row", row.reason)
            else:
                asked.append((place, {name: row[name] for name in self.names if name in row}))
        valid = self._valid(asked, answers, texts=block.texts)
        self._ask(list(valid), answers, lambda places: self._of([valid[place] for place in places]))
        return _all(answers)

    def _valid(
        self, asked: list[tuple[int, dict[str, Any]]], answers: list[Answer | None], *, texts: bool
    ) -> dict[int, BaseModel]:
        """The rows that are valid requests, by place; the others are refused.

        The rules are those for JSON, which is what clients send; in CSV texts stand for numbers,
        and pydantic takes such rows one by one only.
        """
        if not texts:
            with suppress(ValidationError, orjson.JSONEncodeError):
                models = self._many.validate_json(_json([row for _, row in asked]), strict=True)
                return {place: model for (place, _), model in zip(asked, models, strict=True)}
        valid = {}
        for place, row in asked:
            try:
                if texts:
                    valid[place] = self._one.validate_strings(row, strict=True)
                else:
                    valid[place] = self._one.validate_json(_json(row), strict=True)
            except ValidationError as error:
                refusal = Refusal.of_validation(error)
                answers[place] = Refused(refusal.field, refusal.reason)
            except orjson.JSONEncodeError as error:
                answers[place] = Refused("row", str(error))
        return valid

    def _of(self, models: Sequence[BaseModel]) -> Outputs:
        columns = {name: [getattr(model, name) for model in models] for name in self.names}
        return finite(self._predictor.scorer(self._features.decode(columns)))

    def _outputs(self, array: Array) -> Outputs:
        return finite(self._predictor.outputs(array))

    def _ask(
        self,
        places: Sequence[int],
        answers: list[Answer | None],
        outputs: Callable[[list[int]], Outputs],
    ) -> None:
        """Fill in the answers of the rows at ``places``; one that spoils the others is refused."""
        left = list(places)
        for _ in range(_AT_ONCE):
            if not left:
                return
            try:
                made = self._features.respond(outputs(left))
            except InvalidInput as bad:
                if bad.row is None:
                    break
                answers[left.pop(bad.row)] = Refused(bad.field, bad.reason)
            else:
                for place, response in zip(left, made, strict=True):
                    answers[place] = response
                return
        for place in left:
            try:
                (answers[place],) = self._features.respond(outputs([place]))
            except InvalidInput as bad:
                answers[place] = Refused(bad.field, bad.reason)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_as_text)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _all(answers: list[Answer | None]) -> list[Answer]:
    return [Refused("row", "no answer") if each is None else each for each in answers]
