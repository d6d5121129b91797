"""From a scenario to bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
from letters import LETTERS, rows
from repository import PROJECT_ROOT

from kaizen.core import catalog
from kaizen.core.config import check
from kaizen.core.errors import KaizenError
from kaizen.core.usecase import InvalidInput
from kaizen.inference.parser import Parser
from kaizen.inference.refusal import Refusal
from kaizen.simulation import sources, traffic
from kaizen.simulation.library import scenario
from kaizen.simulation.malformed import refusals, refused, spoilt
from kaizen.simulation.row_source import Pool, changed
from kaizen.simulation.scenario import Scenario

HOLDOUT = rows(1000, 0)
NOISY = {
    "ticks": 12,
    "rows": 30,
    "sources": {
        "usual": {"noise": {"malformed": 0.2, "values": 0.1, "columns": ["width", "strokes"]}},
        "cursive": {
            "origin": "foreign:cursive",
            "transforms": [
                {"KIND": "labels", "shares": {"a": 1, "b": 3}},
                {"KIND": "concept", "share": 0.5, "column": "width"},
                {"KIND": "blank", "column": "hand", "share": 0.1},
            ],
        },
    },
}


def made(tree: dict[str, Any]) -> tuple[Scenario, dict[str, Pool]]:
    chosen = check(Scenario, tree)
    return chosen, sources.pools(chosen, LETTERS, lambda: HOLDOUT)


def sent(source: dict[str, Any], ticks: int = 20, seed: int = 0) -> list[traffic.Asked]:
    chosen, pools = made({"ticks": ticks, "sources": {"one": source}})
    return [row for tick in traffic.plan(chosen, pools, seed) for row in tick.rows]


def values(found: list[traffic.Asked], name: str) -> list[Any]:
    return [json.loads(row.request)[name] for row in found]


def test_the_same_seed_sends_the_same_bytes_in_any_process() -> None:
    work = (
        "import json, sys; sys.path.insert(0, sys.argv[1])\n"
        "from letters import LETTERS, rows\n"
        "from kaizen.core.config import check\n"
        "from kaizen.simulation import sources, traffic\n"
        "from kaizen.simulation.scenario import Scenario\n"
        "chosen = check(Scenario, json.loads(sys.argv[2]))\n"
        "pools = sources.pools(chosen, LETTERS, lambda: rows(1000, 0))\n"
        "print(*[traffic.digest(traffic.plan(chosen, pools, seed)) for seed in (3, 3, 4)])\n"
    )
    shared = str(PROJECT_ROOT / "tests" / "shared")
    printed = [
        subprocess.run(
            [sys.executable, "-c", work, shared, json.dumps(NOISY)],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
        ).stdout.split()
        for hashes in ("1", "2")
    ]  # fmt: skip
    assert printed[0] == printed[1]
    assert printed[0][0] == printed[0][1] != printed[0][2]
    chosen, pools = made(NOISY)
    assert traffic.digest(traffic.plan(chosen, pools, 3)) == printed[0][0]


def test_a_tick_is_the_same_alone_and_in_the_whole() -> None:
    chosen, pools = made(NOISY)
    whole = list(traffic.plan(chosen, pools, 5))
    assert list(traffic.plan(chosen, pools, 5, range(7, 9))) == whole[7:9]
    assert [tick.number for tick in whole] == list(range(12))


@pytest.mark.parametrize(
    ("name", "foreign", "parts"),
    [("seasonal", "japanese", None), ("external", "devanagari", (0, 0, 0.4, 1, 1))],
)
def test_drawn_counts_follow_the_laws(
    name: str, foreign: str, parts: tuple[float, ...] | None
) -> None:
    tree = scenario("digits", name).model_dump()
    tree["sources"][foreign]["origin"] = "foreign:cursive"
    chosen, pools = made(tree)
    counts = [Counter(row.source for row in t.rows) for t in traffic.plan(chosen, pools, 1)]
    assert all(sum(count.values()) == 25 for count in counts)
    if parts is None:
        inside = {*range(20, 40), *range(60, 80)}
        assert sum(c[foreign] for tick, c in enumerate(counts) if tick not in inside) == 0
        for window in (range(20, 40), range(60, 80)):
            assert sum(counts[tick][foreign] for tick in window) / (25 * 20) >= 0.60
    else:
        found = [sum(c[foreign] for c in counts[at : at + 20]) / 500 for at in range(0, 100, 20)]
        assert found == pytest.approx(parts, abs=0.07)


def test_rows_come_again_only_where_there_are_too_few() -> None:
    chosen, pools = made({"ticks": 40, "sources": {"one": {}}})
    assert not traffic.draws(chosen, pools, 0)["one"].repeated
    widths = values(sent({}, 40), "width")
    assert len(set(widths)) == 1000
    more, pools = made({"ticks": 41, "sources": {"one": {}}})
    assert traffic.draws(more, pools, 0)["one"].repeated


def test_truths_are_labels_of_the_use_case() -> None:
    found = sent({})
    by_width = dict(zip(HOLDOUT["width"], HOLDOUT["letter"], strict=True))
    pairs = zip(values(found, "width"), found, strict=True)
    assert all(row.truth == by_width[width] for width, row in pairs)
    churn = catalog.usecase("churn")
    frame = churn.load(churn.Data(rows=300))
    usual = check(Scenario, {"ticks": 2, "sources": {"usual": {}}})
    pools = sources.pools(usual, churn, lambda: frame)
    truths = {row.truth for tick in traffic.plan(usual, pools, 0) for row in tick.rows}
    assert {type(truth) for truth in truths} == {bool}


def test_numbers_move_as_they_are_told() -> None:
    before, spread = values(sent({}), "width"), HOLDOUT["width"].std(ddof=0)

    def after(*transforms: dict[str, Any]) -> list[Any]:
        return values(sent({"transforms": list(transforms)}), "width")

    shift = after({"KIND": "shift", "column": "width", "by": 2})
    assert np.subtract(shift, before) == pytest.approx(2 * spread)
    scale = after({"KIND": "scale", "column": "width", "by": 3})
    assert np.divide(scale, before) == pytest.approx(3)
    assert set(after({"KIND": "freeze", "column": "width", "value": 4})) == {4.0}
    assert set(after({"KIND": "freeze", "column": "width"})) == {HOLDOUT["width"][0]}
    found = sent({"transforms": [{"KIND": "shift", "column": "strokes", "by": 0.3}]})
    assert not any(row.malformed for row in found)  # a count stays whole


def test_another_unit_may_be_refused_and_that_is_known() -> None:
    found = sent({"transforms": [{"KIND": "unit", "column": "width"}]})
    assert all(row.malformed and row.truth is None for row in found)
    assert min(values(found, "width")) > 1000


def test_noise_is_as_wide_as_it_is_told() -> None:
    noise = {"values": 0.5, "columns": ["width"]}
    far = np.subtract(values(sent({"noise": noise}), "width"), values(sent({}), "width"))
    assert far.std() == pytest.approx(0.5 * HOLDOUT["width"].std(), rel=0.15)


def test_shares_of_rows_are_blank_or_of_an_unseen_category() -> None:
    found = sent({"transforms": [{"KIND": "blank", "column": "hand", "share": 0.3}]})
    blank = [value is None for value in values(found, "hand")]
    assert np.mean(blank) == pytest.approx(0.3, abs=0.07)
    assert [row.malformed for row in found] == blank
    other = {"KIND": "category", "column": "hand", "value": "third", "share": 0.3}
    found = sent({"transforms": [other]})
    assert np.mean([v == "third" for v in values(found, "hand")]) == pytest.approx(0.3, abs=0.07)


def test_labels_are_drawn_to_other_shares() -> None:
    found = sent({"transforms": [{"KIND": "labels", "shares": {"a": 1, "c": 3}}]})
    counts = Counter(row.truth for row in found)
    assert counts["c"] / len(found) == pytest.approx(0.75, abs=0.06)
    assert counts["b"] == 0


def test_a_concept_changes_the_truth_alone() -> None:
    rule = {"KIND": "concept", "column": "width", "share": 1.0}
    before, after = sent({}), sent({"transforms": [rule]})
    assert [row.request for row in before] == [row.request for row in after]
    wide = np.array(values(before, "width")) > HOLDOUT["width"].median()
    following = {"a": "b", "b": "c", "c": "a"}
    expected = [
        following[row.truth] if is_wide else row.truth
        for row, is_wide in zip(before, wide, strict=True)
    ]
    assert [row.truth for row in after] == expected


def test_a_number_as_truth_is_moved_and_drawn_by_its_median() -> None:
    diabetes = catalog.usecase("diabetes")
    frame = diabetes.load(diabetes.Data())
    middle = frame["target"].median()

    def truths(*transforms: dict[str, Any]) -> list[float]:
        tree = {"ticks": 10, "sources": {"one": {"transforms": list(transforms)}}}
        chosen = check(Scenario, tree)
        pools = sources.pools(chosen, diabetes, lambda: frame)
        return [row.truth for tick in traffic.plan(chosen, pools, 0) for row in tick.rows]

    high = np.mean(np.array(truths({"KIND": "labels", "above": 0.9})) > middle)
    assert high == pytest.approx(0.9, abs=0.06)
    moved = np.subtract(truths({"KIND": "concept", "column": "bmi", "shift": 2.0}), truths())
    assert sorted({round(far, 6) for far in moved.tolist()}) == pytest.approx(
        [0, 2 * frame["target"].std(ddof=0)]
    )


def test_pixels_stay_pixels() -> None:
    digits = catalog.usecase("digits")
    image = bytes(range(256)) + bytes(784 - 256)
    pool = Pool("one", HOLDOUT.head(1).assign(image=[image]), digits)
    dark = changed(pool.frame["image"], lambda pixel: pixel * 2 + 1, "one")[0]
    assert (dark[0], dark[10], dark[200]) == (1, 21, 255)
    assert pool.spread("image") == pytest.approx(np.frombuffer(image, np.uint8).std())


@pytest.mark.parametrize("usecase", catalog.names())
def test_malformed_rows_are_refused_by_the_service_and_the_others_are_not(usecase: str) -> None:
    features = catalog.features(usecase)
    parser = Parser(features, 100)
    seen = set()
    for seed in range(40):
        text = spoilt(features, dict(features.examples[0]), np.random.default_rng(seed))
        seen.add(text)
        body = f'{{"rows":[{text}]}}'.encode()
        with pytest.raises((Refusal, InvalidInput)) as caught:
            features.decode(parser("application/json", body).columns)
        assert getattr(caught.value, "status", 400) == 400
    assert len(seen) >= 3
    good = json.dumps(features.examples[0])
    assert not refused(features, good)
    assert refusals(features, [good, text, good]) == [False, True, False]


def test_a_use_case_that_takes_anything_cannot_be_sent_malformed_rows() -> None:
    from pydantic import BaseModel

    class Anything(BaseModel):
        width: Any = None

    class Patient(type(LETTERS.features)):
        Request = Anything

        def decode(self, columns: Any) -> Any:
            return {}

    with pytest.raises(KaizenError, match="letters takes any row"):
        spoilt(Patient(), {"width": 1.0}, np.random.default_rng(0))


def test_a_malformed_row_goes_alone() -> None:
    chosen, pools = made(NOISY)
    for tick in traffic.plan(chosen, pools, 0):
        asked = list(traffic.bodies(tick.rows, most=8))
        assert Counter(row for body in asked for row in body.rows) == Counter(tick.rows)
        for body in asked:
            assert len(body.rows) <= 8
            assert len(body.rows) == 1 or not any(row.malformed for row in body.rows)
            assert [json.loads(row.request) for row in body.rows] == json.loads(
                body.content.replace(b"1e999", b"1e99")
            )["rows"] or any(row.malformed for row in body.rows)
    small = list(traffic.bodies(tick.rows, most_bytes=200))
    assert all(len(body.content) <= 200 + len('{"rows":[]}') for body in small)
