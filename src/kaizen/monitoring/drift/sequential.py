"""An e-detector over many windows, or rows, in a row: evidence that may be read at any time.

Each p is turned into evidence against "nothing has drifted" that is 1 on average while that is
true (Vovk and Wang 2021), and multiplied up; what speaks for it is forgotten (the e-CUSUM of Shin,
Ramdas and Rinaldo 2024): M = max(M, 1) · κ · p^(κ − 1). While nothing drifts, it takes at least
``THRESHOLD`` windows on average until M reaches ``THRESHOLD``, however often it is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import AliasChoices, Field

from kaizen.core import atomic
from kaizen.core.errors import KaizenError
from kaizen.core.results import Record

KAPPA = 0.3
THRESHOLD = 1_000.0
"""E-value of windows at which a stream alarms: by chance once in 1,000 of them on average."""

ROW_THRESHOLD = 100_000.0
"""E-value of single rows at which a stream alarms: a window has many of them."""

MOST_KEYS = 1_000
"""Windows remembered by name, so that one that comes again is not counted again."""


def update(e_value: float, p: float) -> float:
    """The e-value after one more ``p``.

    Raises:
        ValueError: ``p`` is no probability above 0.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p is {p}: expected more than 0 and at most 1")
    return max(e_value, 1.0) * KAPPA * p ** (KAPPA - 1)


class State(Record):
    """Where a stream stands.

    Attributes:
        profile: what its p values come from; another profile begins another stream.
        e_value: the evidence so far; in the file it is called ``strength``.
        seen: windows, or rows, counted.
        alarmed_at: ``seen`` when the threshold was first reached, None while it has not been.
        keys: names of the newest windows.
    """

    profile: str
    e_value: float = Field(
        1.0, validation_alias=AliasChoices("e_value", "strength"), serialization_alias="strength"
    )
    seen: int = 0
    alarmed_at: int | None = None
    keys: tuple[str, ...] = ()

    @property
    def alarmed(self) -> bool:
        return self.alarmed_at is not None


@dataclass(frozen=True)
class Stream:
    """A stream whose state is a file. One process writes it at a time.

    Attributes:
        path: the file; it need not exist.
        profile: name of the profile that the p values come from.
        threshold: the e-value at which it alarms.
    """

    path: Path
    profile: str
    threshold: float = THRESHOLD

    def state(self) -> State:
        """Where the stream stands; a fresh one where there is none, or was of another profile.

        Raises:
            KaizenError: the file is not one of a stream.
        """
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return State(profile=self.profile)
        try:
            found = State.model_validate(json.loads(text))
        except ValueError as error:
            why = str(error).splitlines()[0]
            raise KaizenError(
                f"stream {self.path} is damaged ({why}): remove it, and the stream begins anew"
            ) from None
        return found if found.profile == self.profile else State(profile=self.profile)

    def add(self, key: str, p: Sequence[float]) -> State:
        """Count the p values of one window (one, or one per row) named ``key``, once.

        They are counted when this returns, and not at all if it is killed before: adding the same
        again is always right.
        """
        before = self.state()
        if key in before.keys:
            return before
        e_value, alarmed_at = before.e_value, before.alarmed_at
        for at, value in enumerate(p, before.seen + 1):
            e_value = update(e_value, value)
            if alarmed_at is None and e_value >= self.threshold:
                alarmed_at = at
        after = State(
            profile=self.profile,
            e_value=min(e_value, 1e300),
            seen=before.seen + len(p),
            alarmed_at=alarmed_at,
            keys=(*before.keys, key)[-MOST_KEYS:],
        )
        atomic.write_text(self.path, after.model_dump_json(by_alias=True))
        return after

    def reset(self) -> None:
        """Begin anew, as after an alarm that somebody has dealt with. Names stay known."""
        fresh = State(profile=self.profile, keys=self.state().keys)
        atomic.write_text(self.path, fresh.model_dump_json(by_alias=True))
