"""Which project a process has, and what it says of one that is not as it should be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.core import project
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.project import Project

LIBRARY = PROJECT_ROOT / "src" / "kaizen"


def made(folder: Path, table: str = "[tool.kaizen]\nformat = 1\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(table)
    return folder


def test_it_is_found_from_any_folder_inside(tmp_path: Path) -> None:
    root = made(tmp_path / "my project")
    deep = root / "notebooks" / "old"
    deep.mkdir(parents=True)
    assert project.find(deep) == project.find(root) == Project(root)


def test_a_package_without_the_table_is_none(tmp_path: Path) -> None:
    outer = made(tmp_path / "outer")
    made(outer / "inner", "[project]\nname = 'kaizen-tools'\n")
    assert project.find(outer / "inner").root == outer


def test_outside_of_one_the_way_in_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is in no kaizen project.*`kaizen init DIR`"):
        project.find(tmp_path)


def test_one_inside_another_asks_which_is_meant(tmp_path: Path) -> None:
    outer = made(tmp_path / "outer")
    inner = made(outer / "inner")
    with pytest.raises(
        UsageError, match=f"{inner} is a kaizen project inside .*{outer}.*--project"
    ):
        project.find(inner)
    assert project.at(inner) == Project(inner)


@pytest.mark.parametrize("said", ["2", "'new'"])
def test_one_of_a_newer_kaizen_is_left_alone(said: str, tmp_path: Path) -> None:
    made(tmp_path, f"[tool.kaizen]\nformat = {said}\n")
    with pytest.raises(UsageError, match="knows up to 1: `pip install --upgrade"):
        project.find(tmp_path)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    made(tmp_path, "[tool.kaizen\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml is not TOML: .*line 1"):
        project.find(tmp_path)


def test_a_folder_that_is_named_but_none_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no kaizen project"):
        project.at(tmp_path / "gone")


def test_one_without_configurations_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no folder configs/: `kaizen new NAME`"):
        Project(made(tmp_path)).usecases()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("import os\n\n1 / 0\n", r"line 3: ZeroDivisionError: division by zero"),
        ("def f(:\n", r"line 1: SyntaxError"),
        ("import no_such_library\n", r"line 1: ModuleNotFoundError: .*no_such_library"),
    ],
)
def test_a_module_that_fails_is_named_with_its_line_and_the_others_go_on(
    text: str, where: str, tmp_path: Path
) -> None:
    root = made(tmp_path / "with space")
    (root / "cases_of_test").mkdir()
    (root / "cases_of_test/bad.py").write_text(text)
    (root / "cases_of_test/good.py").write_text("value = 1\n")
    try:
        with pytest.raises(KaizenError, match=rf"cases_of_test/bad\.py {where}") as caught:
            Project(root).module("cases_of_test.bad")
        assert "\n" not in str(caught.value)
        assert Project(root).module("cases_of_test.good").value == 1
    finally:
        sys.path.remove(str(root))
        for name in [name for name in sys.modules if name.startswith("cases_of_test")]:
            del sys.modules[name]


def test_no_folder_of_a_project_is_taken_for_kaizen(tmp_path: Path) -> None:
    """A clone in a folder ``kaizen``, or a package of that name in the project."""
    root = made(tmp_path)
    (root / "kaizen").mkdir()
    (root / "kaizen/__init__.py").write_text("raise RuntimeError('not me')\n")
    (root / "usecases").mkdir()
    code = "from kaizen.core import project; project.current().activate(); import kaizen.core.paths"
    done = subprocess.run(
        [*project.command("timeit")[:2], "-c", code],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def strings(path: Path) -> list[str]:
    """Every string of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node.value for node in found if isinstance(node.value, str) and id(node) not in docs]


def calls(path: Path) -> list[str]:
    """Names of functions that import by a string, and options that start a module by one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]
    return [name for name in names if name in {"import_module", "__import__"}]


def modules() -> list[Path]:
    found = sorted(LIBRARY.rglob("*.py"))
    assert len(found) > 200
    return [path for path in found if path != LIBRARY / "core/project.py"]


OWN = re.compile(r"^(?:pipelines|steps|usecases)\.\w|^serving\.service|^kaizen\.\w+\.[\w.]+:")


def test_the_library_names_no_module_of_a_project() -> None:
    """Pipelines, steps, use cases and the service are asked of the project, never named."""
    assert OWN.search("usecases.digits.model")
    named = {
        str(path.relative_to(LIBRARY)): text
        for path in modules()
        for text in strings(path)
        if OWN.search(text)
    }
    assert named == {}


BY_STRING = {
    "__init__.py": "the public names, which load on first use",
    "orchestration/acceleration.py": "ZenML's own modules",
    "orchestration/lean_imports.py": "ZenML's own modules",
    "orchestration/zenml_patches.py": "ZenML's own modules",
    "orchestration/zygote.py": "what a step says that it needs",
}


def test_modules_are_imported_by_a_string_in_known_places_alone() -> None:
    found = {str(path.relative_to(LIBRARY)) for path in modules() if calls(path)}
    assert found == set(BY_STRING)


def test_our_own_modules_are_started_through_the_project_alone() -> None:
    foreign = {"bentoml", "pip", "mlflow", "uvicorn", "evidently.cli"}
    wrong = []
    for path in modules():
        said = strings(path)
        started = {said[at + 1] for at, text in enumerate(said[:-1]) if text == "-m"}
        wrong += [f"{path.relative_to(LIBRARY)}: {name}" for name in started - foreign]
    assert wrong == []
