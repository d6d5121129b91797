"""What clients say became of a prediction: checked, and on disk before it is acknowledged.

Nothing of it holds a prediction up. The disk is waited for in a thread of its own, and an event is
not looked up: one that nobody knows is kept all the same, as another worker, or another machine,
may have answered it, and what a client agrees to is found when labels are read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from kaizen.core.usecase import Features
from kaizen.events.label import EVENT_ID, Label, Terms, line
from kaizen.events.labels import append
from kaizen.inference import duplicates
from kaizen.inference.refusal import InputFault, Refusal

JSON = "application/json"
SOURCE = "feedback"
FIELDS = ("event", "label", "agree")

_log = logging.getLogger("kaizen.serving")


class Feedback:
    """Takes the labels of one use case.

    Args:
        features: the use case.
        folder: folder of the event log, None to keep none.
        most: labels that may wait for the disk at once; more are turned away.
        timeout_s: longest time for the disk.

    Attributes:
        Payload: model of a request, for the API's documentation.
    """

    def __init__(
        self, features: Features, folder: Path | None, *, most: int, timeout_s: float
    ) -> None:
        self._terms = Terms(features)
        self.Payload = payload_model(self._terms)
        self._folder = folder
        self._most = most
        self._timeout_s = timeout_s
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "label")

    def parsed(self, content_type: str, body: bytes, by: str | None) -> Label:
        """The label in ``body``.

        Args:
            content_type, body: the request's.
            by: name of the API key it came with.

        Raises:
            Refusal: it is none.
        """
        if content_type.partition(";")[0].strip().lower() != JSON:
            kind = content_type or "none"
            raise Refusal(415, "content-type", f"expected {JSON}, found {kind!r}")
        try:
            found: Any = self.Payload.model_validate_json(body, strict=True)
        except ValidationError as error:
            raise Refusal.of_validation(error) from None
        given = found.model_fields_set
        duplicates.check(body, len(given))
        if len(given) != 2:
            reason = "expected exactly one of 'label' and 'agree'"
            faults = [InputFault("", reason)]
            raise Refusal(400, "label", reason, kind="missing", faults=faults)
        try:
            value = self._terms.value(found.label) if "label" in given else None
            label = Label(found.event, value, time.time(), SOURCE, "agree" in given, by)
            line(label)
        except ValueError as error:
            raise Refusal(400, "label", str(error), kind="value") from None
        return label

    async def store(self, label: Label) -> None:
        """Write ``label``; on disk when this returns.

        Raises:
            Refusal: no events are kept here, too many labels are waiting, or the disk does not take
                it (in time).
        """
        if self._folder is None:
            raise Refusal(404, "path", "no events are kept here, so there is nothing to label")
        if self._waiting >= self._most:
            raise Refusal(503, "service", f"{self._waiting} labels are being written, ask again")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(self._timeout_s):
                await loop.run_in_executor(self._thread, append, self._folder, [label])
        except TimeoutError:
            late = f"the disk took more than {self._timeout_s:g} s: send it again"
            raise Refusal(504, "service", late) from None
        except OSError as error:
            _log.error("a label is not stored: cannot write to %s: %s", self._folder, error)
            lost = "the label could not be stored; the service's log says why: send it again"
            raise Refusal(500, "service", lost) from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish what is being written."""
        self._thread.shutdown(cancel_futures=True)


def payload_model(terms: Terms) -> type[BaseModel]:
    """Model of a request: an event, and either its label or that the answer was right."""
    return create_model(
        "Feedback",
        __config__=ConfigDict(extra="forbid", allow_inf_nan=False),
        event=(str, Field(pattern=EVENT_ID, description="The prediction's id")),
        label=(terms.type, _absent("What is true of it")),
        agree=(Literal[True], _absent("Instead of a label: the answer was right")),
    )


def _absent(description: str) -> Any:
    """A field that may be left out and is never null."""
    return Field(None, description=description, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]
