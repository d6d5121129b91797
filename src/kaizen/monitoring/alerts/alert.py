"""Records of alerting: an alert, a message, and what is remembered between windows."""

from __future__ import annotations

import hashlib
from typing import Literal

from kaizen.core.alert_settings import Severity
from kaizen.core.results import Record

State = Literal["firing", "acknowledged", "resolved"]


class Alert(Record):
    """An alert: one rule violated by one model version over consecutive windows.

    Attributes:
        id: twelve hex digits, the same however often it is made from the same windows.
        usecase, version: whose model; an alert of silence has no version.
        rule, severity: the rule that is violated.
        state: firing; acknowledged: somebody takes care of it; resolved: it has ended.
        since: when its first window was judged, seconds since the epoch.
        changed: when its state last changed.
        windows: how many windows violated the rule.
        begun: name of the first of them.
        window: name of the newest of them.
        reason: why the newest violates the rule, in words.
        report: its drift report, as in the assessment.
        told: the state that people were last notified of; "" for none.
        told_at: when a message of it was last written down.
        returned: how often it came back within its cooldown.
        by, why: who acknowledged it, and why.
    """

    id: str
    usecase: str
    version: str
    rule: str
    severity: Severity
    state: State
    since: float
    changed: float
    windows: int = 1
    begun: str
    window: str
    reason: str
    report: str | None = None
    told: Literal["", "firing", "resolved"] = ""
    told_at: float | None = None
    returned: int = 0
    by: str = ""
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether it has not been resolved."""
        return self.state != "resolved"


class RuleState(Record):
    """The state of one rule for one model version, kept between windows.

    Attributes:
        usecase, version, rule: whose.
        met: consecutive windows that violated the rule.
        quiet: consecutive windows that did not.
        alert: id of the newest alert, None where there was none.
    """

    usecase: str
    version: str
    rule: str
    met: int = 0
    quiet: int = 0
    alert: str | None = None


class Message(Record):
    """A message to one channel.

    Attributes:
        id: the same for every channel, and in the body.
        usecase, channel: whose alerts, and where they go.
        title, body: plain text; Markdown where ``markdown``.
        severity: the worst of its alerts; "resolved" where all of them are.
        made: when it was written down, seconds since the epoch.
    """

    id: str
    usecase: str
    channel: str
    title: str
    body: str
    severity: Severity | Literal["resolved"]
    made: float
    markdown: bool = False


def name(*parts: object) -> str:
    """An id: twelve hex digits that follow from ``parts``."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


class JudgedWindow(Record):
    """A window that the rules have been applied to: what alerts and the digest need of it.

    Attributes:
        version, window: whose, and its name.
        at: when it was judged first, seconds since the epoch.
        rows: of the window.
        alarms: of its newest assessment.
        p, effect: of its drift result.
        metric, value, state: its performance by labels, or the estimate where there are none.
        met: by rule, whether the window violated it; None where that could not be known.
    """

    version: str
    window: str
    at: float
    rows: int
    alarms: tuple[str, ...] = ()
    p: float | None = None
    effect: float | None = None
    metric: str = ""
    value: float | None = None
    state: str = "unknown"
    met: dict[str, bool | None]
