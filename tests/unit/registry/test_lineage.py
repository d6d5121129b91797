import json
from collections.abc import Callable

import numpy as np
import pytest

from kaizen.core.errors import UsageError
from kaizen.core.results import Decision
from kaizen.evaluation import plots
from kaizen.registry import lineage, store, tracking, versions
from kaizen.registry.tracking import DatasetUsed, Record


@pytest.fixture
def served(name: str, register: Callable[..., str]) -> str:
    """The run of a champion that went all the way."""
    versions.promote(name, register(1.0))
    run = tracking.start(name, {"params": {"alpha": 0.4}}, {"stack": "local", "commit": "c0ffee"})
    decision = Decision(decision="promoted", reason="Promoted: better", metric="mse")
    tracking.finish(
        run,
        Record(
            dataset=DatasetUsed(name, "d" * 64, 442, "datasets/x"),
            metrics={"mse": 3295.7},
            decision=decision,
        ),
    )
    tags = {"decision": "promoted", "reason": decision.reason, "zenml_run": "z-1"}
    version = register(0.4, run, **tags)
    versions.tag(name, version, bento=f"{name}:2")
    versions.promote(name, version, who="ana", why="looked at it")
    return run


def test_a_version_alone_leads_to_everything(name: str, served: str) -> None:
    story = lineage.why(name, "champion")
    assert json.loads(json.dumps(story)) == story
    assert story["version"] == "2"
    assert story["aliases"] == ["champion"]
    assert (story["decision"], story["reason"]) == ("promoted", "Promoted: better")
    assert story["parameters"] == {"params.alpha": "0.4"}
    assert story["metrics"] == {"mse": 3295.7}
    assert story["dataset"] == {
        "digest": "d" * 64,
        "name": name,
        "rows": 442,
        "uri": "datasets/x",
    }
    assert (story["commit"], story["stack"]) == ("c0ffee", "local")
    assert (story["mlflow_run"], story["zenml_run"]) == (served, "z-1")
    assert story["bento"] == f"{name}:2"
    assert story["replaced"] == "1"
    assert story["approval"]["approved_by"] == "ana"


def test_in_words_it_names_them_all(name: str, served: str) -> None:
    words = lineage.in_words(lineage.why(name, "2"))
    assert words.startswith(f"{name} v2 (champion), registered 20")
    for fact in ("Promoted: better", "ana", "v1", "d" * 64, "442 rows", "params.alpha=0.4"):
        assert fact in words
    for fact in ("c0ffee", "local", served, "z-1", f"{name}:2"):
        assert fact in words


def test_a_forced_promotion_says_so(name: str, register: Callable[..., str]) -> None:
    versions.promote(name, register(1.0), who="ana", why="demo at noon", forced=True)
    words = lineage.in_words(lineage.why(name, "1"))
    assert "forced by   ana" in words
    assert "demo at noon" in words


def test_what_a_served_model_says_of_its_origin(name: str, served: str) -> None:
    identity = lineage.identity(name, "2")
    assert identity["dataset_digest"] == "d" * 64
    assert identity["commit"] == "c0ffee"
    assert identity["mlflow_run"] == served
    assert identity["model_sha256"] == versions.get(name, "2").tags["model_sha256"]
    versions.promote(name, "1")
    assert lineage.identity(name, "2") == identity


def test_a_run_that_is_gone_leaves_what_the_version_knows(name: str, served: str) -> None:
    store.client().delete_run(served)
    assert lineage.why(name, "2")["zenml_run"] == "z-1"


def test_a_version_that_is_not_there(name: str) -> None:
    with pytest.raises(UsageError, match="nothing is registered yet"):
        lineage.why(name, "champion")


def test_pictures_hold_what_was_answered() -> None:
    truth, answer = np.array(["a", "b", "b", "c"]), np.array(["a", "b", "c", "c"])
    matrix = plots.confusion_matrix(truth, answer, ["a", "b", "c"])
    [axes] = matrix.axes
    assert axes.get_title() == "3 of 4 right"
    placed = {tuple(map(int, text.get_position())): text.get_text() for text in axes.texts}
    assert placed == {(0, 0): "1", (1, 1): "1", (2, 1): "1", (2, 2): "1"}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    errors = plots.residuals(np.array([1.0, 2.0]), np.array([2.0, 3.0]), "mg/dl")
    left, right = errors.axes
    assert left.get_xlabel() == "truth (mg/dl)"
    assert left.collections[0].get_offsets().tolist() == [[1, 2], [2, 3]]
    assert right.get_title() == "mean 1, standard deviation 0"
