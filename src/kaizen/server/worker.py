"""One worker process: takes requests on, within its limits, and answers them.

Small work is done in the event loop, where nothing has to be handed over; a batch that would hold
the loop up, and every file, goes to the one scoring thread. Requests beyond what a worker takes on
are turned away at once, because waiting in line helps nobody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from starlette.datastructures import Headers
from starlette.types import Receive

from kaizen.core.usecase import InvalidInput, Outputs
from kaizen.events.label import MOST_BYTES
from kaizen.events.spool import Spool
from kaizen.inference.parser import Batch
from kaizen.inference.refusal import Refusal
from kaizen.server.access import Door
from kaizen.server.answer import answer
from kaizen.server.body_timeouts import Arrivals
from kaizen.server.feedback import FIELDS, Feedback
from kaizen.server.identity import Identity, identify
from kaizen.server.metrics import Metrics
from kaizen.server.model import Model
from kaizen.server.redaction import Redaction

INLINE_SECONDS = 0.005
"""Longest time for which scoring may hold the event loop up."""
READERS = 4
"""Requests whose bodies are still arriving, per request that may be in work: whoever sends slowly
takes no place of those who have sent."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_log = logging.getLogger("kaizen.serving")


class Worker:
    """A checked model and what it needs to answer.

    Args:
        folder: where the release lies.
        events: folder of the event log, None to keep none.
        keys: folder of the API keys, None where there are none.
        address: where clients reach the service.

    Raises:
        KaizenError: the release is damaged, or the model does not answer its golden set as due.
    """

    def __init__(
        self,
        folder: Path,
        events: Path | None,
        keys: Path | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self.model = Model(folder)
        self.model.check()
        fields = {*self.model.parser.fields, *FIELDS}
        self.metrics = Metrics(self.model.usecase, self.model.version, fields)
        limits = self._limits = self.model.limits
        self.labels = Feedback(
            self.model.features, events, most=limits.max_concurrency, timeout_s=limits.timeout_s
        )
        self._arrivals = Arrivals(READERS * limits.max_concurrency, limits.read_timeout_s)
        self._door = Door(limits.require_key, address, keys)
        self._inline_rows = int(INLINE_SECONDS / self.model.row_seconds)
        self._redact = Redaction.of(self.model, keys)
        most = self.model.metadata.get("max_spool_bytes")
        self._spool = Spool(events, max_total=most) if events else None
        self._thread = ThreadPoolExecutor(1, "score")
        self._in_work = 0

    async def predict(
        self, headers: Headers, receive: Receive, who: Identity | None = None
    ) -> bytes:
        """The JSON answer to one request, its events already in the log.

        Args:
            headers: the request's.
            receive: gives its body.
            who: its names, read from ``headers`` where they are not given.

        Raises:
            Refusal: there is no answer; the refusal has been counted.
        """
        return await self._counted(self._predicted(headers, receive, who or identify(headers.raw)))

    async def feedback(self, headers: Headers, receive: Receive) -> str:
        """Take a label; the id of its event when it is on disk.

        Args:
            headers: the request's.
            receive: gives its body.

        Raises:
            Refusal: it is not stored; the refusal has been counted.
        """
        return await self._counted(self._labelled(headers, receive))

    def close(self) -> None:
        """Finish what is being scored and write labels and events out."""
        self._thread.shutdown(cancel_futures=True)
        self.labels.close()
        if self._spool:
            self._spool.close()

    async def _counted(self, answer: Awaitable[T]) -> T:
        """``answer``; where there is none, a refusal that has been counted."""
        try:
            return await answer
        except Refusal as refusal:
            self.metrics.rejected(refusal)
            raise
        except Exception as error:
            _log.exception("a request failed")
            failure = Refusal(500, "service", "the service failed; its log says why")
            self.metrics.rejected(failure)
            raise failure from error

    async def _predicted(self, headers: Headers, receive: Receive, who: Identity) -> bytes:
        began = time.perf_counter()
        self._shed()
        probe = self._door.admit(headers.raw, "predict")
        body = await self._arrivals.body(headers, receive, self._limits.max_body_bytes)
        self._shed()
        self._in_work += 1
        try:
            batch, outputs = await self._scored(headers, body)
        finally:
            self._in_work -= 1
        if self._redact:
            batch = self._redact(batch)
        content, lines = answer(self.model, batch, outputs, who, began, probe=probe)
        logged = self._spool.write(lines) if self._spool else None
        self.metrics.predicted(batch.size, time.perf_counter() - began, logged=logged)
        return content

    async def _labelled(self, headers: Headers, receive: Receive) -> str:
        self._door.admit(headers.raw, "label")
        most = min(MOST_BYTES, self._limits.max_body_bytes)
        body = await self._arrivals.body(headers, receive, most)
        by = self._door.holder(headers.raw)
        label = self.labels.parsed(headers.get("content-type", ""), body, by)
        try:
            await self.labels.store(label)
        except Refusal:
            self.metrics.labelled(stored=False)
            raise
        self.metrics.labelled(stored=True)
        return label.event

    def _shed(self) -> None:
        """Turn a request away while as many are in work as may be."""
        if self._in_work >= self._limits.max_concurrency:
            raise Refusal(503, "service", f"{self._in_work} requests are in work, ask again")

    async def _scored(self, headers: Headers, body: bytes) -> tuple[Batch, Outputs]:
        root = ""
        content_type = headers.get("content-type", "")
        try:
            if self.model.parser.is_file(content_type):
                disposition = headers.get("content-disposition", "")
                return await self._aside(self._of_file, content_type, body, disposition)
            batch = self.model.parser(content_type, body)
            root = batch.root
            return batch, await self._score(batch)
        except InvalidInput as error:
            named = error.field in self.model.parser.names
            raise Refusal.of_input(error, root, named=named) from None
        except TimeoutError:
            late = f"the answer took more than {self._limits.timeout_s:g} s"
            raise Refusal(504, "service", late) from None

    async def _score(self, batch: Batch) -> Outputs:
        if batch.size <= self._inline_rows:
            return self.model.score(batch)
        return await self._aside(self.model.score, batch)

    async def _aside(self, work: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Done in the scoring thread, awaited for ``timeout_s`` at most."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._limits.timeout_s):
            return await loop.run_in_executor(self._thread, work, *arguments)

    def _of_file(self, content_type: str, body: bytes, disposition: str) -> tuple[Batch, Outputs]:
        """The rows of a file, which may be none, and the model's outputs for them."""
        batch = self.model.parser(content_type, body, disposition)
        return batch, self.model.score(batch) if batch.size else {}
