"""The promoted model becomes a Bento."""

from typing import Annotated, Any

from zenml import step

from kaizen.core import progress
from kaizen.core.paths import home
from kaizen.core.results import Release
from kaizen.core.settings import EventsRule, ServingRule
from kaizen.packaging import bento
from kaizen.registry import lineage, profiles, versions


@step(enable_cache=False)
def package(
    usecase: str, version: str, rule: dict[str, Any], events: dict[str, Any]
) -> Annotated[Release, "release"]:
    release = bento.build(
        usecase=usecase,
        version=version,
        model=versions.onnx_bytes(usecase, version),
        golden=versions.golden(usecase, version),
        metadata=lineage.identity(usecase, version),
        rule=ServingRule.model_validate(rule),
        home=home(),
        events=EventsRule.model_validate(events),
        profile=profiles.of(usecase, version),
    )
    versions.tag(usecase, version, bento=release.tag)
    progress.figure(release.tag)
    return release
