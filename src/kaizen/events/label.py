"""What a label is: the truth about one prediction, in the use case's own terms, on one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Features

SCHEMA = 1
EVENT_ID = r"^[0-9a-f]{32}-(0|[1-9][0-9]{0,8})$"
"""What an event's id looks like; no line break fits, as ``$`` of Python's ``re`` would let one."""
MOST_BYTES = 16 * 2**10
"""Longest line of a label."""
PREFIX = b'{"event":"'
"""How a line begins: what is not asked for is passed over without being parsed."""

_EVENT_ID = re.compile(EVENT_ID.strip("^$"))
_SHOWN = 60


class Label(NamedTuple):
    """The truth about one event.

    Attributes:
        event: id of the event.
        value: the truth, None in an agreement whose event is not looked up yet.
        time: seconds since the epoch (UTC) at which it came.
        source: ``feedback``, ``import``, or another name for where it is from.
        agree: whether it was said that the answer is right, instead of what is right.
        by: name of the API key it came with, None without one.
    """

    event: str
    value: Any
    time: float
    source: str
    agree: bool = False
    by: str | None = None

    def says(self, other: Label) -> bool:
        """Whether both say the same."""
        return (self.agree, self.value) == (other.agree, other.value)

    def resolved(self, answer: Any) -> Label:
        """Itself, an agreement with the value it agrees to."""
        return self._replace(value=answer) if self.agree else self


class Terms:
    """What may be a label of one use case: what the answer it is the truth of may be.

    Attributes:
        type: for pydantic.
    """

    def __init__(self, features: Features) -> None:
        field = features.Response.model_fields[features.label]
        self.type: Any = Annotated[field.annotation, field]
        self._name = features.name
        self._adapter: TypeAdapter[Any] = TypeAdapter(
            self.type, config=ConfigDict(allow_inf_nan=False)
        )

    def value(self, found: Any, *, text: bool = False) -> Any:
        """A label as it is kept.

        Args:
            found: what came.
            text: whether it came where everything is text, as in a table: "7" is a number there.

        Raises:
            ValueError: it cannot be a label of this use case; the message says why.
        """
        validate = self._adapter.validate_strings if text else self._adapter.validate_python
        try:
            value = self._adapter.dump_python(validate(found, strict=True), mode="json")
            orjson.dumps(value)
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"]
            raise ValueError(f"label {shown(found)} of {self._name}: {reason}") from None
        except orjson.JSONEncodeError as error:
            raise ValueError(f"label {shown(found)} of {self._name}: {error}") from None
        return value


def event_id(found: Any) -> str:
    """``found`` itself.

    Raises:
        ValueError: it cannot be an event's id.
    """
    if not isinstance(found, str) or not _EVENT_ID.fullmatch(found):
        raise ValueError(
            f"event {shown(found)}: expected an id as in the prediction and in `kaizen events`, "
            "32 hex digits, a dash, the row's position"
        )
    return found


def shown(found: Any) -> str:
    """Something from outside, short and printable."""
    text = ascii(found)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def line(label: Label) -> bytes:
    """``label`` as one line of JSON, its newline included.

    Raises:
        ValueError: it is too long.
    """
    truth = {"agree": True} if label.agree else {"label": label.value}
    content = orjson.dumps(
        {
            "event": label.event,
            **truth,
            "time": label.time,
            "source": label.source,
            "by": label.by,
            "schema": SCHEMA,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
    if len(content) > MOST_BYTES:
        raise ValueError(f"label {shown(label.value)}: at most {MOST_BYTES} bytes are taken")
    return bytes(content)


def parsed(content: bytes) -> Label | None:
    """The label on a line; None where there is none.

    Raises:
        KaizenError: its schema is newer than this code.
    """
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or not found.keys() >= {"event", "time", "source", "schema"}:
        return None
    _check_schema(found)
    agree = found.get("agree") is True
    if not isinstance(found["event"], str) or not (agree or "label" in found):
        return None
    return Label(
        found["event"], found.get("label"), found["time"], found["source"], agree, found.get("by")
    )


def _check_schema(found: Mapping[str, Any]) -> None:
    if found["schema"] != SCHEMA:
        raise KaizenError(
            f"the label of event {found['event']!r} has schema {found['schema']!r}: expected "
            f"{SCHEMA}; a newer kaizen wrote it, so read it with that one"
        )
