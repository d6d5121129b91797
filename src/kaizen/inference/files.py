"""A file in a request: the body itself, or the one file of a form."""

from __future__ import annotations

from dataclasses import dataclass

from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    content_disposition_unquote,
    parse_options_header,
)

from kaizen.inference.refusal import Refusal

FORM = "multipart/form-data"
PART = "file"
"""Name of a form's one part."""
_MOST_PARTS = 4
"""More are not even counted."""


@dataclass(frozen=True)
class Sent:
    """A file as it was sent.

    Attributes:
        kind: its media type, in lower case and without parameters.
        name: the client's name for it, "" without one. It is not to be trusted.
        content: its bytes.
    """

    kind: str
    name: str
    content: bytes


def whole(kind: str, disposition: str, body: bytes) -> Sent:
    """The body as a file; ``disposition`` is the request's content-disposition."""
    _, options = parse_options_header(disposition, unquote=content_disposition_unquote)
    return Sent(kind, options.get("filename") or "", body)


def of_form(content_type: str, body: bytes) -> Sent:
    """The one file of a form.

    Raises:
        Refusal: it is no form, or has not exactly one part, or that is not a file named "file".
    """
    _, options = parse_options_header(content_type)
    try:
        with PushMultipartParser(
            options.get("boundary", ""), max_segment_count=_MOST_PARTS, strict=True
        ) as parser:
            parts: list[tuple[MultipartSegment, bytearray]] = []
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    parts.append((event, bytearray()))
                elif event:
                    parts[-1][1].extend(event)
    except MultipartError as error:
        raise Refusal(400, "body", f"not a form: {error}", kind="value") from None
    if len(parts) != 1 or parts[0][0].name != PART or parts[0][0].filename is None:
        found = ", ".join(repr(part.name[:40]) for part, _ in parts) or "none"
        reason = f"expected one part, a file named {PART!r}; found {found}"
        raise Refusal(400, PART, reason, kind="missing")
    part, content = parts[0]
    kind, _ = parse_options_header(part.content_type or "")
    return Sent(kind, part.filename or "", bytes(content))
