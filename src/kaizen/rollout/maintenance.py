"""Runs the maintenance of events and alerts every ten minutes, so that nobody needs a timer."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

from kaizen.core import project
from kaizen.core.paths import Home
from kaizen.rollout.processes import MARK

EVERY_S = 600.0
"""A worker seals a file an hour, or 64 MiB; what waits here is read more slowly, and no worse."""

_log = logging.getLogger("kaizen.supervisor")


async def run(home: Home) -> None:
    """Go on until cancelled. A compaction that is cut short then is finished by the next one."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            if _due(home.events):
                await _run(home, "kaizen.events.maintenance")
            if home.monitoring.exists():
                await _run(home, "kaizen.monitoring.maintenance")
        except OSError as error:
            _log.error("cannot look after the events, trying again later: %s", error)


def _due(events: Path) -> bool:
    """Whether there may be something to compact or to remove."""
    return any(next(events.glob(form), None) for form in ("*/*.jsonl*", "*/parquet/day=*"))


async def _run(home: Home, module: str) -> None:
    # No mark: it is no service, and who ends us has ended it.
    variables = {name: value for name, value in os.environ.items() if name != MARK}
    process = await asyncio.create_subprocess_exec(
        *("nice", *project.command(module)),
        stdin=asyncio.subprocess.DEVNULL,
        cwd=project.current().root,
        env=variables | {"KAIZEN_HOME": str(home.root)},
    )
    try:
        if code := await process.wait():
            _log.warning("%s ended with %s", module, code)
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
