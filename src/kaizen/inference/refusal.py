"""Why a request was turned away: the one form of error a client ever sees (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from kaizen.core.usecase import InvalidInput

MEDIA_TYPE = "application/problem+json"

KINDS = {
    400: "invalid",
    401: "key_unknown",
    403: "key_scope",
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

_PROBLEMS = {
    400: ("/problems/invalid-input", "The request is not valid"),
    401: ("/problems/key-needed", "A known API key is needed"),
    403: ("/problems/key-scope", "The API key is for something else"),
    408: ("/problems/slow-body", "The body came too slowly"),
    413: ("/problems/too-large", "The request is too large"),
    415: ("/problems/content-type", "This kind of content is not taken"),
    503: ("/problems/busy", "Too many requests at once"),
    504: ("/problems/timeout", "The answer took too long"),
}
"""Type and title by status; any other is ``about:blank`` with the status's own phrase."""
MODEL_REFUSED = "/problems/model-refused"
"""Type of the problem of a server that will never be ready."""
_BY_KIND = {
    "not_ready": ("/problems/not-ready", "The model is not ready"),
    "model_refused": (MODEL_REFUSED, "The model cannot be served"),
}
"""Type and title where the status does not say enough."""

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
_LISTED = 8
"""Most faults of one request that are told."""
_DETAILED = 1000
"""With more faults than this they are not looked at: a body of nothing but unknown keys would
make millions of them, and each costs more than its bytes."""


class InputFault(NamedTuple):
    """One thing to mend: JSON pointer (RFC 6901) into the body, and what is wrong there."""

    path: str
    detail: str


class Refusal(Exception):
    """A request that gets no prediction.

    Attributes:
        status: HTTP status.
        field: what the client must mend.
        reason: what is wrong and what was expected, in words.
        row: position of the row at fault, None when it is not about one row.
        kind: one of a few words, for the metric.
        faults: of an input error, where in the body; never empty then.
    """

    def __init__(
        self,
        status: int,
        field: str,
        reason: str,
        *,
        row: int | None = None,
        kind: str | None = None,
        faults: Sequence[InputFault] = (),
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.field = field
        self.reason = reason
        self.row = row
        self.kind = kind or KINDS[status]
        place = () if field == "body" else field.split(".")
        self.faults = faults or ([InputFault(pointer(*place), reason)] if status == 400 else [])

    @classmethod
    def of_input(cls, error: InvalidInput, root: str = "/rows", *, named: bool = True) -> Refusal:
        """From what a use case found wrong with a row.

        Args:
            error: the finding.
            root: pointer to the rows in the body.
            named: whether the rows below ``root`` have a key of the finding's field.
        """
        path = root
        if root == "/rows" and error.row is not None:
            path += pointer(error.row, *([error.field] if named else []))
        faults = [InputFault(path, error.reason)]
        return cls(400, error.field, error.reason, row=error.row, kind="value", faults=faults)

    @classmethod
    def of_validation(cls, error: ValidationError) -> Refusal:
        """From pydantic's first finding; the first few are listed."""
        if error.error_count() > _DETAILED:
            return cls(400, "body", f"{error.error_count()} things are wrong with it", kind="value")
        found = error.errors(include_url=False, include_context=False)[:_LISTED]
        faults = [InputFault(pointer(*each["loc"]), _reason(each)) for each in found]
        first = found[0]
        place = first["loc"]
        row = None
        if len(place) > 1 and place[0] == "rows" and isinstance(place[1], int):
            row, place = place[1], place[2:] or ("rows",)
        names = [str(part) for part in place if not isinstance(part, int)]
        name = ".".join(names) or "body"
        return cls(400, name, _reason(first), row=row, kind=_kind(first), faults=faults)

    def body(self, request_id: str) -> bytes:
        """As the problem document a client gets."""
        by_status = _PROBLEMS.get(self.status, ("about:blank", ""))
        kind, title = _BY_KIND.get(self.kind, by_status)
        problem: dict[str, Any] = {
            "type": kind,
            "title": title or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.reason,
            "instance": f"urn:kaizen:request:{request_id}",
            "request_id": request_id,
        }
        if self.faults:
            problem["errors"] = [fault._asdict() for fault in self.faults]
        return orjson.dumps(problem)


def pointer(*place: str | int) -> str:
    """A JSON pointer (RFC 6901); parts of a client's making are shortened."""
    parts = (str(part)[:_SHOWN].replace("~", "~0").replace("/", "~1") for part in place)
    return "".join(f"/{part}" for part in parts)


def _kind(finding: Any) -> str:
    known = _PYDANTIC_KINDS.get(finding["type"])
    return known or ("type" if finding["type"].endswith("_type") else "value")


def _reason(finding: Any) -> str:
    told = finding["type"] in ("missing", "extra_forbidden", "json_invalid")
    return str(finding["msg"]) if told else f"{finding['msg']}, found {_shown(finding['input'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
