"""An early warning: tests single rows as they arrive, before their window is full.

Its state is in memory and lost with the process; every row counts again in its window.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kaizen.core.usecase import Features
from kaizen.events import index
from kaizen.events.index import Head
from kaizen.events.read import files, listed
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.sequential import ROW_THRESHOLD, update
from kaizen.monitoring.windows import data_quality
from kaizen.monitoring.windows.assessment import Evidence
from kaizen.monitoring.windows.decoded import decoded

MOST = 2_000
"""Rows read at once; of more, the newest."""


class Live:
    """The early warning for one version, from now on.

    Args:
        profile: one without p values for single rows never warns.
        folder: ``Home.events / USECASE``.
    """

    def __init__(self, features: Features, profile: Profile, folder: Path, version: str) -> None:
        self._features, self._profile = features, profile
        self._folder, self._version = folder, version
        self._from = {index.stem(path): index.end(path) for path in files(folder)}
        self._e_value, self._seen = 1.0, 0

    def look(self) -> Evidence | None:
        """The evidence when new rows reach the threshold, after which it is reset; else None."""
        if not self._profile.reference.signals:
            return None
        for p in self._new():
            self._e_value = update(self._e_value, p)
            self._seen += 1
            if self._e_value >= ROW_THRESHOLD:
                found = Evidence(
                    strength=self._e_value,
                    alarmed=True,
                    alarmed_at=self._seen,
                    seen=self._seen,
                )
                self._e_value, self._seen = 1.0, 0
                return found
        return None

    def _new(self) -> Iterator[float]:
        """The p values of rows that were not read before."""
        members = sorted(self._heads())[-MOST:]
        if not members:
            return
        found = index.events(*listed(self._folder), members)
        events = {head.id: found[head.key] for head in members if head.key in found}
        table = decoded(self._features, events).table
        if table is not None:
            yield from data_quality.row_p(self._profile, table)

    def _heads(self) -> Iterator[Head]:
        for path in files(self._folder):
            name = index.stem(path)
            try:
                end = index.end(path)
                if end <= self._from.get(name, 0):
                    continue
                new = index.spooled(path, self._version, self._from.get(name, 0), end).heads
            except FileNotFoundError:  # compacted meanwhile: its window has its rows
                continue
            self._from[name] = end
            yield from new
