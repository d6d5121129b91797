"""The gate: which challenger replaces the champion. Pure: answers in, decision out.

A challenger is promoted when it is better by at least the rule's margin and the paired bootstrap
finds it worse by more than the tolerance with no more than the accepted risk. After new data that
must hold on the rows the champion's data did not have, and on the older ones the challenger must
not be worse. A refusal is a result, not an error, and says which number lost against which.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.core.results import Decision
from kaizen.core.settings import GateRule
from kaizen.core.usecase import Array
from kaizen.evaluation import scores
from kaizen.evaluation.comparison import Comparison, compare, count, percent

LEAST_ROWS = 30
"""Fewest rows on which new and older data are judged apart."""


def decide(
    rule: GateRule,
    truth: Array,
    challenger: Array | None,
    champion: Array | None = None,
    *,
    seed: int = 0,
    champion_version: str | None = None,
    new: Array | None = None,
    positive: Any = None,
) -> Decision:
    """The decision on one challenger.

    The figures of the decision are those of the comparison that decided: on all rows or, with
    ``new``, on the new rows unless it is the older ones that refuse.

    Args:
        truth: what was true of the n held-out rows, shape (n,), or where they lie, (n, d).
        challenger, champion: what each model answered, shape (n,); without a champion the first
            model passes.
        seed: of the bootstrap.
        champion_version: names the champion in the reason.
        new: marks the rows (n,) that the champion's data did not have.
        positive: the class that precision, recall and f1 are about.

    Raises:
        UsageError: the rule's metric does not exist.
        KaizenError: the arrays differ in length.
    """
    truth = np.asarray(truth)
    name = f"v{champion_version}" if champion_version else "the champion"
    record = Decision(
        decision="refused",
        reason="",
        metric=rule.metric,
        rows=len(truth),
        champion_version=champion_version,
    )
    score, why = _score(rule, truth, challenger, positive)
    if score is None:
        reason = f"Refused: {rule.metric} of the challenger is missing: {why}."
        return record.model_copy(update={"reason": reason})
    if champion is None:
        on = count(len(truth))
        reason = f"Promoted: the first model, {rule.metric} {scores.in_words(score)} on {on}."
        passed = {"decision": "promoted", "reason": reason, "challenger": score}
        return record.model_copy(update=passed)
    rival, why = _score(rule, truth, champion, positive)
    if rival is None:
        reason = f"Refused: {rule.metric} of {name} is missing: {why}."
        return record.model_copy(update={"reason": reason, "challenger": score})

    answers = truth, np.asarray(challenger), np.asarray(champion)
    mask, note = _apart(new, len(truth))
    if mask is None:
        found = compare(rule, *answers, seed=seed, positive=positive)
        decision, reason = superior(found, name)
        return _record(decision, reason + note, found, champion_version)
    fresh, older = (
        compare(rule, *(part[rows] for part in answers), seed=seed, positive=positive, kind=kind)
        for rows, kind in ((mask, "new"), (~mask, "older"))
    )
    decision, reason = superior(fresh, name)
    if decision == "refused":
        return _record(decision, reason, fresh, champion_version)
    decision, added = not_inferior(older, name)
    if decision == "refused":
        return _record(decision, added, older, champion_version)
    return _record(decision, f"{reason} {added}", fresh, champion_version)


Verdict = tuple[Literal["promoted", "refused"], str]


def superior(found: Comparison, champion: str) -> Verdict:
    """Better by the margin, and hardly ever worse by more than the tolerance."""
    rule, figures, rows = found.rule, found.figures(champion), found.on_rows()
    if found.gain < 0:
        why = f"{found.how_much()}, {found.how_sure()}, {rows}"
        return "refused", f"Refused: {figures}, {rule.direction} is better. {why}."
    if found.gain == 0:
        return "refused", f"Refused: {figures}, equal is not better ({rows})."
    figures = f"{figures}: {found.how_much()}"
    if found.gain < rule.margin:
        why = f"the margin is {percent(rule.margin)}"
        return "refused", f"Refused: {figures}, {why} ({rows})."
    if not found.risk <= rule.risk:
        return "refused", f"Refused: {figures}, but {_too_risky(found)}."
    return "promoted", f"Promoted: {figures}, {found.how_sure()}, {rows}."


def not_inferior(found: Comparison, champion: str) -> Verdict:
    """Hardly ever worse by more than the tolerance."""
    if not found.risk <= found.rule.risk:
        figures = f"{found.figures(champion)}: {found.how_much()}"
        return "refused", f"Refused: {figures}, {_too_risky(found)}."
    return "promoted", f"On {found.on_rows()} {found.how_much()}, {found.how_sure()}."


def _too_risky(found: Comparison) -> str:
    return f"{found.how_sure()} is over {found.rule.risk:.3g} on {found.on_rows()}"


def _score(
    rule: GateRule, truth: Array, answer: Array | None, positive: Any
) -> tuple[float | None, str]:
    """The score on all rows, or None and why there is none."""
    score = scores.score(rule.metric, positive)
    if answer is None:
        return None, "there are no answers"
    answer = np.asarray(answer)
    if answer.ndim != 1 or len(answer) != len(truth) or truth.ndim > 2:
        raise KaizenError(
            f"truth has shape {truth.shape} and the answers {answer.shape}: "
            "expected one truth and one answer per held-out row"
        )
    if not len(truth):
        return None, "there are no held-out rows"
    for what, values in (("answer", answer), ("truth", truth)):
        if absent := int(pd.isna(values).sum()):
            return None, f"{absent:,} of {count(len(values))} have no {what}"
    try:
        value = float(score(truth, answer))
    except (ValueError, TypeError) as error:
        return None, str(error).splitlines()[0].rstrip(".")
    return (value, "") if np.isfinite(value) else (None, f"it is {value}")


def _apart(new: Array | None, rows: int) -> tuple[Array | None, str]:
    """The mask of new rows when both sides are large enough, and what to say when not."""
    if new is None:
        return None, ""
    mask = np.asarray(new, dtype=bool)
    if mask.shape != (rows,):
        raise KaizenError(f"the mask of new rows has shape {mask.shape}: expected ({rows},)")
    fresh = int(mask.sum())
    if min(fresh, rows - fresh) >= LEAST_ROWS:
        return mask, ""
    return None, (
        f" Judged on all rows: {fresh:,} new and {rows - fresh:,} older, "
        f"{LEAST_ROWS} of each are needed to judge them apart."
    )


def _record(
    decision: Literal["promoted", "refused"], reason: str, found: Comparison, version: str | None
) -> Decision:
    return Decision(
        decision=decision,
        reason=reason,
        metric=found.rule.metric,
        champion=found.champion,
        challenger=found.challenger,
        gain=_finite(found.gain),
        low=_finite(found.low),
        high=_finite(found.high),
        risk=found.risk,
        rows=found.rows,
        champion_version=version,
    )


def _finite(share: float) -> float | None:
    """Against a champion of 0 the share is infinite: JSON has no number for it."""
    return share if np.isfinite(share) else None
