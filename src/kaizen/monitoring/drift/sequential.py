"""A verdict over many windows, or rows, in a row: an e-process that may be read at any time.

Each p is turned into evidence against "nothing has drifted" that is 1 on average while that is
true (Vovk and Wang 2021), and multiplied up; what speaks for it is forgotten (the e-CUSUM of Shin,
Ramdas and Rinaldo 2024): M = max(M, 1) · κ · p^(κ − 1). While nothing drifts, it takes at least
``ALARM`` windows on average until M reaches ``ALARM``, however often it is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kaizen.core import atomic
from kaizen.core.errors import KaizenError
from kaizen.core.results import Record

KAPPA = 0.3
ALARM = 1_000.0
"""Evidence that suffices, of windows: on average 1,000 of them pass until it is there by chance."""

ROW_ALARM = 100_000.0
"""Evidence that suffices, of single rows, of which there are many in a window."""

MOST_KEYS = 1_000
"""Windows remembered by name, so that one that comes again is not counted again."""


def follow(strength: float, p: float) -> float:
    """The evidence after one more ``p``.

    Raises:
        ValueError: ``p`` is no probability above 0.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p is {p}: expected more than 0 and at most 1")
    return max(strength, 1.0) * KAPPA * p ** (KAPPA - 1)


class State(Record):
    """Where a stream stands.

    Attributes:
        profile: what its p values come from; another profile begins another stream.
        strength: the evidence so far.
        seen: windows, or rows, counted.
        alarmed_at: ``seen`` when the evidence first sufficed, None while it has not.
        keys: names of the newest windows.
    """

    profile: str
    strength: float = 1.0
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
        alarm: evidence that suffices.
    """

    path: Path
    profile: str
    alarm: float = ALARM

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
        strength, alarmed_at = before.strength, before.alarmed_at
        for at, value in enumerate(p, before.seen + 1):
            strength = follow(strength, value)
            if alarmed_at is None and strength >= self.alarm:
                alarmed_at = at
        after = State(
            profile=self.profile,
            strength=min(strength, 1e300),
            seen=before.seen + len(p),
            alarmed_at=alarmed_at,
            keys=(*before.keys, key)[-MOST_KEYS:],
        )
        atomic.write_text(self.path, after.model_dump_json())
        return after

    def reset(self) -> None:
        """Begin anew, as after an alarm that somebody has dealt with. Names stay known."""
        fresh = State(profile=self.profile, keys=self.state().keys)
        atomic.write_text(self.path, fresh.model_dump_json())
