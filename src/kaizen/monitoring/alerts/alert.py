"""What an alert is, and what is remembered between windows to know when there is one."""

from __future__ import annotations

import hashlib
from typing import Literal

from kaizen.core.alert_settings import Severity
from kaizen.core.results import Record

State = Literal["firing", "acknowledged", "resolved"]


class Alert(Record):
    """Something that was wrong for a while, and whom that concerns.

    Attributes:
        id: twelve hex digits, the same however often it is made from the same windows.
        usecase, version: whose model; of silence, no version.
        rule, severity: by which rule.
        state: firing; acknowledged, so somebody sees to it; resolved, so it is over.
        since: time of the window that began it, seconds since the epoch.
        changed: when its state last changed.
        windows: windows that had it.
        begun: name of the window that began it.
        window: name of the newest window that had it.
        reason: of that one, in words.
        report: its drift report, as in the assessment.
        told: the state people were last told of; "" for none.
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
        """It is not over."""
        return self.state != "resolved"


class RuleState(Record):
    """What one rule has seen of one version.

    Attributes:
        usecase, version, rule: whose.
        met: windows in a row that met the rule.
        quiet: windows in a row that did not.
        alert: id of the newest alert, None where there was none.
    """

    usecase: str
    version: str
    rule: str
    met: int = 0
    quiet: int = 0
    alert: str | None = None


class Message(Record):
    """What is sent to one channel.

    Attributes:
        id: the same for every channel, and in the body.
        usecase, channel: of whom, to where.
        title, body: plain text; Markdown where ``markdown``.
        severity: the worst in it; "resolved" where all in it is over.
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
    """Twelve hex digits that follow from ``parts``."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


class JudgedWindow(Record):
    """One window after its rules were looked at.

    Attributes:
        version, window: whose, and its name.
        at: when it was judged first, seconds since the epoch.
        rows: of the window.
        alarms: of its newest assessment.
        p, effect: of its drift verdict.
        metric, value, state: its performance by labels, or the estimate where there are none.
        met: rules by name; None where it could not be known.
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
