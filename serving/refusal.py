"""Why a request was turned away: the one form of error a client ever sees."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import ValidationError

from kaizen.usecase import InvalidInput

KINDS = {
    400: "invalid",
    404: "not_found",
    405: "method",
    408: "slow",
    413: "too_large",
    415: "content_type",
    500: "failure",
    503: "busy",
    504: "timeout",
}
"""Kind of refusal by status, where nothing more exact is known. The metric's label: bounded."""

_PYDANTIC_KINDS = {
    "missing": "missing",
    "extra_forbidden": "unknown_key",
    "json_invalid": "json",
    "finite_number": "not_finite",
    "too_short": "length",
    "too_long": "length",
    "list_type": "type",
}
_SHOWN = 40


class Refusal(Exception):
    """A request that gets no prediction.

    Attributes:
        status: HTTP status.
        field: what the client must mend.
        reason: what is wrong and what was expected, in words.
        row: position of the row at fault, None when it is not about one row.
        kind: one of a few words, for the metric.
    """

    def __init__(
        self,
        status: int,
        field: str,
        reason: str,
        *,
        row: int | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.field = field
        self.reason = reason
        self.row = row
        self.kind = kind or KINDS[status]

    @classmethod
    def of_input(cls, error: InvalidInput) -> Refusal:
        """From what a use case found wrong with a row."""
        return cls(400, error.field, error.reason, row=error.row, kind="value")

    @classmethod
    def of_validation(cls, error: ValidationError) -> Refusal:
        """From pydantic's first finding."""
        first = error.errors(include_url=False, include_context=False)[0]
        place = first["loc"]
        row = None
        if len(place) > 1 and place[0] == "rows" and isinstance(place[1], int):
            row, place = place[1], place[2:] or ("rows",)
        names = [str(part) for part in place if not isinstance(part, int)]
        kind = _PYDANTIC_KINDS.get(first["type"])
        if kind is None:
            kind = "type" if first["type"].endswith("_type") else "value"
        reason = first["msg"]
        if kind not in ("missing", "unknown_key", "json"):
            reason += f", found {_shown(first['input'])}"
        return cls(400, ".".join(names) or "body", reason, row=row, kind=kind)

    def body(self) -> bytes:
        """As the JSON a client gets."""
        error: dict[str, Any] = {"field": self.field, "reason": self.reason}
        if self.row is not None:
            error["row"] = self.row
        return orjson.dumps({"error": error})


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
