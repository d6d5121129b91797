"""What a model version was judged on (``kaizen/monitoring/performance/baseline.py``)."""

from kaizen.registry.artifacts import Beside

BASELINE = Beside("baseline.zip", "baseline_sha256")

keep, of = BASELINE.keep, BASELINE.of
