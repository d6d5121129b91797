"""People are told what is new."""

import time
from typing import Annotated, Any

from zenml import step

from kaizen.core import progress
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import home
from kaizen.monitoring.alerts import manage
from kaizen.monitoring.windows.assessment import Assessment


@step(enable_cache=False)
def alert(usecase: str, rule: dict[str, Any], assessment: Assessment) -> Annotated[int, "changed"]:
    """How many alerts began, came back or ended."""
    alerts = MonitoringRule.model_validate(rule).alerts
    changed = manage.assessed(home(), usecase, alerts, assessment, time.time())
    progress.figure(f"{len(changed)} alerts changed" if changed else "nothing new to tell")
    return len(changed)
