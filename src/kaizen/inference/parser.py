"""A request's bytes to rows: the forms in which a client may send them."""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, create_model

from kaizen.core.usecase import ArraySpec, Features, InvalidInput, ReadFile, TakesFiles, TooLarge
from kaizen.events.schema import Inputs as Logged
from kaizen.inference import duplicates, files
from kaizen.inference.refusal import InputFault, Refusal

JSON = "application/json"
BYTES = "application/octet-stream"
_SHOWN = 80
"""Most letters of a client's content type that a refusal repeats."""
_COLONS = 1000
"""How many colons a body of JSON may have besides those of its rows' keys, for those in texts."""


@dataclass(frozen=True)
class Batch:
    """The rows of one request.

    Attributes:
        size: number of rows n.
        columns: name to n values, for ``Features.decode``.
        logged: each row as it was sent, for its event.
        root: JSON pointer to the rows in the body; "" where the body is the rows.
        about: of a file, what each answer says of its row besides.
    """

    size: int
    columns: Mapping[str, Any]
    logged: list[Logged]
    root: str = "/rows"
    about: Sequence[dict[str, Any]] = ()


class BareArray(BaseModel):
    """Rows as one array: the little-endian bytes in base64, and the shape (n, ...)."""

    model_config = ConfigDict(extra="forbid")

    data: Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]
    shape: Annotated[list[int], Field(max_length=32)]


class Parser:
    """Reads requests for one use case. Every refusal names the field at fault.

    Args:
        features: the use case.
        max_rows: largest number of rows in one request.

    Attributes:
        Payload: model of a JSON request, for the API's documentation.
        names: the keys of a row.
        media: what reads a file, by its media type; empty where none is taken.
    """

    def __init__(self, features: Features, max_rows: int) -> None:
        self._features = features
        self._max_rows = max_rows
        self._array = _Wire(features.array) if features.array else None
        self.media: Mapping[str, ReadFile] = (
            features.media if isinstance(features, TakesFiles) else {}
        )
        self.names = list(features.Request.model_fields)
        self._most_colons = _COLONS + max_rows * (len(self.names) + 2)
        self.Payload = payload_model(features, max_rows)
        self.fields = {*self.names, *self.Payload.model_fields, "array.data", "array.shape"}
        if self.media:
            self.fields.add(files.PART)
        """Every name a refusal may carry that is not of a client's making."""

    def is_file(self, content_type: str) -> bool:
        """Whether such a body is a file, which may take long to read."""
        kind = _kind(content_type)
        return kind in self.media or bool(self.media and kind == files.FORM)

    def __call__(self, content_type: str, body: bytes, disposition: str = "") -> Batch:
        """The rows in ``body``; a file may hold none.

        Args:
            content_type, disposition: the request's headers.
            body: its body.

        Raises:
            Refusal: the content type is unknown, or the body is not what it says.
        """
        kind = _kind(content_type)
        try:
            if self.is_file(content_type):
                form = kind == files.FORM
                sent = files.of_form(content_type, body) if form else None
                return self._file(sent or files.whole(kind, disposition, body))
            if kind == JSON:
                return self._json(body)
            if kind == BYTES and self._array:
                return self._bare(body, self._array, "body")
        except TooLarge as error:
            raise Refusal(413, error.field, error.reason) from None
        except InvalidInput as error:
            raise Refusal.of_input(error, "") from None
        raise self._unknown(content_type)

    def _unknown(self, found: str, where: str = "content-type") -> Refusal:
        known = [JSON, BYTES] if self._array else [JSON]
        known += [*self.media, files.FORM] if self.media else []
        reason = f"expected {' or '.join(known)}, found {found[:_SHOWN] or 'none'!r}"
        return Refusal(415, where, reason)

    def rows(self, rows: list[BaseModel]) -> Batch:
        """Rows that are already validated."""
        columns = {name: [getattr(row, name) for row in rows] for name in self.names}
        logged: list[Logged] = [{"values": row.model_dump(mode="json")} for row in rows]
        return Batch(len(rows), columns, logged)

    def _json(self, body: bytes) -> Batch:
        if body.count(b":") > self._most_colons:
            # Each key that is not known costs far more than its bytes.
            raise Refusal(413, "body", f"at most {self._most_colons} keys are taken")
        try:
            payload: Any = self.Payload.model_validate_json(body, strict=True)
        except ValidationError as error:
            raise Refusal.of_validation(error) from None
        bare = getattr(payload, "array", None)
        keys = len(payload.model_fields_set) + 2 * (bare is not None)
        duplicates.check(body, keys + sum(len(row.model_fields_set) for row in payload.rows or ()))
        if (payload.rows is None) == (bare is None):
            both = "expected exactly one of 'rows' and 'array'"
            raise Refusal(400, "rows", both, kind="missing", faults=[InputFault("", both)])
        if bare is None or self._array is None:
            return self.rows(payload.rows)
        try:
            raw = binascii.a2b_base64(bare.data, strict_mode=True)
        except ValueError as error:
            raise Refusal(400, "array.data", f"not base64: {error}", kind="value") from None
        batch = self._bare(raw, self._array, "array.data")
        expected = [batch.size, *self._array.shape]
        if bare.shape != expected:
            raise Refusal(
                400, "array.shape", f"the data has shape {expected}, found {bare.shape[:8]}",
                kind="length",
            )  # fmt: skip
        return batch

    def _file(self, sent: files.Sent) -> Batch:
        if sent.kind not in self.media:
            raise self._unknown(sent.kind, files.PART)
        file = self.media[sent.kind](sent.content, sent.name)
        size = len(file.rows)
        if size > self._max_rows:
            raise Refusal(413, files.PART, f"at most {self._max_rows} rows, found {size}")
        logged: list[Logged] = [{"array": b64encode(row.tobytes()).decode()} for row in file.rows]
        return Batch(size, self._features.unpack(file.rows), logged, "", file.about)

    def _bare(self, raw: bytes, wire: _Wire, field: str) -> Batch:
        size, rest = divmod(len(raw), wire.row_bytes)
        if rest or not size:
            raise Refusal(
                400,
                field,
                f"expected a multiple of {wire.row_bytes} bytes ({wire.dtype.name} of shape "
                f"{list(wire.shape)} per row), found {len(raw)}",
                kind="length" if raw else "empty",
            )
        if size > self._max_rows:
            raise Refusal(413, field, f"at most {self._max_rows} rows, found {size}")
        logged: list[Logged] = [
            {"array": b64encode(raw[at : at + wire.row_bytes]).decode()}
            for at in range(0, len(raw), wire.row_bytes)
        ]
        rows = np.frombuffer(raw, wire.dtype).reshape(size, *wire.shape)
        root = "/array/data" if field == "array.data" else ""
        return Batch(size, self._features.unpack(rows), logged, root)


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


class _Wire:
    """A bare row as it comes over the wire, worked out once."""

    def __init__(self, spec: ArraySpec) -> None:
        self.dtype = np.dtype(spec.dtype).newbyteorder("<")
        self.shape = spec.shape
        self.row_bytes = spec.row_bytes


def payload_model(features: Features, max_rows: int) -> type[BaseModel]:
    """Model of a JSON request: ``rows``, or ``array`` where the use case takes one."""
    rows = Annotated[
        list[features.Request],  # type: ignore[name-defined]
        Field(min_length=1, max_length=max_rows, description="Rows by name"),
    ]
    if not features.array:
        return create_model("Predict", __config__=ConfigDict(extra="forbid"), rows=(rows, ...))
    one: JsonValue = [
        {"required": [name], "properties": {name: {"type": kind}}}
        for name, kind in (("rows", "array"), ("array", "object"))
    ]
    return create_model(
        "Predict",
        __config__=ConfigDict(extra="forbid", json_schema_extra={"oneOf": one}),
        rows=(rows | None, None),
        array=(BareArray | None, None),
    )
