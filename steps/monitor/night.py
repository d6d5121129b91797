"""The nightly report: a day's events beside the reference, drawn by Evidently."""

from datetime import date
from typing import Annotated

from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.paths import home
from kaizen.core.results import Page
from kaizen.monitoring.reports import nightly
from kaizen.monitoring.reports.nightly import Night
from kaizen.monitoring.windows.store import Store
from kaizen.orchestration.step_settings import heavy
from kaizen.registry import reference_data


@step(enable_cache=False, settings=heavy())
def night(
    usecase: str, version: str, day: str, since: float, until: float
) -> Annotated[Page, "page"]:
    which = Night(date.fromisoformat(day), since, until)
    profile = reference_data.profile(usecase, version)
    page = nightly.draw(home(), catalog.features(usecase), profile, version, which)
    Store(home()).had_night(usecase, which.day, page)
    progress.figure(page or "no events that day")
    return Page(path=page)
