"""What a simulation has sent so far, on disk: it may be killed at any line and goes on.

``scenario.json`` says what is simulated, ``sent.jsonl`` has a line for each row that was answered
or refused, ``labels.jsonl`` the truth of each event in the form of ``kaizen label``, and ``asking``
the request on its way.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kaizen.core import locks
from kaizen.core.atomic import sync_folder, write_bytes, write_text
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.results import Record
from kaizen.events.schema import new_id

SCENARIO, SENT, LABELS, ASKING = "scenario.json", "sent.jsonl", "labels.jsonl", "asking"
_OWN = ("run", "begun", "most")
"""Of a simulation itself: they are as its first call chose them."""


class Sent(Record):
    """One row that was asked.

    Attributes:
        tick, source: what it belongs to.
        request: name of its request, which is the ``trace`` of its event.
        row, rows: its position in that request, and how many there were.
        malformed: it was to be refused.
        status: of the answer.
        event: id of its event; None where it was refused.
        reason: why it was refused.
    """

    tick: int
    source: str
    request: str
    row: int
    rows: int
    malformed: bool
    status: int
    event: str | None = None
    reason: str | None = None

    @property
    def planned(self) -> bool:
        """Whether it was answered or refused as it should be."""
        return (self.event is None) == self.malformed


class Journal:
    """One simulation.

    Attributes:
        sent: what came of the rows of each request, by its name.
        labels: the truth by the ids of events.
        run, begun, most: its name, its first second, and the rows of one of its requests.
        since: all answers that came before it are noted.

    Args:
        folder: ``Home.simulations / USECASE / NAME-SEED``.
        about: what is simulated; plain JSON values.
        most: rows of one request, where it begins now.

    Raises:
        UsageError: another simulation was begun in ``folder``.
        KaizenError: its files are damaged.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], most: int) -> None:
        self.folder = folder
        self.sent: dict[str, list[Sent]] = {}
        self._requests: dict[int, list[str]] = {}
        self.labels: dict[str, Any] = {}
        begun = self._about()
        if begun is None:
            begun = {**about, "run": new_id(), "begun": time.time(), "most": most}
            write_text(folder / SCENARIO, json.dumps(begun, indent=2, allow_nan=False))
        elif other := [key for key in about if begun.get(key) != about[key]]:
            raise UsageError(
                f"{folder} holds a simulation with another {' and '.join(other)}: --again begins "
                "anew, another --seed leaves it"
            )
        self.run: str = begun["run"]
        self.begun: float = begun["begun"]
        self.most: int = begun["most"]
        path = folder / SENT
        self.since = path.stat().st_mtime if path.is_file() else self.begun
        self._read()

    def note(self, rows: Sequence[Sent], labels: Mapping[str, Any]) -> None:
        """Keep what came of one request.

        Raises:
            OSError: it could not be written.
        """
        # Labels first: those without a sent row are dropped when the simulation goes on.
        self.label(labels)
        _append(self.folder / SENT, [row.model_dump_json(exclude_none=True) for row in rows])
        self._keep(rows)

    def label(self, labels: Mapping[str, Any]) -> None:
        """Keep the truth of events; what is known is not written again."""
        fresh = {event: label for event, label in labels.items() if event not in self.labels}
        _append(self.folder / LABELS, [_label(event, label) for event, label in fresh.items()])
        self.labels.update(fresh)

    def settle(self) -> None:
        """All that is noted is on disk, also against a power cut, when this returns."""
        for name in (SENT, LABELS):
            with (self.folder / name).open("ab") as file:
                os.fsync(file.fileno())
        sync_folder(self.folder)

    def asking(self, request: str) -> None:
        """Say that ``request`` leaves now."""
        (self.folder / ASKING).write_text(request, encoding="ascii")

    def doubtful(self) -> tuple[str, float] | None:
        """The request that was on its way when the simulation ended, and since when."""
        path = self.folder / ASKING
        if not path.is_file():
            return None
        request = path.read_text(encoding="ascii", errors="replace")
        return None if request in self.sent else (request, path.stat().st_mtime)

    def rows(self, ticks: range) -> Iterator[Sent]:
        """What came of the rows of these ticks."""
        for tick in ticks if len(ticks) < len(self._requests) else sorted(self._requests):
            if tick in ticks:
                for request in self._requests.get(tick, ()):
                    yield from self.sent[request]

    def _keep(self, rows: Sequence[Sent]) -> None:
        self.sent[rows[0].request] = list(rows)
        self._requests.setdefault(rows[0].tick, []).append(rows[0].request)

    def _about(self) -> dict[str, Any] | None:
        path = self.folder / SCENARIO
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(key in found for key in _OWN):
            raise KaizenError(f"{path} is damaged: --again begins anew")
        return found

    def _read(self) -> None:
        """Both files, without what a kill has left half written."""
        found_rows: dict[str, list[Sent]] = {}
        for line in _lines(self.folder / SENT):
            row = Sent.model_validate(line)
            found_rows.setdefault(row.request, []).append(row)
        for rows in found_rows.values():
            if len(rows) == rows[0].rows:
                self._keep(rows)
        whole = [row for rows in self.sent.values() for row in rows]
        if len(whole) < _breaks(self.folder / SENT):
            kept = [row.model_dump_json(exclude_none=True) for row in whole]
            write_bytes(self.folder / SENT, _text(kept))
        events = {row.event for row in whole}
        found = {line["event"]: line["label"] for line in _lines(self.folder / LABELS)}
        self.labels = {event: label for event, label in found.items() if event in events}
        if len(self.labels) < _breaks(self.folder / LABELS):
            kept = [_label(event, label) for event, label in self.labels.items()]
            write_bytes(self.folder / LABELS, _text(kept))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """One process at a time simulates in ``folder``.

    Raises:
        KaizenError: another one does.
    """
    try:
        with locks.held(folder.with_name(f".{folder.name}.lock")):
            yield
    except BlockingIOError:
        raise KaizenError(f"{folder.name} is being simulated by another process already") from None


def _label(event: str, label: Any) -> str:
    return json.dumps({"event": event, "label": label}, ensure_ascii=False, allow_nan=False)


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _append(path: Path, lines: Sequence[str]) -> None:
    """One write, so that a kill leaves all of it or, on a full disk, a part that is dropped."""
    content = _text(lines)
    if not content:
        return
    with path.open("ab", buffering=0) as file:
        if file.write(content) < len(content):
            raise OSError(f"{path}: only a part could be written, is the disk full?")


def _breaks(path: Path) -> int:
    """Lines of a file, a torn last one included."""
    content = path.read_bytes() if path.is_file() else b""
    return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file."""
    for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else ():
        if line.endswith(b"\n"):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise KaizenError(f"{path} is damaged: {error}; --again begins anew") from None
