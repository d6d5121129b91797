"""From a scenario to the very bytes that are sent: pure, and equal for one seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from kaizen.events.label import Terms
from kaizen.simulation.malformed import as_json, refusals, spoilt
from kaizen.simulation.row_source import Pool, changed
from kaizen.simulation.scenario import Scenario, Source
from kaizen.simulation.transforms import Random

MOST_AT_ONCE = 256
MOST_BYTES = 1 << 20
"""Rows, and bytes, of one request."""
_COUNTS, _DRAWS, _CHANGES, _ORDER = range(4)
"""What is drawn has a stream of its own, so that one does not move another."""


@dataclass(frozen=True)
class Asked:
    """One row.

    Attributes:
        request: its JSON.
        truth: what is true of it, as a label of the use case; None where that is not known.
        source: its name.
        malformed: it is to be refused, by a 4xx.
    """

    request: str
    truth: Any
    source: str
    malformed: bool


@dataclass(frozen=True)
class Tick:
    """The rows of one moment, in their order."""

    number: int
    rows: tuple[Asked, ...]


@dataclass(frozen=True)
class Body:
    """One request: ``rows`` of the tick, and the JSON that holds them."""

    rows: tuple[Asked, ...]
    content: bytes


@dataclass(frozen=True)
class Drawn:
    """Which rows of a source are sent.

    Attributes:
        positions: in its pool, for all ticks one after another.
        repeated: fewer rows are there than asked, so each may come more than once.
    """

    positions: np.ndarray
    repeated: bool


def plan(
    scenario: Scenario, pools: Mapping[str, Pool], seed: int, ticks: range | None = None
) -> Iterator[Tick]:
    """What is sent, tick by tick: the same bytes for the same arguments, in any process.

    Args:
        scenario: the laws.
        pools: the rows of its sources.
        seed: of all that is drawn.
        ticks: only these; they are what they are in the whole.
    """
    counts = _counts(scenario, seed)
    begins = np.vstack([np.zeros_like(counts[:1]), np.cumsum(counts, axis=0)])
    drawn = draws(scenario, pools, seed)
    for number in ticks or range(scenario.ticks):
        rows: list[Asked] = []
        for at, (name, source) in enumerate(scenario.sources.items()):
            begin, end = begins[number, at], begins[number + 1, at]
            if begin < end:
                chosen = drawn[name].positions[begin:end]
                random = np.random.default_rng([seed, _CHANGES, at, number])
                rows += _sent(source, pools[name], pools[name].frame.iloc[chosen], random)
        order = np.random.default_rng([seed, _ORDER, number]).permutation(len(rows))
        yield Tick(number, tuple(rows[position] for position in order))


def draws(scenario: Scenario, pools: Mapping[str, Pool], seed: int) -> dict[str, Drawn]:
    """Which rows every source sends: each once, as long as there are enough."""
    totals = _counts(scenario, seed).sum(axis=0)
    return {
        name: _drawn(
            source, pools[name], int(totals[at]), np.random.default_rng([seed, _DRAWS, at])
        )
        for at, (name, source) in enumerate(scenario.sources.items())
    }


def bodies(
    rows: Sequence[Asked], most: int = MOST_AT_ONCE, most_bytes: int = MOST_BYTES
) -> Iterator[Body]:
    """The requests of a tick; a row that will be refused goes alone, or it would take others along.

    Args:
        rows: of the tick.
        most, most_bytes: rows and bytes of one request.
    """
    waiting: list[Asked] = []
    size = 0
    for row in rows:
        length = len(row.request.encode()) + 1
        if row.malformed:
            continue
        if waiting and (len(waiting) == most or size + length > most_bytes):
            yield _body(waiting)
            waiting, size = [], 0
        waiting.append(row)
        size += length
    if waiting:
        yield _body(waiting)
    for row in rows:
        if row.malformed:
            yield _body([row])


def digest(ticks: Iterable[Tick], most: int = MOST_AT_ONCE) -> str:
    """SHA-256 of everything that is sent, with ``most`` rows in a request."""
    total = hashlib.sha256()
    for tick in ticks:
        for body in bodies(tick.rows, most):
            total.update(body.content)
    return total.hexdigest()


def _body(rows: Sequence[Asked]) -> Body:
    text = ",".join(row.request for row in rows)
    return Body(tuple(rows), f'{{"rows":[{text}]}}'.encode())


def _counts(scenario: Scenario, seed: int) -> np.ndarray:
    """Rows of each source in each tick: (ticks, sources)."""
    random = np.random.default_rng([seed, _COUNTS])
    found = []
    for tick in range(scenario.ticks):
        shares = np.array(scenario.shares(tick))
        size = scenario.size(tick)
        found.append(random.multinomial(size, shares) if size else np.zeros(len(shares), int))
    return np.array(found)


def _drawn(source: Source, pool: Pool, rows: int, random: Random) -> Drawn:
    groups = next(
        (found for each in source.transforms if (found := each.groups(pool)) is not None),
        [(np.arange(len(pool.frame)), 1.0)],
    )
    shares = np.array([share for _, share in groups])
    parts, repeated = [], False
    sizes = random.multinomial(rows, shares / shares.sum())
    for (positions, _), size in zip(groups, sizes.tolist(), strict=True):
        few = size > len(positions)
        repeated = repeated or few
        if size:
            parts.append(random.choice(positions, size, replace=few))
    together = np.concatenate(parts) if parts else np.empty(0, int)
    return Drawn(random.permutation(together), repeated)


def _sent(source: Source, pool: Pool, frame: pd.DataFrame, random: Random) -> list[Asked]:
    """Rows of the pool as they are sent."""
    features, target = pool.case.features, pool.case.target
    for transform in source.transforms:
        frame = transform.rows(frame, pool, random)
    noise = source.noise
    for column in noise.columns:
        width = noise.values * pool.spread(column)
        frame = frame.assign(
            **{
                column: changed(
                    frame[column],
                    lambda x, width=width: x + random.normal(0, width, x.shape),  # type: ignore[misc]
                    pool.name,
                )
            }
        )
    bad = random.random(len(frame)) < noise.malformed
    truths = _truths(pool, frame) if target in frame else [None] * len(frame)
    texts = []
    for row, spoil in zip(frame.to_dict("records"), bad.tolist(), strict=True):
        request = features.request({str(name): value for name, value in row.items()})
        for transform in source.transforms:
            request = transform.request(request, random)
        texts.append(spoilt(features, request, random) if spoil else as_json(request))
    return [
        Asked(text, None if refused else truth, pool.name, refused)
        for text, truth, refused in zip(texts, truths, refusals(features, texts), strict=True)
    ]


def _truths(pool: Pool, frame: pd.DataFrame) -> list[Any]:
    """The truth of rows as the labels that the use case takes: 1 is true where it says so."""
    adapter: TypeAdapter[Any] = TypeAdapter(Terms(pool.case.features).type)
    return [
        None if pd.isna(value) else adapter.dump_python(adapter.validate_python(value), mode="json")
        for value in frame[str(pool.case.target)].tolist()
    ]
