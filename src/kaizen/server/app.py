"""The HTTP endpoints around one worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import bentoml
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kaizen.inference.refusal import Refusal
from kaizen.server.identity import identify
from kaizen.server.openapi import document, page
from kaizen.server.problems import Problem, named, refused
from kaizen.server.worker import Worker

_log = logging.getLogger("kaizen.serving")
_JSON = "application/json"
_SHOWN = 100


class Endpoints:
    """What the paths answer.

    Args:
        folder: where the release lies.
        events: folder of the event log, None to keep none.
        keys: folder of the API keys, None where there are none.
        address: where clients reach the service.
    """

    def __init__(self, folder: Path, events: Path | None, keys: Path | None, address: str) -> None:
        self._folder = folder
        self._events = events
        self._keys = keys
        self._address = address
        self._why = ("not_ready", "the model is being loaded")
        self.worker: Worker | None = None

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Load and check the model; at the end write the events out.

        A model that fails its check leaves the worker alive and never ready, with the reason at
        /readyz: a worker that died would only be started again.
        """
        try:
            worker = Worker(self._folder, self._events, self._keys, self._address)
            self._document = orjson.dumps(document(worker.model, worker.labels.Payload))
            self._version = orjson.dumps({**worker.model.metadata, "bento": _bento()})
            self.worker = worker
        except Exception as error:
            _log.exception("the model cannot be served")
            self._why = ("model_refused", str(error))
        yield
        if self.worker:
            self.worker.close()

    async def predict(self, request: Request) -> Response:
        try:
            content = await self._ready().predict(
                request.headers, request.receive, named(request.scope)
            )
        except Refusal as refusal:
            return refused(request, refusal)
        return Response(content, media_type=_JSON)

    async def feedback(self, request: Request) -> Response:
        try:
            event = await self._ready().feedback(request.headers, request.receive)
        except Refusal as refusal:
            return refused(request, refusal)
        said = {"event": event, "request_id": named(request.scope).shown}
        return Response(orjson.dumps(said), media_type=_JSON)

    async def livez(self, _: Request) -> Response:
        return Response(b'{"live":true}', media_type=_JSON)

    async def readyz(self, _: Request) -> Response:
        self._ready()
        return Response(b'{"ready":true}', media_type=_JSON)

    async def version(self, _: Request) -> Response:
        self._ready()
        return Response(self._version, media_type=_JSON)

    async def openapi(self, _: Request) -> Response:
        self._ready()
        return Response(self._document, media_type=_JSON)

    async def metrics(self, _: Request) -> Response:
        content, media_type = await asyncio.to_thread(self._ready().metrics.exposition)
        return Response(content, headers={"content-type": media_type})

    async def docs(self, _: Request) -> Response:
        self._ready()
        return Response(page(self._document), media_type="text/html")

    def _ready(self) -> Worker:
        if not self.worker:
            kind, reason = self._why
            raise Refusal(503, "model", reason, kind=kind)
        return self.worker


def _bento() -> str | None:
    """Exact tag of the Bento this process serves, None outside of one."""
    context = bentoml.server_context
    return f"{context.bento_name}:{context.bento_version}" if context.bento_name else None


def create(
    folder: Path, events: Path | None, keys: Path | None = None, address: str = "127.0.0.1"
) -> Starlette:
    """The service as an ASGI application; the model loads when it starts."""
    on = Endpoints(folder, events, keys, address)
    app = Starlette(
        routes=[
            Route("/predict", on.predict, methods=["POST"]),
            Route("/feedback", on.feedback, methods=["POST"]),
            Route("/livez", on.livez),
            Route("/readyz", on.readyz),
            Route("/version", on.version),
            Route("/metrics", on.metrics),
            Route("/openapi.json", on.openapi),
            Route("/docs", on.docs),
        ],
        exception_handlers={Refusal: _on_refusal, HTTPException: _on_http},
        lifespan=on.lifespan,
    )
    app.router.redirect_slashes = False
    app.add_middleware(_Frame, endpoints=on)
    return app


class _Frame:
    """Around every request: its names, the count of its answer, and an answer whatever fails."""

    def __init__(self, app: ASGIApp, endpoints: Endpoints) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        who = scope["kaizen.identity"] = identify(scope["headers"])
        started = False

        async def framed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *who.headers()]
                if worker := self._endpoints.worker:
                    worker.metrics.answered(scope["path"], message["status"])
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception:
            _log.exception("request %s failed", who.shown)
            if started:
                raise
            failure = Refusal(500, "service", "the service failed; its log says why")
            await Problem(failure, who)(scope, receive, framed)


async def _on_refusal(request: Request, error: Refusal) -> Response:
    return refused(request, error)


async def _on_http(request: Request, error: HTTPException) -> Response:
    """A path or a method that is not there."""
    field = "path" if error.status_code == 404 else "method"
    path = request.url.path
    path = path if len(path) <= _SHOWN else path[:_SHOWN] + "…"
    reason = f"{request.method} {path}: {error.detail.lower()}"
    response = refused(request, Refusal(error.status_code, field, reason))
    response.headers.update(error.headers or {})
    return response
