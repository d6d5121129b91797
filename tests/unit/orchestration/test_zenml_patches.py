"""What is changed in ZenML is there, can be undone, and takes nothing from what people see."""

from __future__ import annotations

import subprocess
from importlib import metadata

import pytest
import zenml
from zenml import pipeline, step
from zenml.client import Client
from zenml.environment import Environment
from zenml.integrations.registry import IntegrationRegistry
from zenml.log_stores.artifact.artifact_log_store import ArtifactLogStore
from zenml.orchestrators import cache_utils
from zenml.utils import source_utils

from kaizen.core.errors import KaizenError
from kaizen.orchestration import zenml_patches
from kaizen.orchestration.zenml_patches import CHANGES, Change

pytestmark = pytest.mark.usefixtures("zenml")


@step(enable_cache=False)
def quiet_add(left: int, right: int = 2) -> int:
    print("adding in the open")
    return left + right


@pipeline(enable_cache=False)
def quiet_sum() -> None:
    quiet_add(quiet_add(1))


def test_this_is_the_zenml_that_the_changes_were_written_for() -> None:
    assert zenml.__version__ == "0.98.0", (
        "read every entry of src/kaizen/orchestration/zenml_patches.py against the new ZenML, "
        "measure, then raise this"
    )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_what_is_changed_is_there(change: Change) -> None:
    change.place()


@pytest.mark.parametrize(
    ("owner", "name"),
    [("zenml.no_such", "a"), ("zenml.environment:Gone", "a"), ("zenml.environment", "gone")],
)
def test_what_has_moved_is_named(owner: str, name: str) -> None:
    with pytest.raises(KaizenError, match=rf"{owner}.{name} any more.*because.*requirements.txt"):
        Change(owner, name, lambda old: old, "because").place()


def test_changes_are_made_once_and_undone() -> None:
    changed = vars(IntegrationRegistry)["activate_integrations"]
    zenml_patches.apply()
    assert vars(IntegrationRegistry)["activate_integrations"] is changed
    zenml_patches.undo()
    try:
        assert vars(IntegrationRegistry)["activate_integrations"] is not changed
        own = Environment.get_system_info()
    finally:
        zenml_patches.apply()
    assert Environment.get_system_info() == own


def test_packages_are_those_that_are_installed() -> None:
    listed = dict(entry.split("==") for entry in Environment.get_python_packages())
    for name in ("zenml", "scikit-learn", "numpy", "tensorflow-cpu"):
        found = {key.lower(): value for key, value in listed.items()}
        assert found[name] == metadata.version(name)


@pytest.mark.parametrize(
    "module", ["pandas.core.frame", "sklearn.base", "json", "numpy", "nowhere"]
)
def test_a_type_gets_the_package_that_zenml_would_find(module: str) -> None:
    (change,) = [change for change in CHANGES if change.name == "_get_package_for_module"]
    zenmls_own = zenml_patches._originals[change]
    assert source_utils._get_package_for_module(module_name=module) == zenmls_own(module)


def test_a_type_of_the_library_is_recorded_by_the_name_it_is_imported_by() -> None:
    assert source_utils.resolve(Change).import_path == f"{Change.__module__}.Change"
    assert source_utils.load(source_utils.resolve(Change)) is Change


def test_a_step_in_the_cache_is_found_and_none_where_there_is_none() -> None:
    assert cache_utils.get_cached_step_run("no such key") is None
    key = quiet_sum().steps["quiet_add"].cache_key
    found = cache_utils.get_cached_step_run(key)
    assert found is not None
    assert found.cache_key == key


def test_a_run_starts_no_process_and_shows_all_that_zenml_shows(monkeypatch) -> None:
    started: list[object] = []
    real = subprocess.Popen.__init__

    def popen(self, command, *rest, **options) -> None:
        started.append(command)
        real(self, command, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", popen)

    run = quiet_sum()
    assert started == []
    full = Client().zen_store.get_run(run.id, include_python_packages=True)
    assert "zenml==0.98.0" in full.client_environment["python_packages"]
    first = run.steps["quiet_add"]
    assert "return left + right" in first.source_code
    assert first.config.parameters == {"left": 1, "right": 2}
    assert not first.spec.enable_heartbeat
    assert first.end_time > first.start_time
    output = first.output
    assert output.load() == 3
    assert "storage_size" in output.run_metadata
    (log,) = [log for log in first.log_collection if log.source == "step"]
    store = ArtifactLogStore.from_artifact_store(Client().active_stack.artifact_store)
    entries = store.fetch(logs_model=log).items
    assert "adding in the open" in " ".join(entry.message for entry in entries)
