"""Messages that somebody asked for: a test of the channels, a digest now."""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.monitoring.alerts.alert import Message, name
from kaizen.monitoring.alerts.channels import NotSent, send
from kaizen.monitoring.alerts.digest import WEEK_S, Digest, messages, of
from kaizen.monitoring.alerts.dispatch import dispatch
from kaizen.monitoring.alerts.store import Book


def probe(
    home: Home, usecase: str, rule: AlertsRule, channel: str | None, now: float
) -> dict[str, str]:
    """By channel, why a test message has not gone; "" where it has.

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
            title=f"kaizen {usecase}: a test",
            body=f"Alerts of {usecase} come here by channel {each}.\n\nmessage {known}",
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


def digest_now(
    home: Home, usecase: str, rule: AlertsRule, now: float, *, send: bool
) -> tuple[Digest, dict[str, str]]:
    """The digest of the last seven days, and by channel why it was not sent, where it was to be.

    It is written down first: what was not sent is tried again by whoever watches.
    """
    with Book(home) as book:
        found = of(book, usecase, now - WEEK_S, now)
        if not send:
            return found, {}
        known = name(usecase, "digest", now)
        with book.transaction():
            book.outbox.post(messages(found, rule, known, now))
        dispatch(home, book, usecase, rule, now)
        unsent = [each for each in book.outbox.unsent(usecase) if each.message.id == known]
    return found, {each.message.channel: each.error or "left alone for now" for each in unsent}
