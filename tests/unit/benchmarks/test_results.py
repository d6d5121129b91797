"""Medians, ratios and goals, and that unequal work is refused."""

from __future__ import annotations

import json

import pytest

from benchmarks.cases import CASES, OURS, PLAIN, RAW, Case, Figure
from benchmarks.measure import Sample
from benchmarks.results import BEGIN, END, Result, goals, into, results, table
from benchmarks.run import check
from kaizen.core.errors import KaizenError

WORK = ("noop-0 1", "noop-1 2")


def ran(key: str, *values: float, trace: tuple[str, ...] = WORK) -> list[Sample]:
    return [Sample({key: value}, trace) for value in values]


def case(*figures: Figure, cached: bool = False) -> Case:
    return Case("some", "layers", figures, cached=cached)


def test_the_ratio_is_of_the_medians_and_a_goal_is_met_at_its_edge() -> None:
    samples = {OURS: ran("cpu", 1.0, 9.0, 2.0), RAW: ran("cpu", 4.0, 3.0, 50.0)}
    [found] = results(case(Figure("cpu", "CPU s", goal=0.5)), {}, samples)
    assert (found.ours, found.peer, found.ratio, found.met) == (2.0, 4.0, 0.5, True)
    assert found.runs == {"ours": [1.0, 9.0, 2.0], "peer": [4.0, 3.0, 50.0]}


def test_a_goal_for_raw_zenml_is_not_one_for_plain_python() -> None:
    figure = Figure("cpu", "CPU s", goal=0.5, plain_goal=1.5)
    samples = {OURS: ran("cpu", 2.0), RAW: ran("cpu", 3.0), PLAIN: ran("cpu", 1.5)}
    beside = {found.peer_name: found for found in results(case(figure), {}, samples)}
    assert beside[RAW].met is False
    assert beside[PLAIN].met is True


def test_a_limit_is_missed_though_the_ratio_is_good() -> None:
    figure = Figure("wall", "s", goal=0.2, limit=3.0)
    samples = {OURS: ran("wall", 3.5), RAW: ran("wall", 20.0)}
    [found] = results(case(figure), {}, samples)
    assert found.ratio < 0.2
    assert found.met is False
    assert "MISSED" in goals([found])[0]


def test_over_plain_is_what_the_systems_add() -> None:
    figure = Figure("cpu", "CPU s", over_plain=True)
    samples = {OURS: ran("cpu", 12.0), RAW: ran("cpu", 14.0), PLAIN: ran("cpu", 10.0, 10.0)}
    [found] = results(case(figure), {}, samples)
    assert (found.peer_name, found.ours, found.peer, found.ratio) == (RAW, 2.0, 4.0, 0.5)


def test_a_figure_per_step_is_in_thousandths() -> None:
    figure = Figure("inner_cpu", "CPU ms/step", per="steps")
    samples = {OURS: ran("inner_cpu", 5.0), RAW: ran("inner_cpu", 10.0)}
    [found] = results(case(figure), {"steps": 50}, samples)
    assert (found.ours, found.peer) == (100.0, 200.0)


@pytest.mark.parametrize(
    ("cached", "trace"),
    [(False, WORK[:1]), (False, ("noop-0 1", "noop-1 3")), (False, ()), (True, WORK)],
    ids=["less", "other", "nothing", "not from the cache"],
)
def test_other_work_is_refused(cached: bool, trace: tuple[str, ...]) -> None:
    samples = {
        OURS: ran("cpu", 1.0, trace=trace),
        RAW: ran("cpu", 1.0, trace=() if cached else WORK),
    }
    with pytest.raises(KaizenError, match=r"computed nothing|other work"):
        check(case(cached=cached), samples)


def test_equal_work_is_compared() -> None:
    check(case(), {OURS: ran("cpu", 1.0), RAW: ran("cpu", 2.0)})
    check(case(cached=True), {OURS: ran("cpu", 1.0, trace=()), RAW: ran("cpu", 2.0, trace=())})


def test_a_result_survives_its_file_and_stands_in_the_table() -> None:
    samples = {OURS: ran("cpu", 1.0, 2.0), RAW: ran("cpu", 4.0)}
    [found] = results(case(Figure("cpu", "CPU s", goal=0.5)), {}, samples)
    assert Result.of(json.loads(json.dumps(found.record()))) == found
    assert {"name", "ours", "peer", "peer_name", "ratio", "unit", "runs"} <= found.record().keys()
    assert "| some | CPU s | 1.50 | 1.00 – 2.00 | zenml | 4.00 |" in table([found])


def test_the_table_replaces_the_one_before_and_nothing_else() -> None:
    page = f"above\n{BEGIN}\nold\n{END}\nbelow\n"
    assert into(page, "new") == f"above\n{BEGIN}\nnew\n{END}\nbelow\n"
    with pytest.raises(KaizenError, match="the page lacks"):
        into("a page without marks", "new")


def test_every_case_is_run_by_ours_first_and_beside_raw_zenml() -> None:
    assert all(one.systems[:2] == (OURS, RAW) for one in CASES)
    assert len({one.name for one in CASES}) == len(CASES)
