from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from kaizen.core import catalog
from kaizen.core.errors import KaizenError
from kaizen.monitoring.performance.baseline import MOST_ROWS, Baseline, why_none
from usecases.churn.generate import customers


def baseline(rows: int = 300) -> Baseline:
    random = np.random.default_rng(0)
    shares = random.dirichlet((4, 2, 1), rows)
    kinds = np.array(["cat", "dog", "other"])
    truth = kinds[(random.random(rows)[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)]
    return Baseline(
        truth=truth,
        answers=kinds[shares.argmax(axis=1)],
        probabilities=shares,
        labels=("cat", "dog", "other"),
        positive=None,
        task="classification",
        metric="accuracy",
        direction="higher",
    )


def test_a_file_holds_all_of_it_and_needs_no_pickle() -> None:
    made = baseline()
    again = Baseline.from_bytes(made.to_bytes())
    assert again.to_bytes() == made.to_bytes()
    assert again.value == made.value
    assert again.truth.tolist() == made.truth.tolist()
    assert (again.labels, again.positive, again.task) == (made.labels, None, "classification")
    silent = Baseline.from_bytes(replace(made, probabilities=None).to_bytes())
    assert silent.probabilities is None


@pytest.mark.parametrize("cut", [0, 100, -1])
def test_a_cut_or_changed_file_is_refused_with_the_reason(cut: int) -> None:
    content = baseline().to_bytes()
    with pytest.raises(KaizenError, match="baseline of v3 is damaged"):
        Baseline.from_bytes(content[:cut], "of v3")


def test_no_changed_byte_goes_unseen() -> None:
    content = baseline(40).to_bytes()
    for at in range(0, len(content), 7):
        changed = bytearray(content)
        changed[at] ^= 1
        # Some bytes of a zip file say nothing, as its dates.
        with suppress(KaizenError):
            assert Baseline.from_bytes(bytes(changed)).to_bytes() == content


def test_rows_must_match() -> None:
    made = baseline()
    with pytest.raises(KaizenError, match="one of each per row"):
        replace(made, answers=made.answers[:-1])


def test_a_use_case_gives_its_own() -> None:
    case = catalog.usecase("churn")
    rows = customers(MOST_ROWS + 50, seed=0)
    leaves = np.clip(rows["Age"].to_numpy() / 100, 0, 1)
    outputs = {"probabilities": np.column_stack([1 - leaves, leaves]).astype(np.float32)}
    made = Baseline.of(case, "f1", case.truth(rows), outputs, seed=0)
    assert made.rows == MOST_ROWS
    assert (made.labels, made.positive, made.direction) == ((0, 1), 1, "higher")
    assert Baseline.from_bytes(made.to_bytes()).value == made.value
    none = catalog.usecase("customers")
    with pytest.raises(KaizenError, match="no truth"):
        Baseline.of(none, "silhouette", np.zeros(3), {}, seed=0)


def test_it_is_said_why_there_is_none() -> None:
    assert "no truth" in why_none("clustering")
    assert "v7 has no baseline" in why_none("regression", "7")


def test_labels_of_another_kind_are_refused() -> None:
    made = baseline()
    assert made.alike(["cat", "dog"]).dtype.kind == "U"
    with pytest.raises(ValueError, match="text are expected"):
        made.alike([1, 2])
    numbers = replace(made, truth=np.arange(300), answers=np.arange(300))
    assert numbers.alike([True, 2.5]).tolist() == [1.0, 2.5]
    with pytest.raises(ValueError, match="'cat' where numbers"):
        numbers.alike(["cat"])
