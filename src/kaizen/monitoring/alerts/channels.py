"""Channels: sends one message to one of them. Errors never name the URL, which is secret."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from kaizen.core.alert_settings import AlertsRule, AppriseChannel, LogChannel
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.monitoring.alerts.alert import Message, name

TIMEOUT_S = 10.0
"""Longest wait for a service. A message that it accepts after that may arrive twice."""
_TYPES = {"critical": "failure", "warning": "warning", "info": "info", "resolved": "success"}
_TALKATIVE = ("apprise", "urllib3", "requests", "asyncio")
"""Loggers that may print a URL."""


class NotSent(Exception):
    """A message has not arrived; says why, without secrets."""


def send(home: Home, channel: AppriseChannel | LogChannel, message: Message) -> None:
    """Send ``message``; when this returns, it has arrived.

    Raises:
        NotSent: as far as is known, it has not.
    """
    if isinstance(channel, LogChannel):
        _write(home, message)
    else:
        _notify(channel, message)


def _write(home: Home, message: Message) -> None:
    at = datetime.fromtimestamp(message.made, UTC).isoformat(timespec="seconds")
    body = "; ".join(filter(None, map(str.strip, message.body.splitlines())))
    line = f"{at} {message.usecase} {message.severity}: {message.title}; {body}\n".encode()
    try:
        home.logs.mkdir(parents=True, exist_ok=True)
        with (home.logs / "alerts.log").open("a+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line  # a kill tore the last one
            if file.write(line) != len(line):
                raise NotSent("alerts.log: the disk is full")
            os.fsync(file.fileno())
    except OSError as problem:
        raise NotSent(f"alerts.log: {problem.strerror}") from None


def _notify(channel: AppriseChannel, message: Message) -> None:
    url = os.environ.get(channel.env)
    if not url:
        raise NotSent(f"{channel.env} is not set: it should hold an apprise URL")
    with _hushed():
        try:
            said = _apprise(url, message)
        except Exception as problem:  # whatever its text says may hold the URL
            said = type(problem).__name__
    if said:
        raise NotSent(f"{channel.env}: {said}")


def _apprise(url: str, message: Message) -> str:
    """Why the service at ``url`` did not accept the message; "" where it did."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="kaizen", async_mode=False, service_timeout=TIMEOUT_S, storage_mode="memory"
    )
    # One service: of several, those that have taken a message would get it again with the others.
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        return "it does not hold a URL that apprise knows"
    one = apprise.Apprise(asset=asset)
    one.add(service)
    result = one.notify(
        title=message.title,
        body=message.body,
        body_format=apprise.NotifyFormat.MARKDOWN if message.markdown else None,
        notify_type=_TYPES[message.severity],
    )
    return "" if result else _reason(service, result)


def _reason(service: Any, result: Any) -> str:
    """The parts of a library's error that are known to be no secret: a word, and a status."""
    lines = " ".join(str(entry.message) for entry in result.logs())
    kind = str(service.service_name or "service")
    if result.status.name == "TIMEOUT":
        return f"{kind} did not answer within {TIMEOUT_S:g} s"
    if status := re.search(r"error=(\d{3})\b", lines):
        return f"{kind} answered {status[1]}"
    if "onnection error" in lines:
        return f"{kind} cannot be reached"
    return f"{kind} did not accept it"


@contextmanager
def _hushed() -> Iterator[None]:
    """Within the block no library writes a URL into this process's logs."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [(each.level, each.propagate) for each in loggers]
    silent = logging.NullHandler()
    for each in loggers:
        each.propagate = False
        each.addHandler(silent)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    logging.getLogger("apprise").setLevel(logging.WARNING)  # the reason is read from its own log
    try:
        yield
    finally:
        for each, (level, propagate) in zip(loggers, before, strict=True):
            each.removeHandler(silent)
            each.setLevel(level)
            each.propagate = propagate


def send_test_message(
    home: Home, usecase: str, rule: AlertsRule, channel: str | None, now: float
) -> dict[str, str]:
    """Send a test message to each channel; by channel, why it failed, "" where it did not.

    Raises:
        KaizenError: there is no channel of that name, or none at all.
    """
    channels = rule.telling if channel is None else {channel: rule.channel(channel)}
    if not channels:
        raise KaizenError("there are no channels: see monitoring.alerts.channels")
    known = name(usecase, "test", now)
    found: dict[str, str] = {}
    for each, settings in channels.items():
        text = Message(
            id=known,
            usecase=usecase,
            channel=each,
            title=f"kaizen {usecase}: test message",
            body=f"Alerts of {usecase} reach you through channel {each}.\n\nmessage {known}",
            severity="info",
            made=now,
        )
        try:
            send(home, settings, text)
        except NotSent as problem:
            found[each] = str(problem)
        else:
            found[each] = ""
    return found
