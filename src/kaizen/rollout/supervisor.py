"""Keeps the services of a home alive: starts, restarts with back-off, adopts, stops.

It follows the ``services`` table and writes what it sees into ``processes``. There is no control
socket: who may write the home's database controls it, nobody else, and two homes cannot meet.
Services write straight into their log files, so they outlive a killed supervisor and the next
one adopts them.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.rollout import log_rotation, maintenance, processes
from kaizen.rollout.state import Process, Service, State, now

TICK_S = 0.1
ROTATE_EVERY_S = 5.0
ROUND_EVERY_S = 1.0
GRACE_S = 10.0
"""How long a service may take to answer what it has accepted."""
ROUTER = "router"

_log = logging.getLogger("kaizen.supervisor")


def delay_s(failures: int) -> float:
    """Pause before start number ``failures + 1``: 0.1 s after a first failure, at most 30 s."""
    return float(min(0.1 * 4 ** max(failures - 1, 0), 30.0))


HEALTHY_S = 10.0
"""A process that lived this long has not failed to start: the back-off begins anew."""


Round = Callable[[], bool]
"""Puts right what a killed command has left; whether it could: a command at work comes first."""


class Supervisor:
    """Follows one home until :meth:`run` is told to stop.

    Args:
        reconcile: called in a thread after a change, and each second while a release is to end.
    """

    def __init__(self, home: Home, reconcile: Round = lambda: True) -> None:
        self._home = home
        self._reconcile = reconcile
        self._reconciled = -1
        self._state = State(home)
        self._keepers: dict[str, tuple[Service, asyncio.Task[None]]] = {}
        self._orphans: dict[str, psutil.Process] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep everything alive until ``stop`` is set or the home is removed, then end it all."""
        self._adopt()
        keeping_up = asyncio.create_task(maintenance.run(self._home))
        revision, rotated = -1, time.monotonic()
        round_at = rotated
        while not stop.is_set() and self._state.path.exists():
            try:
                if (found := self._state.revision()) != revision:
                    await self._follow(self._state.services())
                    revision = found
            except (sqlite3.Error, KaizenError) as error:
                _log.error("cannot read what should run, going on as before: %s", error)
            if time.monotonic() - rotated > ROTATE_EVERY_S:
                log_rotation.rotate(self._logs())
                rotated = time.monotonic()
            if time.monotonic() - round_at > ROUND_EVERY_S:
                await self._round(revision)
                round_at = time.monotonic()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)
        keeping_up.cancel()
        await asyncio.gather(keeping_up, return_exceptions=True)
        await self._close()

    async def _round(self, revision: int) -> None:
        try:
            rows = self._state.desired().values()
            waits = any(row.canary or any(not p.weight for p in row.releases) for row in rows)
            if (waits or revision != self._reconciled) and await asyncio.to_thread(self._reconcile):
                self._reconciled = revision
        except Exception as error:
            _log.error("cannot reconcile what is served, trying again: %s", error)

    def _logs(self) -> list[Path]:
        with suppress(sqlite3.Error, KaizenError):
            services = self._state.services().values()
            return [self._home.logs / "supervisor.log", *(Path(each.log) for each in services)]
        return []

    def _adopt(self) -> None:
        """Take over what an earlier supervisor left running as it should; end the rest."""
        wanted = self._state.services()
        tokens = set()
        for name, seen in self._state.processes().items():
            if name in wanted and (process := processes.find(seen)):
                self._orphans[name] = process
                tokens.add(seen.token)
                _log.info("adopted %s, pid %s", name, seen.pid)
        strays = [each for each in processes.scan(self._home) if each.token not in tokens]
        for stray in strays:
            _log.warning("ending stray %s, pid %s", stray.name, stray.process.pid)
        processes.end([stray.process for stray in strays], GRACE_S)

    async def _follow(self, wanted: dict[str, Service]) -> None:
        """Make what runs equal to what is wanted; a service that was changed is restarted."""
        await self._drop(
            [name for name, (kept, _) in self._keepers.items() if wanted.get(name) != kept]
        )
        for name, service in wanted.items():
            if name not in self._keepers:
                self._keepers[name] = service, asyncio.create_task(self._keep(service))

    async def _drop(self, names: list[str]) -> None:
        """Stop services, side by side."""
        keepers = [self._keepers.pop(name)[1] for name in names]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for name in names:
            _log.info("stopped %s", name)
            with suppress(sqlite3.Error, KaizenError):
                self._state.gone(name)

    async def _close(self) -> None:
        """End everything: first the router, which takes no new requests and finishes its own."""
        await self._drop([name for name in self._keepers if name == ROUTER])
        await self._drop(list(self._keepers))
        self._state.close()

    async def _keep(self, service: Service) -> None:
        """Keep one service alive until cancelled."""
        failures = exits = 0
        code: int | None = None
        while True:
            begun = time.monotonic()
            code = await self._live(service, exits, code)
            exits += 1
            failures = 1 if time.monotonic() - begun > HEALTHY_S else failures + 1
            pause = delay_s(failures)
            _log.warning("%s ended with %s, again in %.1f s", service.name, code, pause)
            self._record(Process(name=service.name, since=now(), exits=exits, code=code))
            await asyncio.sleep(pause)

    async def _live(self, service: Service, exits: int, last: int | None) -> int | None:
        """One life of a service, from its start (or its adoption) to its end; its exit code."""
        process: asyncio.subprocess.Process | psutil.Process | None = None
        try:
            process = self._orphans.pop(service.name, None) or await self._start(
                service, exits, last
            )
            code = await _end_of(process)
        except OSError as error:
            _append(service.log, f"cannot start {service.command[0]}: {error}")
            return 127
        except asyncio.CancelledError:
            if process:
                await _finish(process)
            raise
        finally:
            # A killed server leaves its workers behind, on its port.
            left = [each for each in processes.scan(self._home) if each.name == service.name]
            await asyncio.to_thread(processes.end, [each.process for each in left], 0.0)
        return code

    async def _start(
        self, service: Service, exits: int, last: int | None
    ) -> asyncio.subprocess.Process:
        token = secrets.token_hex(8)
        Path(service.folder).mkdir(parents=True, exist_ok=True)
        Path(service.log).parent.mkdir(parents=True, exist_ok=True)
        with Path(service.log).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *service.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=service.folder,
                env={**service.environment, **processes.mark(self._home, service.name, token)},
                start_new_session=True,
            )
        _log.info("started %s, pid %s", service.name, process.pid)
        self._record(
            Process(
                name=service.name,
                pid=process.pid,
                created=processes.created(process.pid),
                token=token,
                since=now(),
                exits=exits,
                code=last,
            )
        )
        return process

    def _record(self, seen: Process) -> None:
        try:
            self._state.saw(seen)
        except (sqlite3.Error, KaizenError) as error:
            _log.error("cannot write down the state of %s: %s", seen.name, error)


async def _end_of(process: asyncio.subprocess.Process | psutil.Process) -> int | None:
    """Wait for the end of a process; an adopted one is nobody's child here and is looked at."""
    if isinstance(process, asyncio.subprocess.Process):
        return await process.wait()
    while processes.alive(process):
        await asyncio.sleep(0.25)
    return None


async def _finish(process: asyncio.subprocess.Process | psutil.Process) -> None:
    """Ask a process to end, and wait for as long as it may take."""
    with suppress(ProcessLookupError, psutil.Error):
        process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(_end_of(process), GRACE_S)


def _append(log: str, text: str) -> None:
    with Path(log).open("a", encoding="utf-8") as file:
        file.write(text + "\n")
