"""Events together with what became known of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kaizen.core.usecase import Features
from kaizen.events import labels
from kaizen.events.label import Label
from kaizen.events.read import read
from kaizen.events.schema import event_id

CLOCK_S = 60.0
"""By how much a machine's clock may have gone back between a request's id and its event's time."""


class Labelled(NamedTuple):
    """An event and its label, None without one. Of an agreement, ``label.value`` is the answer."""

    event: dict[str, Any]
    label: Label | None


def joined(
    features: Features,
    folder: Path,
    *,
    limit: int | None = None,
    version: str | None = None,
    since: float | None = None,
    labelled_only: bool = False,
) -> Iterator[Labelled]:
    """The events in ``folder``, newest last, each once, with the label that counts now.

    Events are streamed; the labels are held in memory, with ``limit`` only those of the events.

    Args:
        features: the use case.
        folder: ``Home.events / USECASE``.
        limit, version, since: see :func:`kaizen.events.read.read`.
        labelled_only: pass events without a label over, before ``limit`` counts.

    Raises:
        KaizenError: the schema of an event or label is newer than this code.
    """
    if labelled_only or limit is None:
        index = labels.read(folder)
        ids = index.keys() if labelled_only else None
        events = read(folder, limit=limit, version=version, since=since, ids=ids)
    else:
        newest = list(read(folder, limit=limit, version=version, since=since))
        index = labels.read(folder, events={_id(event) for event in newest})
        events = iter(newest)
    for event in events:
        label = index.get(_id(event))
        yield Labelled(event, label and label.resolved(event["response"].get(features.label)))


def answers(features: Features, folder: Path, ids: Collection[str]) -> dict[str, Any]:
    """What was answered in the events of these ids, of those that are there; probes too."""
    if not ids:
        return {}
    found: dict[str, Any] = {}
    # An id begins with the milliseconds of its request's arrival.
    since = min(int(name[:12], 16) for name in ids) / 1000 - CLOCK_S
    for event in read(folder, since=since, probes=True, ids=ids):
        found[_id(event)] = event["response"].get(features.label)
        if len(found) == len(ids):
            break
    return found


def _id(event: dict[str, Any]) -> str:
    return event_id(event["request"], event["row"])
