from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pickletools
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from repository import PROJECT_ROOT

from kaizen.core import project
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.project import Project
from kaizen.core.results import Release
from kaizen.core.settings import ServingRule
from kaizen.inference.golden import Golden
from kaizen.packaging import bento
from kaizen.packaging.bento import build

Build = Callable[..., Release]


@pytest.fixture(scope="module")
def make(onnx_model: bytes, golden: Golden, tmp_path_factory: pytest.TempPathFactory) -> Build:
    home = Home(tmp_path_factory.mktemp("bundle") / "home")

    def made(**over: Any) -> Release:
        given: dict[str, Any] = {
            "usecase": "diabetes",
            "version": "7",
            "model": onnx_model,
            "golden": golden,
            "metadata": {"commit": "c0ffee", "mlflow_run_id": "r1", "zenml_run_id": None},
            "rule": ServingRule(max_rows=50),
            "home": home,
        }
        return build(**{**given, **over})

    return made


@pytest.fixture(scope="module")
def release(make: Build) -> Release:
    return make()


def test_the_release_says_what_it_is(release: Release, onnx_model: bytes) -> None:
    assert release.digest == hashlib.sha256(onnx_model).hexdigest()
    assert re.fullmatch(r"diabetes:7-[0-9a-f]{12}", release.tag)
    about = yaml.safe_load(Path(release.path, "bento.yaml").read_text())
    assert f"{about['name']}:{about['version']}" == release.tag
    assert about["labels"]["mlflow_run_id"] == "r1"
    assert about["labels"]["digest"] == release.digest
    assert "zenml_run_id" not in about["labels"]


def test_only_what_is_named_goes_in(release: Release) -> None:
    code = Path(release.path, "src")
    found = {str(path.relative_to(code)) for path in code.rglob("*") if path.is_file()}
    source = PROJECT_ROOT / "src"
    rooms = [source / "kaizen" / room for room in ("core", "events", "inference", "server")]
    library = {
        "kaizen/__init__.py",
        "kaizen/_version.py",
        *(str(path.relative_to(source)) for room in rooms for path in room.glob("*.py")),
    }
    assert "kaizen/inference/scorer.py" in library
    assert found == {
        *library,
        "serving/__init__.py",
        "serving/service.py",
        "usecases/__init__.py",
        "usecases/diabetes/__init__.py",
        "usecases/diabetes/features.py",
        "requirements.txt",
        "model.onnx",
        "golden.json",
        "metadata.json",
        "bentofile.yaml",
    }
    served = json.loads((code / "metadata.json").read_text())
    assert served["limits"]["max_rows"] == 50
    assert served["commit"] == "c0ffee"


def test_nothing_in_it_is_a_pickle(release: Release) -> None:
    for path in Path(release.path).rglob("*"):
        if path.is_file():
            assert path.suffix not in {".pkl", ".pickle", ".joblib", ".npy", ".pt", ".keras"}
            with pytest.raises(Exception, match=r".*"):
                list(pickletools.genops(path.read_bytes()))


def test_its_lock_is_hashed_and_holds_no_training(release: Release) -> None:
    lock = Path(release.path, "env/python/requirements.txt").read_text()
    pins = re.findall(r"^([a-z0-9._-]+)==(\S+) \\\n    --hash=sha256:", lock, re.MULTILINE)
    names = dict(pins)
    assert {"bentoml", "onnxruntime", "numpy", "pydantic", "orjson"} <= names.keys()
    heavy = {"tensorflow-cpu", "keras", "scikit-learn", "pandas", "mlflow", "zenml", "evidently"}
    assert not heavy & names.keys()
    assert len(pins) == len(re.findall(r"^[^\s#].*==", lock, re.MULTILINE)), "each has a hash"


def test_its_lock_agrees_with_the_projects() -> None:
    def pins(path: Path) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text(), re.MULTILINE))

    locked = pins(PROJECT_ROOT / "requirements.txt")
    serving = pins(project.current().service_lock)
    assert serving
    assert {name: locked.get(name) for name in serving} == serving


def test_the_same_input_is_built_once(make: Build, release: Release) -> None:
    before = Path(release.path, "bento.yaml").stat()
    assert make() == release
    after = Path(release.path, "bento.yaml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_another_rule_is_another_release(
    make: Build, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bento, "_build", lambda *_: None)
    assert make(rule=ServingRule(max_rows=51)).tag != release.tag
    assert make(version="8").tag != release.tag


def test_another_model_than_the_trained_one_is_refused(make: Build, golden: Golden) -> None:
    outputs = {"prediction": [[value + 1] for [value] in golden.outputs["prediction"]]}
    with pytest.raises(KaizenError, match="differ by 1 from"):
        make(golden=dataclasses.replace(golden, outputs=outputs))


def test_a_version_that_is_no_part_of_a_tag_is_refused(make: Build) -> None:
    with pytest.raises(KaizenError, match="version 'v 1/2' cannot be part"):
        make(version="v 1/2")


def test_two_builds_at_once_and_one_found_damaged(make: Build, tmp_path: Path) -> None:
    home = Home(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: make(home=home), range(2))
    assert one == two
    assert os.listdir(home.bentoml) == ["bentos"]  # noqa: PTH208
    model = Path(one.path, "src/model.onnx")
    content = model.read_bytes()
    model.write_bytes(content[:-1])
    assert make(home=home) == one
    assert model.read_bytes() == content


def test_code_that_would_be_missing_fails_the_build(
    make: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import usecases

    case = tmp_path / "cases" / "leaky"
    case.mkdir(parents=True)
    (case / "__init__.py").touch()
    text = (PROJECT_ROOT / "usecases/diabetes/features.py").read_text()
    (case / "features.py").write_text(text + "\nfrom kaizen.data import faults\n")
    monkeypatch.setattr(usecases, "__path__", [*usecases.__path__, str(case.parent)])
    monkeypatch.setattr(Project, "check", lambda _, name: name)
    with pytest.raises(KaizenError, match=r"(?s)could not be built.*kaizen\.data"):
        make(usecase="leaky", home=Home(tmp_path / "home"))
    shutil.rmtree(tmp_path)
