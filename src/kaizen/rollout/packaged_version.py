"""Packages a registered version that was chosen by hand, if the gate lets it be served."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.core.settings import EventsRule, ServingRule
from kaizen.rollout.state import State

if TYPE_CHECKING:
    from kaizen.inference.golden import Golden


def past_the_gate(usecase: str, versions: Iterable[str], home: Home, *, force: bool) -> str:
    """What is to be written down of versions that the gate did not promote, "" where it did.

    A version that has requests already was let through before.

    Raises:
        UsageError: there is no such version.
        KaizenError: the gate has refused one, and it is not forced.
    """
    from kaizen.registry import versions as registry

    with State(home) as state:
        row = state.desired().get(usecase)
    served = {each.release.version for each in row.releases if each.weight} if row else set()
    forced = []
    for version in versions:
        found = registry.get(usecase, version)
        if version in served or found.tags.get(registry.DECISION) == "promoted":
            continue
        reason = found.tags.get(registry.REASON, "the gate has not decided")
        if not force:
            raise KaizenError(
                f"{usecase} v{version} is not promoted: {reason}; `--force` serves it all the same"
            )
        forced.append(f"v{version} forced past the gate ({reason})")
    return "; ".join(forced)


def packaged(
    usecase: str, version: str, rule: ServingRule, events: EventsRule, home: Home
) -> tuple[Release, Golden]:
    """The Bento of a version, built where it is not there yet, and its golden set.

    Raises:
        KaizenError: model or golden set are gone, or the build failed.
    """
    from kaizen.packaging import bento
    from kaizen.registry import lineage, profiles
    from kaizen.registry import versions as registry

    golden = registry.golden(usecase, version)
    release = bento.build(
        usecase=usecase,
        version=version,
        model=registry.onnx_bytes(usecase, version),
        golden=golden,
        metadata=lineage.identity(usecase, version),
        rule=rule,
        home=home,
        events=events,
        profile=profiles.of(usecase, version),
    )
    registry.tag(usecase, version, bento=release.tag)
    return release, golden
