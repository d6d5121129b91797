"""The BentoML service: the entry of a Bento.

BentoML brings the package, the supervisor and the workers; the application is ours from the socket
on. Mounted inside BentoML's own application, each request would pass its tracing, timeout and
context layers too, which cost as much again as all of ours (see README.md).

Environment:
    KAIZEN_WORKERS: number of worker processes. (``bentoml serve --api-workers`` has no effect on
        services of this kind.)
    KAIZEN_EVENTS: folder of the event log; without it no events are kept.
    KAIZEN_KEYS: folder of the API keys (``kaizen keys``); without it there are none.
    KAIZEN_ROUTER_ADDRESS: where clients reach the service. With ``serving.require_key: auto`` a key
        is needed unless this is a loopback address, so also when it is not set.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import bentoml
from starlette.types import ASGIApp

from kaizen.core.project import Project
from kaizen.server import protocol
from kaizen.server.app import create
from kaizen.server.import_guard import check
from kaizen.server.model import METADATA

FOLDER = Path(__file__).resolve().parent.parent
"""Where the release lies: the root of the code in the Bento."""

Project(FOLDER).load_features(json.loads((FOLDER / METADATA).read_bytes())["usecase"])
check(FOLDER)


class Direct(bentoml.Service[Any]):
    """A service whose workers run our application as it is."""

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: ARG002
        """What a worker serves."""
        self.inject_config()
        protocol.install()
        # Below BentoML's level anyway; where nobody would hear it, uvicorn does not word it.
        logging.getLogger("uvicorn.access").propagate = False
        events = os.environ.get("KAIZEN_EVENTS")
        keys = os.environ.get("KAIZEN_KEYS")
        return create(
            FOLDER,
            Path(events) if events else None,
            Path(keys) if keys else None,
            os.environ.get("KAIZEN_ROUTER_ADDRESS", ""),
        )


@bentoml.service(
    name="kaizen", service_class=Direct, workers=int(os.environ.get("KAIZEN_WORKERS", "1"))
)
class Kaizen:
    """Predictions of one model version."""
