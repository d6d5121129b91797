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
import pandas as pd

from benchmarks.drift import digits
from benchmarks.drift import network as world
from benchmarks.drift.patients import CHANGES, patients, shifted
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.drift.sequential import ROW_THRESHOLD, THRESHOLD, update

Found = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """Rows of reference and window, and windows without drift per trial."""

    reference: int
    window: int
    clean: int = 4
    asked: int = 0
    """Rows of the windows checked, where other than what was calibrated."""
    learnt: bool = False
    """Anchors are the rows that the network learnt from, else half of the reference."""


TABLES = {
    "442/100": Setting(442, 100),
    "2000/100": Setting(2000, 100),
    "2000/500": Setting(2000, 500),
    "442/221": Setting(442, 221),
}
IMAGES = {
    "4000/10": Setting(4000, 10),
    "4000/100": Setting(4000, 100),
    "4000/500": Setting(4000, 500),
}
NETWORK = {
    "3000/10": Setting(3000, 10, clean=200, learnt=True),
    "3000/100": Setting(3000, 100, clean=100, learnt=True),
    "3000/500": Setting(3000, 500, clean=40, learnt=True),
    "963/120": Setting(963, 120, clean=80),
}
"""3,000 rows are about as many as validate and judge the product's network, 963 as validate it."""

SOON = 500
"""Images within which it shall be seen that a tenth of them is from elsewhere."""
STREAMS = {
    "442/100": Setting(442, 100, clean=500),
    "2000/100": Setting(2000, 100, clean=500),
    "2000/500": Setting(2000, 500, clean=250),
}
POWERS = {
    "442/100": TABLES["442/100"],
    "2000/100": TABLES["2000/100"],
    "2000/500": TABLES["2000/500"],
}
SHIFTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.5)
"""Standard deviations that one of the columns moves by."""


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
        "changed": {change: verdict.p_value for change, verdict in changed.items()},
    }


def power(name: str, number: int) -> Found:
    """Whether one window of each shift is seen, of a column drawn at random."""
    random, setting = seeds("power", name, number), POWERS[name]
    profile = _profile(random, setting, number)
    windows = {
        shift: shifted(None, shift)(random, patients(random, setting.window)) for shift in SHIFTS
    }
    return {"power": {str(at): profile.check(rows).drifted for at, rows in windows.items()}}


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
        "p <= 0.006": sum(value <= 0.006 for value in p),
        "delay": first(weak),
    }


def image(name: str, number: int) -> Found:
    """Windows of digits, without drift and with, and single digits one after the other.

    Reference and windows are other digits of the 6,000 that the network has not seen, drawn anew
    for each trial; trials share those 6,000.
    """
    random, setting = seeds("image", name, number), IMAGES[name]
    network, pool, _ = digits.world()
    order = random.permutation(len(pool))
    seen = network.observe(pool[order])
    profile = Profile.fit(
        seen.iloc[: setting.reference],
        categorical=["digit"],
        embedding="embedding",
        confidence="confidence",
        window=setting.window,
        seed=number,
    )
    fresh = seen.iloc[setting.reference :]
    windows = [
        fresh.iloc[at * setting.window : (at + 1) * setting.window] for at in range(setting.clean)
    ]
    foreign = network.observe(digits.devanagari(random, 500))
    mixed = fresh.iloc[:500].copy()
    swapped = random.permutation(500)[:50]
    mixed.iloc[swapped] = foreign.iloc[swapped]
    checked = [profile.check(rows) for rows in windows]
    clean = profile.row_p(fresh).tolist()
    tenth = [mixed.iloc[at : at + setting.window] for at in range(0, 500, setting.window)]
    return {
        "clean": [verdict.p_value for verdict in checked],
        "alarms": [verdict.drifted for verdict in checked],
        "changes": {
            "Devanagari": profile.check(foreign.iloc[: setting.window]).drifted,
            "a tenth Devanagari": profile.check(mixed.iloc[: setting.window]).drifted,
            "a tenth Devanagari, within 500": any(profile.check(rows).drifted for rows in tenth),
            "a tenth Devanagari, row by row within 500": first(
                profile.row_p(mixed).tolist(), ROW_THRESHOLD
            )
            is not None,
        },
        "rows": len(clean),
        "row_alarms": alarms(clean, ROW_THRESHOLD),
        "delay": first(profile.row_p(foreign).tolist(), ROW_THRESHOLD),
    }


def network(name: str, number: int) -> Found:
    """The product's network: windows of digits, single digits, and digits from elsewhere.

    Reference and windows are other digits of the 5,000 that the network has not seen, drawn anew
    for each trial; trials share those 5,000, and the 1,500 of each source from elsewhere. The
    windows of ``alarms`` share no row. Where the stream needs more windows than there are rows,
    they are shuffled and used again; what is odd about them counts again: an upper estimate.
    """
    random, setting = seeds("network", name, number), NETWORK[name]
    seen = world.unseen()[0]
    seen = seen.iloc[random.permutation(len(seen))]
    profile = Profile.fit(
        seen.iloc[: setting.reference],
        categorical=["digit"],
        embedding="embedding",
        confidence="confidence",
        anchors=world.learnt() if setting.learnt else None,
        window=setting.window,
        seed=number,
    )
    fresh = seen.iloc[setting.reference :]
    verdicts: list[DriftResult] = []
    once = min(len(fresh) // setting.window, setting.clean)
    while len(verdicts) < setting.clean:
        verdicts += [profile.check(rows) for rows in _cut(fresh, setting.window)]
        fresh = fresh.iloc[random.permutation(len(fresh))]
    verdicts = verdicts[: setting.clean]
    clean = profile.row_p(seen.iloc[setting.reference :]).tolist()
    changes: dict[str, bool] = {}
    delays: dict[str, int | None] = {}
    for source in world.SOURCES:
        other = world.elsewhere(source)[0]
        other = other.iloc[random.permutation(len(other))[:SOON]]
        mixed = fresh.iloc[:SOON].copy()
        tenth = random.permutation(SOON)[: SOON // 10]
        mixed.iloc[tenth] = other.iloc[tenth]
        checked = [profile.check(rows) for rows in _cut(mixed, setting.window)]
        changes |= {
            source: profile.check(other.iloc[: setting.window]).drifted,
            f"a tenth {source}, one window": checked[0].drifted,
            f"a tenth {source}, any window within {SOON}": any(one.drifted for one in checked),
            f"a tenth {source}, stream of windows within {SOON}": first(_p(checked)) is not None,
            f"a tenth {source}, row by row within {SOON}": first(
                profile.row_p(mixed).tolist(), ROW_THRESHOLD
            )
            is not None,
        }
        delays[source] = first(profile.row_p(other).tolist(), ROW_THRESHOLD)
    return {
        "clean": _p(verdicts[:once]),
        "alarms": [verdict.drifted for verdict in verdicts[:once]],
        "changes": changes,
        "windows": len(verdicts),
        "stream": alarms(_p(verdicts)),
        "rows": len(clean),
        "row_alarms": alarms(clean, ROW_THRESHOLD),
        "delays": delays,
    }


def _cut(rows: pd.DataFrame, window: int) -> list[pd.DataFrame]:
    """``rows`` in whole windows."""
    return [rows.iloc[at : at + window] for at in range(0, len(rows) - window + 1, window)]


def _p(verdicts: list[DriftResult]) -> list[float]:
    return [verdict.p_value for verdict in verdicts if verdict.p_value is not None]


def alarms(p: list[float], alarm: float = THRESHOLD) -> int:
    """Alarms of a stream that begins anew after each."""
    e_value, found = 1.0, 0
    for value in p:
        e_value = update(e_value, value)
        if e_value >= alarm:
            e_value, found = 1.0, found + 1
    return found


def first(p: list[float], alarm: float = THRESHOLD) -> int | None:
    """Windows or rows until the first alarm."""
    e_value = 1.0
    for at, value in enumerate(p, 1):
        e_value = update(e_value, value)
        if e_value >= alarm:
            return at
    return None


def _profile(random: np.random.Generator, setting: Setting, number: int) -> Profile:
    rows = patients(random, setting.reference)
    return Profile.fit(rows, categorical=["sex"], window=setting.window, seed=number)


KINDS: dict[str, tuple[Callable[[str, int], Found], tuple[str, ...]]] = {
    "table": (table, tuple(TABLES)),
    "stream": (stream, tuple(STREAMS)),
    "image": (image, tuple(IMAGES)),
    "network": (network, tuple(NETWORK)),
    "power": (power, tuple(POWERS)),
}
