"""A plan says in words what changed since the run before."""

from __future__ import annotations

from types import SimpleNamespace

from kaizen.orchestration.cache_policy import policy
from kaizen.orchestration.plan import CODE, LIBRARIES, changed, origin


def step(parameters, code, libraries="python 3.11.7, numpy 2.4.6"):
    return SimpleNamespace(parameters=parameters, extra={CODE: code, LIBRARIES: libraries})


BEFORE = SimpleNamespace(config=step({"params": {"alpha": 0.4, "solver": "auto"}}, {"a.py": "1"}))


def test_a_parameter_is_named_in_full_with_both_values() -> None:
    now = step({"params": {"alpha": 0.5, "solver": "auto"}}, {"a.py": "1"})
    assert changed(now, BEFORE) == "params.alpha 0.4 → 0.5"


def test_files_changed_added_and_removed_are_named() -> None:
    now = step(BEFORE.config.parameters, {"a.py": "2", "b.py": "1"})
    assert changed(now, BEFORE) == "a.py changed, b.py changed"
    assert changed(step(BEFORE.config.parameters, {}), BEFORE) == "a.py changed"


def test_a_library_is_named_with_its_version() -> None:
    now = step(BEFORE.config.parameters, {"a.py": "1"}, "python 3.11.7, numpy 2.5.0")
    assert changed(now, BEFORE) == "numpy 2.5.0 is new"


def test_without_a_run_before_and_without_a_difference_it_says_so() -> None:
    assert changed(BEFORE.config, None) == "it never ran"
    assert changed(BEFORE.config, BEFORE) == "what it is given has changed"


def test_the_origin_of_a_step_names_each_file_it_is_made_of() -> None:
    made = origin(policy("steps.train", "usecases.diabetes.model"))
    assert "usecases/diabetes/model.py" in made[CODE]
    assert all(len(digest) == 8 for digest in made[CODE].values())
    assert "scikit-learn" in made[LIBRARIES]
