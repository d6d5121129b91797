"""The API described for people and machines: OpenAPI 3.1, and a page that needs no network."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from kaizen.core.usecase import ArraySpec
from kaizen.events.schema import event_id
from kaizen.inference.files import FORM, PART
from kaizen.inference.parser import BYTES, JSON
from kaizen.inference.refusal import MEDIA_TYPE
from kaizen.server.model import Model

_BINARY = {"type": "string", "format": "binary"}
_REF = "#/components/schemas/{model}"
_HEADERS = {"x-request-id": {"description": "Names the request", "schema": {"type": "string"}}}
_RETRY = {"retry-after": {"description": "Seconds", "schema": {"type": "integer", "minimum": 0}}}
_NOT_READY = "Not ready: the model is being loaded, or was refused"


class Fault(BaseModel):
    """One thing to mend in the body of a request."""

    path: str = Field(description="JSON pointer (RFC 6901) of the field")
    detail: str = Field(description="What was found and what was expected")


class Problem(BaseModel):
    """The body of every refusal (RFC 9457)."""

    type: str = Field(description="Names the kind of problem, or about:blank")
    title: str = Field(description="The kind of problem in words")
    status: int
    detail: str = Field(description="What was found and what was expected")
    instance: str = Field(description="Names this one refusal")
    request_id: str = Field(description="As in the header x-request-id")
    errors: list[Fault] | None = Field(None, description="Of an input error: where")


class Labelled(BaseModel):
    """A label is stored."""

    event: str = Field(description="The prediction's id")
    request_id: str


def document(model: Model, feedback: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI document of the service around ``model``, which takes ``feedback``."""
    features = model.features
    prediction = create_model(
        "Prediction",
        __base__=features.Response,
        id=(str, Field(description="Names this prediction, for its true label to come")),
    )
    answer = create_model(
        "Answer",
        model_version=(str, ...),
        request_id=(str, ...),
        predictions=(list[prediction], Field(description="One per row, in their order")),  # type: ignore[valid-type]
    )
    parts: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model.parser.Payload, "validation"),
        (answer, "serialization"),
        (Problem, "serialization"),
        (feedback, "validation"),
        (Labelled, "serialization"),
    ]
    names, schemas = models_json_schema(parts, ref_template=_REF)
    payload, answered, failed, said, labelled = (names[part] for part in parts)
    content: dict[str, Any] = {JSON: {"schema": payload, "examples": _examples(model)}}
    if features.array:
        content[BYTES] = {"schema": _BINARY}
    content |= _files(model)
    refusals = {
        "400": "A row or the request is not valid",
        "401": "A key is needed and there is none, or it is not known",
        "403": "The key is for something else",
        "408": "The body came too slowly",
        "413": f"More than {model.limits.max_body_bytes} bytes or {model.limits.max_rows} rows",
        "415": "The content type is not taken",
        "503": "Not ready, or too many requests in flight: see Retry-After",
        "504": "The answer took too long",
    }
    refused = {
        status: _response(text, failed, MEDIA_TYPE, _RETRY if status == "503" else {})
        for status, text in refusals.items()
    }
    predict = {
        "summary": "Predict",
        "description": _bare(features.array) + _of_files(model),
        "operationId": "predict",
        "requestBody": {"required": True, "content": content},
        "responses": {"200": _response("One prediction per row", answered)} | refused,
    }
    tell = {
        "summary": "Say what was true of a prediction, or that its answer was right",
        "description": "The last label of a prediction counts; the same again is none.",
        "operationId": "feedback",
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": said, "examples": _told(model)}},
        },
        "responses": {"200": _response("The label is stored", labelled)}
        | refused
        | {"413": _response("The label is too large", failed, MEDIA_TYPE)},
    }
    paths: dict[str, Any] = {"/predict": {"post": predict}, "/feedback": {"post": tell}}
    for path, (text, kind, schema) in _asked(model).items():
        found = {"200": _response(text, schema, kind)}
        if path != "/livez":
            found["503"] = _response(_NOT_READY, failed, MEDIA_TYPE, _RETRY)
        paths[path] = {"get": {"summary": text, "responses": found}}
    return {
        "openapi": "3.1.0",
        "info": {"title": model.usecase, "version": model.version},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def page(content: bytes) -> str:
    """The document as a page."""
    described = json.loads(content)
    post = described["paths"]["/predict"]["post"]
    examples = post["requestBody"]["content"][JSON]["examples"]
    title = escape(f"{described['info']['title']} {described['info']['version']}")
    parts = [f"<h1>{title}</h1>"]
    parts.append(f"<h2>POST predict</h2><p>{escape(post['description'])}</p>")
    for name, example in examples.items():
        parts.append(f"<h3>Example: {escape(name)}</h3>{_block(example['value'])}")
    parts.append("<h3>Answers</h3><ul>")
    for status, response in post["responses"].items():
        parts.append(f"<li><code>{status}</code> {escape(response['description'])}</li>")
    told = described["paths"]["/feedback"]["post"]
    parts.append(f"</ul><h2>POST feedback</h2><p>{escape(told['summary'])}.")
    parts.append(f" {escape(told['description'])}</p>")
    said = told["requestBody"]["content"][JSON]["examples"]
    parts.extend(_block(example["value"]) for example in said.values())
    parts.append("<h2>Also</h2><ul>")
    for path, methods in described["paths"].items():
        if "get" in methods:
            link = path.lstrip("/")
            parts.append(f"<li><a href='{link}'>{link}</a>: {methods['get']['summary']}</li>")
    parts.append(f"</ul><h2>Schemas</h2>{_block(described['components']['schemas'])}")
    style = "body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    style += "pre{background:#f4f4f4;padding:1rem;overflow:auto;max-height:30rem}"
    head = f"<meta charset='utf-8'><title>{title}</title><style>{style}</style>"
    return f"<!doctype html><html lang='en'>{head}<body>{''.join(parts)}</body></html>"


def _asked(model: Model) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Summary, content type and schema of each answer to a GET, by path."""
    text = {"type": "string"}
    return {
        "/livez": ("The process runs", JSON, _flag("live")),
        "/readyz": ("The model answers its golden set as due", JSON, _flag("ready")),
        "/version": (
            "What is served and where it came from",
            JSON,
            {"type": "object", "required": sorted([*model.metadata, "bento"])},
        ),
        "/metrics": ("Figures for Prometheus", "text/plain", text),
        "/openapi.json": ("This description, for machines", JSON, {"type": "object"}),
        "/docs": ("This description, for people", "text/html", text),
    }


def _flag(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"const": True}}, "required": [name]}


def _examples(model: Model) -> dict[str, Any]:
    rows = [dict(row) for row in model.features.examples]
    examples: dict[str, Any] = {"rows": {"value": {"rows": rows}}}
    if model.features.array:
        spec = model.features.array
        data = b64encode(bytes(spec.row_bytes)).decode()
        value = {"array": {"data": data, "shape": [1, *spec.shape]}}
        examples["array"] = {"summary": "One row of zeros", "value": value}
    return examples


def _told(model: Model) -> dict[str, Any]:
    event = event_id("0" * 32, 0)
    label = model.golden.responses[0][model.features.label]
    return {
        "label": {"value": {"event": event, "label": label}},
        "agree": {"value": {"event": event, "agree": True}},
    }


def _bare(spec: ArraySpec | None) -> str:
    if spec is None:
        return "Rows as JSON."
    return (
        f"Rows as JSON, or as little-endian {spec.dtype} of shape {list(spec.shape)} per row: "
        f"in base64 inside JSON, or as raw bytes ({BYTES}, {spec.row_bytes} bytes per row)."
    )


def _files(model: Model) -> dict[str, Any]:
    """Media types of files, and the form that carries one."""
    if not model.parser.media:
        return {}
    form = {"type": "object", "properties": {PART: _BINARY}, "required": [PART]}
    kinds = ", ".join(model.parser.media)
    described = {"schema": form, "encoding": {PART: {"contentType": kinds}}}
    return {kind: {"schema": _BINARY} for kind in model.parser.media} | {FORM: described}


def _of_files(model: Model) -> str:
    if not model.parser.media:
        return ""
    return (
        f" Or a file ({', '.join(model.parser.media)}), as the body or as the part {PART!r} of a "
        "form: one prediction per row found in it, in its order, and none where it holds none. Its "
        "name is that of the part, or of the header content-disposition."
    )


def _response(
    text: str, schema: dict[str, Any], kind: str = JSON, headers: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "description": text,
        "headers": {**_HEADERS, **(headers or {})},
        "content": {kind: {"schema": schema}},
    }


def _block(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=1))}</pre>"
