"""One trial: a fresh reference, a profile of it, and windows with and without drift.

A trial is a pure function of its setting and number, so that trials can be split, repeated and
taken up again, and any of them can be looked at alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.drift.patients import CHANGES, patients
from monitoring.profile import Profile
from monitoring.stream import ALARM, follow

Found = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """Rows of reference and window, and windows without drift per trial."""

    reference: int
    window: int
    clean: int = 4
    asked: int = 0
    """Rows of the windows checked, where other than what was calibrated."""


TABLES = {
    "442/100": Setting(442, 100),
    "2000/100": Setting(2000, 100),
    "2000/500": Setting(2000, 500),
    "442/221": Setting(442, 221),
}
STREAMS = {
    "442/100": Setting(442, 100, clean=500),
    "2000/100": Setting(2000, 100, clean=500),
    "2000/500": Setting(2000, 500, clean=250),
}


def seeds(kind: str, name: str, number: int) -> np.random.Generator:
    """Random numbers of one trial."""
    return np.random.default_rng([zlib.crc32(f"{kind} {name}".encode()), number])


def table(name: str, number: int) -> Found:
    """P values of windows without drift, and of one window of each change."""
    random, setting = seeds("table", name, number), TABLES[name]
    profile = _profile(random, setting, number)
    checked = [profile.check(patients(random, setting.window)) for _ in range(setting.clean)]
    changed = {
        change: profile.check(alter(random, patients(random, setting.window)))
        for change, alter in CHANGES.items()
    }
    return {
        "clean": [verdict.p_value for verdict in checked],
        "alarms": [verdict.drifted for verdict in checked],
        "changes": {change: verdict.drifted for change, verdict in changed.items()},
    }


def stream(name: str, number: int) -> Found:
    """Windows without drift in a row: how many times the stream alarms, beginning anew each time.

    And how many windows it takes to see a shift too weak for one window.
    """
    random, setting = seeds("stream", name, number), STREAMS[name]
    profile = _profile(random, setting, number)
    p = [profile.check(patients(random, setting.window)).p_value for _ in range(setting.clean)]
    shifted = CHANGES["s5 + 0.25 sd"]
    weak = [
        profile.check(shifted(random, patients(random, setting.window))).p_value for _ in range(60)
    ]
    return {
        "windows": setting.clean,
        "stream": alarms(p),
        "p <= 0.005": sum(value <= 0.005 for value in p),
        "delay": first(weak),
    }


def alarms(p: list[float]) -> int:
    """Alarms of a stream that begins anew after each."""
    strength, found = 1.0, 0
    for value in p:
        strength = follow(strength, value)
        if strength >= ALARM:
            strength, found = 1.0, found + 1
    return found


def first(p: list[float]) -> int | None:
    """Windows or rows until the first alarm."""
    strength = 1.0
    for at, value in enumerate(p, 1):
        strength = follow(strength, value)
        if strength >= ALARM:
            return at
    return None


def _profile(random: np.random.Generator, setting: Setting, number: int) -> Profile:
    rows = patients(random, setting.reference)
    return Profile.fit(rows, categorical=["sex"], window=setting.window, seed=number)


KINDS: dict[str, tuple[Callable[[str, int], Found], tuple[str, ...]]] = {
    "table": (table, tuple(TABLES)),
    "stream": (stream, tuple(STREAMS)),
}
