"""Which steps may start now: bookkeeping alone, nothing is run here."""

from __future__ import annotations

from collections.abc import Collection, Mapping


class Schedule:
    """Steps that wait for others, and how many of them may run at once.

    Args:
        upstream: step to the steps it needs; names that are no step of this run count as done.
        heavy: the steps that count against ``max_heavy`` too.
        max_parallel: how many steps may run at once, of either kind.
        max_heavy: how many heavy ones among them.
    """

    def __init__(
        self,
        upstream: Mapping[str, Collection[str]],
        heavy: Collection[str],
        max_parallel: int,
        max_heavy: int,
    ) -> None:
        self._upstream = upstream
        self._heavy = frozenset(heavy)
        self._max_parallel = max_parallel
        self._max_heavy = max_heavy
        self._unfinished = set(upstream)
        self.waiting = list(upstream)
        self.running: set[str] = set()

    def start(self) -> list[str]:
        """Move every step that may start from waiting to running, and name them in order."""
        return [name for name in list(self.waiting) if self._may_start(name)]

    def _may_start(self, name: str) -> bool:
        if len(self.running) >= self._max_parallel:
            return False
        if name in self._heavy and len(self.running & self._heavy) >= self._max_heavy:
            return False
        if not self._unfinished.isdisjoint(self._upstream[name]):
            return False
        self.waiting.remove(name)
        self.running.add(name)
        return True

    def ended(self, name: str, *, done: bool) -> None:
        """A running step ended; where it is not done, what needs it waits for ever."""
        self.running.remove(name)
        if done:
            self._unfinished.remove(name)
