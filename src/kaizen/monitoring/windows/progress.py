"""Which events have been judged, in a form that is small and holds for good.

All that is kept of a window is the key up to which it goes and, for each spool file with events in
it, the byte up to which they go. An event has been judged when neither its key nor its place is
beyond. A late event has a low key in a high place: it is found however late it comes, and no ids
need to be kept. This is so because a window takes what is late before anything newer, and what is
late in the order in which it came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, nextafter
from urllib.parse import quote

from kaizen.events.index import Head, Key
from kaizen.monitoring.windows.window import Span, Window

BEGIN: Key = (-inf, "", -1)


@dataclass(frozen=True)
class Progress:
    """The progress of one version: how far its events have been judged.

    Attributes:
        usecase, version: whose.
        last: the key up to which all that was there has been judged.
        ends: name of a spool file to the byte before which all that is not beyond ``last`` has.
        rests: name of a spool file to the byte before which all has.
        number: of the newest window.
    """

    usecase: str
    version: str
    last: Key = BEGIN
    ends: dict[str, int] = field(default_factory=dict)
    rests: dict[str, int] = field(default_factory=dict)
    number: int = 0

    @classmethod
    def of(cls, judged: Iterable[Window], usecase: str, version: str) -> Progress:
        """The progress after the windows in ``judged``, in any order; partial ones do not count."""
        ends: dict[str, int] = {}
        rests: dict[str, int] = {}
        last, number = BEGIN, 0
        for window in judged:
            if window.partial or (window.usecase, window.version) != (usecase, version):
                continue
            for stem, span in window.spans.items():
                ends[stem] = max(span.end, ends.get(stem, 0))
                rests[stem] = max(span.rest, rests.get(stem, 0))
            last, number = max(last, window.last or BEGIN), max(number, window.number)
        return cls(usecase, version, last, ends, rests, number)

    def is_judged(self, head: Head) -> bool:
        return head.key <= self.last and head.at < self.ends.get(head.stem, 0)

    def window(
        self,
        chosen: Sequence[Head],
        others: Iterable[Head],
        last: Key,
        *,
        name: str = "",
        within: tuple[float, float] = (inf, -inf),
        partial: bool = False,
    ) -> Window:
        """The window of ``chosen``.

        Args:
            chosen: at least one event that is not judged, each once.
            others: the other events that are known and not judged.
            last: the key up to which the window goes.
            name: without the version; its number where it is empty.
            within: its first second and the one after it; wider where its events are.
            partial: of what is there now.
        """
        rests: dict[str, int] = {}
        for head in others:
            rests[head.stem] = min(head.at, rests.get(head.stem, head.at))
        tops: dict[str, int] = {}
        for head in chosen:
            tops[head.stem] = max(head.at, tops.get(head.stem, 0))
        mark = digest(head.id for head in chosen)
        name = f"{quote(self.version, safe='')}-{name or f'{self.number + 1:06d}'}"
        return Window(
            usecase=self.usecase,
            version=self.version,
            name=f"{name}-partial-{mark[:8]}" if partial else name,
            since=min(within[0], *(head.time for head in chosen)),
            until=max(within[1], *(nextafter(head.time, inf) for head in chosen)),
            rows=len(chosen),
            late=sum(head.key <= self.last for head in chosen),
            digest=mark,
            number=self.number + 1,
            partial=partial,
            after=None if self.last == BEGIN else self.last,
            last=max(last, self.last),
            spans={
                stem: Span(
                    start=self.rests.get(stem, 0),
                    late=self.ends.get(stem, 0),
                    end=top + 1,
                    rest=rests.get(stem, top),
                )
                for stem, top in sorted(tops.items())
            },
        )


def digest(ids: Iterable[str]) -> str:
    """SHA-256 over ids, sorted, one a line."""
    return hashlib.sha256("".join(f"{name}\n" for name in sorted(ids)).encode()).hexdigest()
