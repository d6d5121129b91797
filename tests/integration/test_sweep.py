"""A sweep of diabetes: candidates side by side, cached one by one, the holdout left alone."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def swept(zenml) -> Any:
    from kaizen.core import config
    from kaizen.workflows import sweep

    return sweep.run(config.load("diabetes", grid=["alpha=5,1"]))


@pytest.fixture(scope="module")
def published(swept) -> tuple[Any, dict[str, str]]:
    """The whole run with the preset, which has two values more; and how each step ended."""
    import kaizen
    from kaizen.core import progress

    events: list[progress.StepEvent] = []
    with progress.listening(events.append):
        result = kaizen.run("diabetes", preset="published", deploy=False)
    return result, {event.step: event.state for event in events}


def test_a_sweep_ranks_and_makes_no_version(swept) -> None:
    from kaizen.registry import store

    assert [one.params for one in swept.sweep.candidates] == [{"alpha": 1}, {"alpha": 5}]
    assert swept.params == {"alpha": 1.0}
    run = store.client().get_run(swept.mlflow_run)
    assert (run.info.status, run.data.tags["kind"]) == ("FINISHED", "sweep")
    assert run.data.params["params.alpha"] == "1.0"
    assert run.data.tags["dataset_digest"] == swept.dataset_digest
    assert "model_version" not in run.data.tags


def test_no_candidate_waits_for_another_or_is_given_the_holdout(swept) -> None:
    from zenml.client import Client

    steps = Client().get_pipeline_run(swept.run_id).steps
    parts = steps["split"].outputs
    for name in ("candidate_1", "candidate_2"):
        assert steps[name].spec.upstream_steps == ["split"]
        given = {key: [one.id for one in found] for key, found in steps[name].inputs.items()}
        assert given == {
            "train": [parts["train"][0].id],
            "validation": [parts["validation"][0].id],
        }
        [asked] = steps[name].config.settings.values()
        assert asked.heavy


def test_the_published_penalties_end_with_the_published_one(published) -> None:
    result, _ = published
    ranked = [(one.params["alpha"], one.rank) for one in result.sweep.candidates]
    assert ranked == [(0.4, 1), (0.5, 2), (1.0, 3), (5.0, 4)]
    assert round(result.sweep.best.metrics["mse"], 1) == 3082.3
    assert round(result.metrics["mse"], 1) == 3295.7


def test_what_was_tried_is_not_tried_again(published) -> None:
    states = {step: state for step, state in published[1].items() if "candidate" in step}
    assert states == {
        "candidate_1": "done", "candidate_2": "done",
        "candidate_3": "cached", "candidate_4": "cached",
    }  # fmt: skip


def test_a_figure_does_not_depend_on_what_else_is_tried(swept, published) -> None:
    again = {one.params["alpha"]: one.metrics for one in published[0].sweep.candidates}
    assert {one.params["alpha"]: one.metrics for one in swept.sweep.candidates}.items() <= (
        again.items()
    )


def test_the_version_knows_what_it_was_chosen_from(published) -> None:
    from kaizen.registry import store

    result, _ = published
    # Not by the version: another test may have registered the same model before.
    known = [each.experiment_id for each in store.client().search_experiments()]
    (run,) = store.client().search_runs(known, f"tags.zenml_run = '{result.run_id}'")
    assert run.data.params["params.alpha"] == "0.4"
    assert run.data.params["sweep.grid.alpha"] == "[0.4, 0.5, 1.0, 5.0]"
    children = store.client().search_runs(
        [run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    )
    assert {child.data.params["params.alpha"] for child in children} == {"0.4", "0.5", "1.0", "5.0"}
    assert [child.data.params["params.alpha"] for child in children
            if child.data.tags["best"] == "true"] == ["0.4"]  # fmt: skip
