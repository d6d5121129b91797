"""A project of somebody else's: kaizen from its wheel, a repository of their own, far from here.

Two projects on one machine, one after the commands of docs/projects.md. The first lies in a git
repository that has folders by the names of kaizen's rooms, which nothing may import.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from installed import Owner, environment, wheel

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(900)]

ROW = {"first": 0.5, "second": -1.2, "third": 0.1}
SHARED = '"""What our use cases share."""\n\nROWS = 400\n'
NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient
cell = "import kaizen; print(kaizen.load('quality@champion').predict([%s]))"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell % sys.argv[1])])
NotebookClient(notebook, kernel_name="python3", timeout=200).execute()
print([each["text"] for each in notebook.cells[0].outputs if each.get("name") == "stdout"])
"""


def last(done: Any) -> Any:
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def owner_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Owner]:
    """Makes somebody with an empty folder of that name."""
    place = tmp_path_factory.mktemp("away")
    programs = environment(place / "its environment", wheel(place))

    def made(name: str) -> Owner:
        root, user = place / name, place / f"home of {name}"
        root.mkdir()
        user.mkdir()
        return Owner(root, programs, user)

    return made


@pytest.fixture(scope="module")
def owner(owner_in: Callable[[str], Owner]) -> Iterator[Owner]:
    """With a project, a use case that uses a module of theirs, and all of it committed."""
    made = owner_in("quality control")
    made.git("init", "-q")
    for name in ("data", "events", "utils"):
        (made.root / name).mkdir()
        (made.root / name / "__init__.py").write_text(f"raise RuntimeError('{name}')\n")
    made.kaizen("init")
    made.kaizen("new", "quality")
    (made.root / "common").mkdir()
    (made.root / "common" / "__init__.py").touch()
    (made.root / "common" / "sizes.py").write_text(SHARED)
    (made.root / "common" / "unused.py").write_text("VALUE = 1\n")
    edited(made.root / "usecases/quality/model.py", "LEAST_ROWS = 50", "LEAST_ROWS = ROWS // 8")
    edited(
        made.root / "usecases/quality/model.py",
        "from usecases.quality import settings\n",
        "from common.sizes import ROWS\nfrom usecases.quality import settings\n",
    )
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "a first model")
    yield made
    made.kaizen("down")


@pytest.fixture(scope="module")
def ran(owner: Owner) -> Any:
    """The main job in the first project."""
    return last(owner.kaizen("run", "quality", "--json"))


def edited(path: Path, old: str, new: str) -> str:
    """What was in ``path`` before the first ``old`` became ``new``."""
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new, 1))
    return before


def planned(owner: Owner) -> dict[str, Any]:
    steps = last(owner.kaizen("run", "quality", "--plan", "--json"))["steps"]
    return {step["step"]: step for step in steps}


def running(plan: dict[str, Any]) -> set[str]:
    return {name for name, step in plan.items() if step["runs"]}


@pytest.fixture(scope="module")
def unchanged(owner: Owner, ran: Any) -> set[str]:
    """Steps that run though nothing was changed: there is a champion now to be compared with."""
    found = running(planned(owner))
    assert found == {"drift_check", "compare", "register"}
    return found


def test_it_is_the_wheel_that_works(owner: Owner) -> None:
    said = owner.run("python", "-c", "import kaizen; print(kaizen.__file__)").stdout
    assert Path(said.strip()).is_relative_to(owner.programs.parent)
    kept = {path.name for path in owner.root.iterdir()}
    assert kept >= {"data", "events", "utils", "pipelines", "steps", "serving", "stacks", ".git"}


def test_the_main_job_serves_what_answers(owner: Owner, ran: Any) -> None:
    assert (ran["decision"], ran["model_version"]) == ("promoted", "1")
    answered = httpx.post(f"{ran['url']}/predict", json={"rows": [ROW]}, timeout=60).json()
    assert answered["predictions"][0]["outcome"] == 1
    version = httpx.get(f"{ran['url']}/version", timeout=60).json()
    assert version["commit"] == owner.git("rev-parse", "HEAD")
    assert list(owner.user.iterdir()) == [], "a user's home folder stays as it was"


def test_its_traffic_is_watched(owner: Owner, ran: Any) -> None:
    httpx.post(f"{ran['url']}/predict", json={"rows": [ROW] * 40}, timeout=60)
    watched = last(owner.kaizen("monitor", "quality", "--set", "monitoring.grace_s=0", "--json"))
    assert watched["windows"][0]["window"]["usecase"] == "quality"
    assert watched["windows"][0]["alarms"], "one row again and again is no ordinary traffic"


@pytest.mark.parametrize(
    ("file", "old", "new", "first", "cached"),
    [
        ("usecases/quality/model.py", "WIDEST = 10.0", "WIDEST = 9.5", "load", ()),
        ("common/sizes.py", "400", "408", "load", ()),
        ("steps/evaluate.py", '"""', '"""Ours. ', "evaluate", ("load", "train", "export")),
        ("configs/quality.yaml", "gate:", "params: {strength: 2.0}\ngate:", "train", ("load",)),
    ],
    ids=["model", "shared module", "step", "YAML"],
)
def test_what_depends_on_an_edit_runs_again(
    file: str, old: str, new: str, first: str, cached: tuple[str, ...],
    owner: Owner, unchanged: set[str],
) -> None:  # fmt: skip
    path = owner.root / file
    before = edited(path, old, new)
    try:
        plan = planned(owner)
    finally:
        path.write_text(before)
    assert {first} <= running(plan) - unchanged
    assert running(plan).isdisjoint(cached)
    assert file in plan[first]["why"] or "params.strength 1.0 → 2.0" in plan[first]["why"]


def test_a_file_that_nothing_imports_leaves_all_cached(owner: Owner, unchanged: set[str]) -> None:
    before = edited(owner.root / "common/unused.py", "1", "2")
    try:
        assert running(planned(owner)) == unchanged
    finally:
        (owner.root / "common/unused.py").write_text(before)


def test_a_version_tells_the_users_commit(owner: Owner, ran: Any) -> None:
    commit = owner.git("rev-parse", "HEAD")
    assert f"commit      {commit}\n" in owner.kaizen("why", "quality@champion").stdout
    owner.kaizen("new", "novelty")
    owner.kaizen("train", "novelty", "--json")
    assert f"commit      {commit} with changes\n" in owner.kaizen("why", "novelty@1").stdout


def test_a_notebook_in_the_project_loads_the_champion(owner: Owner, ran: Any) -> None:
    done = owner.run("python", "-c", NOTEBOOK, json.dumps(ROW))
    assert done.returncode == 0, done.stderr
    assert "'outcome': 1" in done.stdout, done.stdout


def test_the_projects_own_tests_pass(owner: Owner) -> None:
    done = owner.run("python", "-m", "pytest", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "test_quality" in owner.run("python", "-m", "pytest", "--co", "-q").stdout


def test_kaizens_own_files_are_followed(owner: Owner) -> None:
    before = edited(owner.root / "steps/load.py", "from", "# ours\nfrom")
    try:
        states = last(owner.kaizen("init", "--update", "--json"))["files"]
        assert [(file["path"], file["by"]) for file in states if file["state"] != "same"] == [
            ("steps/load.py", "user")
        ]
    finally:
        (owner.root / "steps/load.py").write_text(before)


@pytest.fixture(scope="module")
def neighbour(owner_in: Callable[[str], Owner], ran: Any) -> Iterator[Owner]:
    """A second project, while the first one serves."""
    made = owner_in("another")
    made.kaizen("init")
    made.kaizen("new", "quality")
    yield made
    made.kaizen("down")


def test_a_second_project_never_meets_the_first(owner: Owner, neighbour: Owner, ran: Any) -> None:
    assert last(neighbour.kaizen("status", "--json"))["models"] == []
    theirs = last(neighbour.kaizen("run", "quality", "--json"))
    assert (theirs["model_version"], theirs["decision"]) == ("1", "promoted")
    assert theirs["url"] != ran["url"]
    httpx.post(f"{theirs['url']}/predict", json={"rows": [ROW]}, timeout=60)
    found = [last(each.kaizen("status", "--json")) for each in (owner, neighbour)]
    assert [status["home"] for status in found] == [
        str(each.root / ".kaizen") for each in (owner, neighbour)
    ]
    assert [[service["url"] for service in status["services"]] for status in found] == [
        [ran["url"]], [theirs["url"]],
    ]  # fmt: skip
    assert last(neighbour.kaizen("events", "quality", "--json"))["count"] == 1
    assert "commit " not in neighbour.kaizen("why", "quality@1").stdout, "there is no git"
    neighbour.kaizen("down")
    assert httpx.get(f"{ran['url']}/version", timeout=60).json()["usecase"] == "quality"


def test_a_use_case_that_fails_at_import_stops_no_other(neighbour: Owner) -> None:
    neighbour.kaizen("new", "broken")
    model = neighbour.root / "usecases/broken/model.py"
    model.write_text("import os\n\nos.no_such_name\n")
    done = neighbour.run("kaizen", "train", "broken")
    assert done.returncode == 1
    assert "usecases/broken/model.py line 3: AttributeError" in done.stderr
    assert "Traceback" not in done.stderr
    neighbour.kaizen("status")
    assert planned(neighbour)


def test_a_project_in_another_asks_which_is_meant(neighbour: Owner) -> None:
    inner = neighbour.root / "inner"
    refused = neighbour.run("kaizen", "init", "inner")
    assert refused.returncode == 2
    assert f"lies in the kaizen project {neighbour.root}" in refused.stderr
    assert not inner.exists()
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.kaizen]\nformat = 1\n")
    try:
        asked = neighbour.run("kaizen", "status", cwd=inner)
        assert asked.returncode == 2
        assert "say which is meant by `kaizen --project DIR ...`" in asked.stderr
        assert "has no folder configs/" in neighbour.run(
            "kaizen", "--project", str(inner), "train", "quality", cwd=inner
        ).stderr  # fmt: skip
        (inner / "pyproject.toml").write_text("[tool.kaizen]\nformat = 2\n")
        newer = neighbour.run("kaizen", "--project", str(inner), "status", cwd=inner)
        assert "format 2, this kaizen knows up to 1" in newer.stderr
    finally:
        (inner / "pyproject.toml").unlink()
