"""The rules by which people are told."""

from __future__ import annotations

from kaizen.frozen import Frozen


class AlertsRule(Frozen):
    """Who is told what, and how often."""
