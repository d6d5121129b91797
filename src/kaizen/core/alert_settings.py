"""The rules by which people are told."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kaizen.core.errors import UsageError, unknown
from kaizen.core.frozen import Frozen

URL_VARIABLE = "KAIZEN_ALERTS_URL"
"""Environment variable of the channel ``environment``, which is there when it is set."""

Severity = Literal["info", "warning", "critical"]
Figure = Literal[
    "drift.p_value", "drift.effect", "drift.column_effect",
    "performance.value", "performance.p", "estimate.value",
    "evidence.strength", "quality.findings", "window.rows", "window.late_share",
]  # fmt: skip


class _Rule(Frozen):
    """What all rules have.

    Attributes:
        severity: how bad it is.
        channels: who is told, by name; None for every channel.
        cooldown_s: seconds after a message in which none follows of the same; None as the others.
    """

    severity: Severity = "warning"
    channels: tuple[str, ...] | None = None
    cooldown_s: float | None = Field(None, ge=0)


class AlarmRule(_Rule):
    """Alerts when windows have this alarm.

    Attributes:
        alarm: of ``kaizen.monitoring.windows.assessment.Assessment.alarms``.
        windows: how many in a row.
    """

    KIND: Literal["alarm"] = "alarm"
    alarm: Literal["quality", "data", "prediction", "concept"]
    windows: int = Field(1, ge=1)


class FigureRule(_Rule):
    """Alerts when a figure of windows is below, or above, a threshold. Unknown is neither.

    Attributes:
        figure: which.
        below, above: the threshold; one of the two.
        windows: how many in a row.
    """

    KIND: Literal["figure"] = "figure"
    figure: Figure
    below: float | None = None
    above: float | None = None
    windows: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _one_side(self) -> FigureRule:
        if (self.below is None) == (self.above is None):
            raise PydanticCustomError("threshold", "expected a threshold: either below or above")
        return self


class SilenceRule(_Rule):
    """Alerts when no verdict has come for ``dead_after_s``."""

    KIND: Literal["silence"] = "silence"


class AppriseChannel(Frozen):
    """A service that apprise knows: mail, Slack, Teams, a webhook (``json://``), a hundred more.

    Attributes:
        env: the environment variable that holds its URL.
        digest: a digest now and then in place of each message at once.
    """

    KIND: Literal["apprise"] = "apprise"
    env: str
    digest: Literal["weekly"] | None = None

    @field_validator("env")
    @classmethod
    def _a_name(cls, env: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", env):
            raise PydanticCustomError("secret", "expected the name of an environment variable")
        return env


class LogChannel(Frozen):
    """A line in ``logs/alerts.log`` of the state folder."""

    KIND: Literal["log"] = "log"
    digest: Literal["weekly"] | None = None


def _kind(given: Any) -> str:
    kind = given.get("KIND") if isinstance(given, Mapping) else getattr(given, "KIND", None)
    return f"<{kind}>"


_UNKNOWN_KIND = "kind"
Rule = Annotated[
    Annotated[AlarmRule, Tag("<alarm>")]
    | Annotated[FigureRule, Tag("<figure>")]
    | Annotated[SilenceRule, Tag("<silence>")],
    Discriminator(
        _kind,
        custom_error_type=_UNKNOWN_KIND,
        custom_error_message="expected a KIND: alarm, figure or silence",
    ),
]
Channel = Annotated[
    Annotated[AppriseChannel, Tag("<apprise>")] | Annotated[LogChannel, Tag("<log>")],
    Discriminator(
        _kind,
        custom_error_type=_UNKNOWN_KIND,
        custom_error_message="expected a KIND: apprise or log",
    ),
]

RULES: Mapping[str, AlarmRule | FigureRule | SilenceRule] = {
    "quality": AlarmRule(alarm="quality", severity="critical"),
    "data": AlarmRule(alarm="data"),
    "prediction": AlarmRule(alarm="prediction"),
    "concept": AlarmRule(alarm="concept", severity="critical"),
    "silence": SilenceRule(severity="critical"),
}
"""What there is without a word of configuration."""

CHANNELS: Mapping[str, AppriseChannel | LogChannel] = {
    "log": LogChannel(),
    "environment": AppriseChannel(env=URL_VARIABLE),
}


class AlertsRule(Frozen):
    """Who is told what, and how often.

    Attributes:
        rules: laid over ``RULES`` by name; None takes one away.
        channels: laid over ``CHANNELS`` by name; None takes one away.
        cooldown_s: seconds after a message of a rule in which no other of it follows.
        group_s: seconds for which alerts of a use case are gathered into one message; those of
            one window always are.
        dead_after_s: seconds without a verdict that are silence.
        resolve_after: windows in a row without it that resolve an alert.
    """

    rules: dict[str, Rule | None] = Field(default_factory=dict)
    channels: dict[str, Channel | None] = Field(default_factory=dict)
    cooldown_s: float = Field(3600.0, ge=0)
    group_s: float = Field(0.0, ge=0)
    dead_after_s: float = Field(86_400.0, gt=0)
    resolve_after: int = Field(2, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _no_url(cls, given: Any) -> Any:
        if _holds_url(given):
            raise PydanticCustomError(
                "secret",
                "a URL stands in it, which holds secrets, and configurations are written down: "
                "put it into an environment variable, and the variable's name under env",
            )
        return given

    @model_validator(mode="after")
    def _known_channels(self) -> AlertsRule:
        names = [name for name, channel in self._channels().items() if channel]
        for name, rule in self.watching.items():
            for wanted in rule.channels or ():
                if wanted not in names:
                    said = unknown(f"channel in rule {name!r}", wanted, names)
                    raise PydanticCustomError("channel", "{said}", {"said": str(said)})
        return self

    @property
    def watching(self) -> dict[str, AlarmRule | FigureRule | SilenceRule]:
        """The rules in force, by name."""
        return {name: rule for name, rule in {**RULES, **self.rules}.items() if rule is not None}

    def _channels(self) -> dict[str, AppriseChannel | LogChannel | None]:
        return {**CHANNELS, **self.channels}

    @property
    def telling(self) -> dict[str, AppriseChannel | LogChannel]:
        """The channels in force, by name; ``environment`` where its variable is set."""
        left_out = {
            name
            for name, channel in CHANNELS.items()
            if name not in self.channels
            and isinstance(channel, AppriseChannel)
            and not os.environ.get(channel.env)
        }
        return {
            name: channel
            for name, channel in self._channels().items()
            if channel is not None and name not in left_out
        }

    def channel(self, name: str) -> AppriseChannel | LogChannel:
        """The channel of that name.

        Raises:
            UsageError: there is none; the nearest is offered.
        """
        found = self.telling
        if name not in found:
            if name in CHANNELS and self._channels()[name]:
                raise UsageError(f"channel {name!r} is off: set {URL_VARIABLE} to an apprise URL")
            raise unknown("channel", name, found)
        return found[name]


def _holds_url(given: Any) -> bool:
    if isinstance(given, Mapping):
        return any(_holds_url(each) for each in given.values())
    if isinstance(given, list | tuple):
        return any(map(_holds_url, given))
    return isinstance(given, str) and ":/" in given
