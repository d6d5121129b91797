"""Tables with text in them, and data without a truth: from a user's file to a served answer."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from repository import PROJECT_ROOT

from kaizen.events import replay
from kaizen.events.read import read
from usecases.churn.generate import customers

pytestmark = pytest.mark.integration

SEVEN = {
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(machine_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A machine of its own with a user's file of customers."""
    made = machine_in(tmp_path_factory.mktemp("tables"))
    customers(2500, 4).to_csv(made.user / "mine.csv", index=False)
    yield made
    made.kaizen("down")


@pytest.fixture(scope="module")
def churn(place):
    """``kaizen run churn --data mine.csv``, from the folder the file lies in."""
    words = ("run", "churn", "--preset", "fast", "--data", "mine.csv", "--json")
    answer = place.kaizen("--project", str(PROJECT_ROOT), *words, cwd=place.user)
    assert answer.code == 0, answer.err
    return answer.json


@pytest.fixture(scope="module")
def segments(place, churn):
    """``kaizen run customers`` beside it."""
    answer = place.kaizen("run", "customers", "--preset", "fast", "--json")
    assert answer.code == 0, answer.err
    assert "k 6, silhouette" in answer.err
    assert "chosen: k with the largest mean silhouette" in answer.err
    return answer.json


def test_a_file_of_ones_own_is_learnt_from_and_judged_by_seven_figures(churn) -> None:
    assert churn["decision"] == "promoted"
    assert set(churn["metrics"]) == SEVEN
    assert churn["metrics"]["roc_auc"] > 0.7


def test_a_raw_row_of_the_file_is_answered(churn, place) -> None:
    header, row = (place.user / "mine.csv").read_text().splitlines()[:2]
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    text = ("Surname", "Geography", "Gender")
    raw = {name: cell if name in text else float(cell) for name, cell in cells.items()}
    del raw["Exited"]
    answer = httpx.post(f"{churn['url']}/predict", json={"rows": [raw, raw]})
    assert answer.status_code == httpx.codes.OK, answer.text
    first, second = answer.json()["predictions"]
    assert first["probability"] == second["probability"]
    assert first["exited"] == (first["probability"] > 0.5)
    assert first["confidence"] >= 0.5
    wrong = httpx.post(f"{churn['url']}/predict", json={"rows": [{**raw, "Geography": "Italy"}]})
    assert wrong.status_code == httpx.codes.BAD_REQUEST
    assert wrong.json()["errors"][0]["path"] == "/rows/0/Geography"


def test_another_family_is_compared_with_it_drift_of_text_included(churn, place) -> None:
    customers(2500, 5).to_csv(place.user / "new.csv", index=False)
    words = ("--preset", "fast", "--data", str(place.user / "new.csv"))
    other = place.kaizen("train", "churn", *words, "--set", "params.family=logistic", "--json")
    assert other.code == 0, other.err
    assert "of v1" in other.json["reason"]
    judged = next(line for line in other.err.splitlines() if "drift_check" in line)
    assert "no drift (p = " in judged, judged


def test_a_customer_gets_a_segment_in_words(segments) -> None:
    assert set(segments["metrics"]) == {
        "silhouette", "davies_bouldin", "calinski_harabasz", "inertia",
    }  # fmt: skip
    row = {
        "CustomerID": 1, "Gender": "Male", "Age": 24, "Annual Income (k$)": 22,
        "Spending Score (1-100)": 81,
    }  # fmt: skip
    answer = httpx.post(f"{segments['url']}/predict", json={"rows": [row]}).json()
    (found,) = answer["predictions"]
    assert (found["segment"], found["name"]) == (1, "young, low income, high spending")


def test_an_answer_in_words_is_an_event_that_can_be_read_again(segments, place) -> None:
    (event,) = read(place.home.events / "customers", limit=1)
    assert event["response"]["segment"] == replay.outputs([event])["segment"][0]
    assert event["response"]["name"] == replay.outputs([event])["name"][0]
