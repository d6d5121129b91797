"""Challenger against champion on the same rows: the figures, and how they are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kaizen.core.settings import GateRule
from kaizen.core.usecase import Array
from kaizen.evaluation import bootstrap, scores


@dataclass(frozen=True)
class Comparison:
    """The figures the gate decides by.

    Attributes:
        challenger, champion: their scores.
        gain: relative gain of the challenger, positive is better; infinite against a 0.
        low, high: 95 % interval of the gain.
        risk: P(loss beyond the rule's tolerance).
        rows: number of rows compared.
        kind: "new", "older", or "" for all rows.
    """

    rule: GateRule
    challenger: float
    champion: float
    gain: float
    low: float
    high: float
    risk: float
    rows: int
    kind: str = ""

    def figures(self, champion: str) -> str:
        """Both scores: "mse 3,295.7 against 3,379.4 of v1"."""
        new, old = scores.in_words(self.challenger), scores.in_words(self.champion)
        return f"{self.rule.metric} {new} against {old} of {champion}"

    def on_rows(self) -> str:
        """The rows compared: "89 rows", "120 new rows"."""
        return count(self.rows, self.kind)

    def how_much(self) -> str:
        """The gain with its interval: "2.48 % better (95 % −0.10 … 4.52 %)"."""
        side = "better" if self.gain > 0 else "worse"
        interval = f"{signed(self.low)} … {signed(self.high)} %"
        return f"{percent(abs(self.gain))} {side} (95 % {interval})"

    def how_sure(self) -> str:
        """The risk: "P(worse by more than 5 %) 0.016"."""
        return f"P(worse by more than {100 * self.rule.tolerance:.3g} %) {self.risk:.3f}"


def compare(
    rule: GateRule,
    truth: Array,
    challenger: Array,
    champion: Array,
    *,
    seed: int,
    positive: Any = None,
    kind: str = "",
) -> Comparison:
    """Both answers (n,) scored on the same n rows, with the paired bootstrap."""
    score = scores.score(rule.metric, positive)
    new, old = float(score(truth, challenger)), float(score(truth, champion))
    gains = bootstrap.gains(
        rule.metric,
        rule.direction,
        truth,
        challenger,
        champion,
        resamples=rule.resamples,
        seed=seed,
        positive=positive,
    )
    # No interpolation: there is nothing between a number and an infinite gain.
    low, high = np.quantile(gains, [0.025, 0.975], method="inverted_cdf")
    return Comparison(
        rule=rule,
        challenger=new,
        champion=old,
        gain=float(bootstrap.relative_gain(new, old, rule.direction)),
        low=float(low),
        high=float(high),
        risk=float(np.mean(gains < -rule.tolerance)),
        rows=len(truth),
        kind=kind,
    )


def percent(share: float) -> str:
    """A share of one in three digits: "2.48 %", "22.6 %"."""
    value = 100 * share
    return f"{value:.2f} %" if value < 10 else f"{value:,.1f} %"


def signed(share: float) -> str:
    """A difference in per cent with its sign, the true minus: "−0.10", "+4.52"."""
    sign = "\N{MINUS SIGN}" if share < 0 else "+"
    return sign + percent(abs(share)).removesuffix(" %")


def count(rows: int, kind: str = "") -> str:
    """Rows in words: "1 row", "89 rows", "120 new rows"."""
    return " ".join(filter(None, [f"{rows:,}", kind, "row" if rows == 1 else "rows"]))
