"""The gate's story on a real registry: 1.0 → .4 promoted, .4 → 5.0 and .5 → .4 refused."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def story(zenml) -> dict[float, object]:
    """Ridge at five strengths, each judged against the champion of its time."""
    import kaizen
    from kaizen.registry import versions

    results = {}
    for alpha in (1.0, 0.4, 5.0):
        result = kaizen.run("diabetes", settings={"params.alpha": alpha}, deploy=False)
        if result.decision == "promoted":
            versions.promote("diabetes", result.model_version)
        results[alpha] = result
    return results


@pytest.mark.parametrize(("alpha", "mse"), [(1.0, 3379.4), (0.4, 3295.7), (5.0, 4040.2)])
def test_the_figures_are_exact(story, alpha: float, mse: float) -> None:
    assert round(story[alpha].metrics["mse"], 1) == mse


def test_the_first_and_the_better_model_pass(story) -> None:
    assert story[1.0].decision == "promoted"
    assert story[0.4].decision == "promoted"
    assert "3,295.7" in story[0.4].reason
    assert "3,379.4" in story[0.4].reason


def test_a_refused_model_stays_registered_with_its_reason(story) -> None:
    from kaizen.registry import versions

    refused = story[5.0]
    assert refused.decision == "refused"
    assert "4,040.2" in refused.reason
    assert "3,295.7" in refused.reason
    kept = versions.get("diabetes", refused.model_version)
    assert kept.tags["decision"] == "refused"
    assert kept.tags["reason"] == refused.reason
    assert kept.aliases == ()
    assert versions.champion("diabetes").version == story[0.4].model_version


def test_a_gain_below_the_margin_is_refused(story) -> None:
    import kaizen
    from kaizen.registry import versions

    half = kaizen.run("diabetes", settings={"params.alpha": 0.5}, deploy=False)
    assert round(half.metrics["mse"], 1) == 3298.9
    versions.promote("diabetes", half.model_version, who="test", why="to be beaten", forced=True)
    again = kaizen.run("diabetes", settings={"params.alpha": 0.4}, deploy=False)
    assert again.decision == "refused"
    assert "0.1" in again.reason


def test_what_did_not_change_does_not_run_again(story) -> None:
    import kaizen
    from kaizen.core import progress

    events = []
    with progress.listening(events.append):
        kaizen.run("diabetes", settings={"params.alpha": 0.4}, deploy=False)
    states = {event.step: event.state for event in events}
    assert {name for name, state in states.items() if state == "cached"} >= {
        "load", "validate", "split", "train", "export", "evaluate",
    }  # fmt: skip
    events.clear()
    with progress.listening(events.append):
        kaizen.run("diabetes", settings={"params.alpha": 0.41}, deploy=False)
    states = {event.step: event.state for event in events}
    assert states["split"] == "cached"
    assert states["train"] == "done"


def test_a_plan_says_what_the_run_then_does(story) -> None:
    import kaizen
    from kaizen.core import progress
    from kaizen.core.config import load
    from kaizen.workflows.plan import plan

    config = load("diabetes", settings=["params.alpha=0.43"])
    planned = {step.step: step for step in plan(config)}
    assert planned["split"].runs is False
    assert planned["train"].why == "params.alpha 0.41 → 0.43"
    assert planned["export"].why == "it follows train"
    events = []
    with progress.listening(events.append):
        kaizen.run("diabetes", settings={"params.alpha": 0.43}, deploy=False)
    ran = {event.step for event in events if event.state == "done"}
    assert ran == {name for name, step in planned.items() if step.runs}
