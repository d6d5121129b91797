"""The diagnosis of a window: which alarm it raises, that of the cause and not those of its effects.

A broken feed explains all that follows from it; a changed class mix explains drifted inputs;
drifted inputs explain worse answers. So causes are checked in this order, and an effect is named in
the reason, but raises no alarm of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from kaizen.evaluation import scores
from kaizen.monitoring.drift import faults as fault_search
from kaizen.monitoring.drift import reweighted_reference
from kaizen.monitoring.drift.faults import Fault
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult, Finding
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows import label_shift
from kaizen.monitoring.windows.assessment import ALARMS, Alarm

SIGNALS = ("embedding", "confidence")
"""Columns that say how unusual a row is: they follow from the inputs."""

PROVEN = ("missing_values", "constant")
"""Findings that happen by chance in a small window: they count only if the column drifted, too."""


def mix_in_question(drift: DriftResult, answers: Collection[str]) -> bool:
    """Whether :func:`diagnose` needs the drift result against a reference of the window's mix."""
    return drift.drifted and bool(_drifted(drift) & set(answers))


def diagnose(
    drift: DriftResult,
    performance: Performance,
    estimate: Performance,
    answers: Collection[str],
    faults: Sequence[Fault] = (),
    matched: DriftResult | None = None,
) -> tuple[tuple[Alarm, ...], str]:
    """The alarms of a window, and the reason in words; a pure function.

    Args:
        drift: of inputs and predictions.
        performance, estimate: by labels, and without.
        answers: names of the columns that are predictions.
        faults: of columns that drifted (``kaizen/monitoring/drift/faults.py``).
        matched: the drift result against a reference of the window's mix of classes
            (``kaizen/monitoring/windows/label_shift.py``); None where there is none.
    """
    wrong = _wrong(drift, answers)
    broken = {found.column for found in wrong} | {fault.column for fault in faults}
    inputs = _drifted(drift) - set(answers) - set(SIGNALS)
    alarms: list[Alarm] = []
    said: list[str] = []
    if wrong or (faults and inputs <= broken):
        alarms.append("quality")
        details = dict.fromkeys(
            [found.detail for found in wrong] + [fault.detail for fault in faults]
        )
        said.append(f"bad data: {'; '.join(details)}")
        if drift.drifted and inputs - broken:
            alarms.append("data")
            said.append(f"other inputs drifted as well: {_names(inputs - broken)}")
        elif drift.drifted:
            said.append("what else drifted follows from it")
    elif drift.drifted:
        alarm, why = _drift(drift, inputs, answers, matched)
        alarms.append(alarm)
        said.append(why)
        said += [f"also {fault.detail}" for fault in faults]
    concept, why = _concept(performance, estimate, alarms)
    if concept:
        alarms.append("concept")
    if why:
        said.append(why)
    said += _unsaid(drift, wrong, performance)
    if not alarms:
        said.insert(0, "nothing is wrong as far as is known")
    return tuple(alarm for alarm in ALARMS if alarm in alarms), "; ".join(said)


def _drifted(drift: DriftResult) -> set[str]:
    return {column.name for column in drift.columns if column.drifted}


def _wrong(drift: DriftResult, answers: Collection[str]) -> list[Finding]:
    """Findings that are an alarm by themselves."""
    drifted = _drifted(drift) if drift.drifted else set()
    found: list[Finding] = []
    for finding in drift.quality:
        if finding.kind == "rows":
            continue
        # A model that always answers the same is no broken feed by itself.
        same = finding.kind == "constant" and finding.column in answers
        proven = finding.kind not in PROVEN or finding.column in drifted
        if finding.serious or (proven and not same):
            found.append(finding)
    return found


def _drift(
    drift: DriftResult, inputs: set[str], answers: Collection[str], matched: DriftResult | None
) -> tuple[Alarm, str]:
    p = f"(p = {drift.p_value:.2g})"
    where = _where(drift, inputs)
    answered = _drifted(drift) & set(answers)
    if not answered:
        return "data", f"inputs drifted: {where} {p}; predictions did not"
    said = _names(answered)
    if matched is None or matched.p_value is None:
        if inputs or not _only_columns(drift):
            why = "a changed class mix cannot be ruled out: too few reference rows have that mix"
            return "data", f"inputs drifted: {_names(inputs or answered)} {p}; {why}"
        return "prediction", f"predictions drifted: {said} {p}; no input drifted by itself"
    tested = (
        f"(p = {matched.p_value:.2g} against {matched.reference_rows:,} reference rows of that mix)"
    )
    if matched.drifted:
        return "data", (
            f"inputs drifted: {where} {p}, and predictions with them: {said}; a changed class mix "
            f"does not explain it {tested}"
        )
    also = f", and inputs with them: {_names(inputs)}" if inputs else ""
    return "prediction", (
        f"predictions drifted: {said} {p}{also}; a changed class mix explains it {tested}"
    )


def _where(drift: DriftResult, inputs: set[str]) -> str:
    """What of the inputs drifted, in words."""
    if inputs:
        return _names(inputs)
    level = drift.calibration.level
    unlike = any(test.p <= level for test in drift.tests if test.name == "novelty")
    return "rows unlike any in the reference" if unlike else "how columns go together"


def _only_columns(drift: DriftResult) -> bool:
    """Whether no test of all columns together is significant."""
    level = drift.calibration.level
    return not any(test.p <= level for test in drift.tests if test.name in ("mmd", "novelty"))


def _concept(
    performance: Performance, estimate: Performance, alarms: Sequence[Alarm]
) -> tuple[bool, str]:
    """Whether there is concept drift, and what to say about performance."""
    if performance.state != "measured":
        return False, ""
    if not alarms and performance.worse:
        return True, (
            f"concept drift, other labels for the same inputs: {performance.reason}; neither "
            "inputs nor predictions drifted"
        )
    if alarms == ["data"] and _below(performance, estimate):
        return True, (
            f"concept drift, other labels for the same inputs: {performance.reason}; expected for "
            f"these inputs: {_interval(estimate)}"
        )
    if performance.worse:
        return False, f"performance is {performance.reason}"
    return False, ""


def _below(performance: Performance, estimate: Performance) -> bool:
    """Whether the measured interval is worse than the estimated one, without overlap."""
    if estimate.state != "estimated" or not performance.worse:
        return False
    if performance.metric != estimate.metric:
        return False
    ends = performance.low, performance.high, estimate.low, estimate.high
    low, high, least, most = (float("nan") if end is None else end for end in ends)
    return high < least if performance.direction == "higher" else low > most


def _interval(estimate: Performance) -> str:
    low, high = (scores.in_words(end or 0.0) for end in (estimate.low, estimate.high))
    return f"{low} to {high}"


def _unsaid(drift: DriftResult, wrong: Sequence[Finding], performance: Performance) -> list[str]:
    """What could not be compared, and findings that raise no alarm."""
    seen = {finding.detail for finding in wrong}
    said = [finding.detail for finding in drift.quality if finding.detail not in seen]
    if drift.p_value is None and not wrong:
        said.insert(0, "inputs and predictions were not compared")
    if performance.state == "unknown":
        said.append(f"performance unknown: {performance.reason}")
    elif not performance.worse:
        said.append(f"performance {performance.reason}")
    return list(dict.fromkeys(said))


def _names(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def diagnose_window(
    profile: Profile,
    baseline: Baseline | None,
    window: pd.DataFrame,
    drift: DriftResult,
    performance: Performance,
    estimate: Performance,
    answers: Sequence[str],
) -> tuple[tuple[Alarm, ...], str]:
    """The alarms of ``window`` and the reason; reads its rows again where the cause is in question.

    Takes a second or more where predictions drifted, else next to nothing; ``profile`` stays as it
    is.

    Args:
        window: rows as they were observed, which ``drift`` is about.
        baseline: what the model was judged on; None where there is none.
        answers: names of the columns that are predictions.
    """
    found = fault_search.find(profile, drift, window, answers) if drift.drifted else ()
    matched = None
    if mix_in_question(drift, answers):
        weights = label_shift.importance_weights(profile, baseline, window, answers)
        matched = None if weights is None else reweighted_reference.check(profile, weights, window)
    return diagnose(drift, performance, estimate, answers, found, matched)
