"""The drift profile of a model version (``kaizen/monitoring/drift/profile.py``)."""

from kaizen.registry.artifacts import Beside

PROFILE = Beside("profile.zip", "profile_sha256")

keep, of = PROFILE.keep, PROFILE.of
