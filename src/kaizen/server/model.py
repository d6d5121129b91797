"""The release inside a Bento's folder: loaded, checked against its golden set, asked."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaizen.core.errors import KaizenError
from kaizen.core.project import Project
from kaizen.core.usecase import Outputs
from kaizen.inference.golden import Golden, same, verify
from kaizen.inference.parser import Batch, Parser
from kaizen.inference.scorer import Scorer, finite

MODEL, GOLDEN, METADATA = "model.onnx", "golden.json", "metadata.json"
"""The files of a release, beside the code."""


@dataclass(frozen=True)
class Limits:
    """How much one worker takes on; the serving rule of the use case.

    Attributes:
        max_body_bytes: largest body of a request.
        max_rows: largest number of rows in a request.
        timeout_s: longest time for an answer, once the request is there.
        read_timeout_s: longest time for a request's body to arrive.
        max_concurrency: requests in work at once; more are turned away.
        require_key: when a request needs an API key, see ``kaizen.server.access.required``.
    """

    max_body_bytes: int
    max_rows: int
    timeout_s: float
    read_timeout_s: float = 10.0
    max_concurrency: int = 64
    require_key: str = "auto"


class Model:
    """One release in memory.

    Args:
        folder: where ``model.onnx``, ``golden.json`` and ``metadata.json`` lie.

    Attributes:
        row_seconds: time to score one row, measured on the golden set by :meth:`check`.

    Raises:
        KaizenError: ``model.onnx`` is not the one that ``metadata.json`` speaks of.
    """

    def __init__(self, folder: Path) -> None:
        self.metadata: dict[str, Any] = json.loads((folder / METADATA).read_bytes())
        self.usecase: str = self.metadata["usecase"]
        self.version: str = self.metadata["model_version"]
        self.limits = Limits(**self.metadata["limits"])
        self.features = Project(folder).load_features(self.usecase)
        self.parser = Parser(self.features, self.limits.max_rows)
        content = (folder / MODEL).read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != self.metadata["digest"]:
            raise KaizenError(
                f"{folder / MODEL} has SHA-256 {found}, metadata.json says "
                f"{self.metadata['digest']}: the release was changed, build it again"
            )
        self.golden = Golden.parse((folder / GOLDEN).read_bytes())
        self.row_seconds = 0.0
        self._scorer = Scorer(content)

    def score(self, batch: Batch) -> Outputs:
        """The model's outputs for n rows, all finite.

        Raises:
            InvalidInput: a row cannot be decoded, or the model has no finite answer to it.
        """
        return finite(self._scorer(self.features.decode(batch.columns)))

    def check(self) -> None:
        """Ask the golden set.

        Raises:
            KaizenError: an answer differs from the one due.
        """
        rows = [self.features.Request.model_validate(row) for row in self.golden.requests]
        batch = self.parser.rows(rows)
        self.score(batch)
        began = time.perf_counter()
        outputs = self.score(batch)
        self.row_seconds = (time.perf_counter() - began) / len(rows)
        verify(self.golden, outputs)
        answers = [answer.model_dump(mode="json") for answer in self.features.respond(outputs)]
        for at, (due, found) in enumerate(zip(self.golden.responses, answers, strict=True)):
            if not same(due, found):
                raise KaizenError(f"golden request {at}: expected the answer {due}, found {found}")
