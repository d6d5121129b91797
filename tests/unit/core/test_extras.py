"""What is said where a library of an extra is missing."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.core import extras
from kaizen.core.errors import UsageError
from kaizen.core.extras import EXTRAS, Library, NotInstalled
from kaizen.core.project import Project
from kaizen.orchestration import zygote

GONE = (Library("Gone", "no_such_library_a", "gone"), Library("Lost", "no_such_library_b", "lost"))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two extras more, one that is not installed and one that is."""
    more = {"gone": GONE, "there": (Library("JSON", "json", "json"),)}
    monkeypatch.setattr(extras, "EXTRAS", {**EXTRAS, **more})


def test_they_are_those_of_the_project_file() -> None:
    content = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    stated = content["project"]["optional-dependencies"]
    for extra, libraries in EXTRAS.items():
        names = {re.split("[<>=~! ]", text)[0] for text in stated[extra]}
        assert names == {library.distribution for library in libraries}
    assert set(stated) == {*EXTRAS, "dev"}
    assert f"{extras.PACKAGE}[{','.join(EXTRAS)}]" in stated["dev"], "the lock has them all"
    base = {re.split("[<>=~! ]", text)[0] for text in content["project"]["dependencies"]}
    assert not base & {each.distribution for found in EXTRAS.values() for each in found}


def test_what_is_there_is_no_matter() -> None:
    extras.needs("there", *EXTRAS)
    extras.needs()
    assert extras.missing("there") is None
    assert extras.absent() == ["gone"]


def test_who_needs_what_and_what_installs_it() -> None:
    with pytest.raises(NotInstalled) as caught:
        extras.needs("there", "gone", who="digits")
    assert str(caught.value) == (
        "digits needs Gone, which is not installed: pip install 'kaizen-loop[gone]'"
    )
    assert caught.value.exit_code == 1


def test_several_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "EXTRAS", {"one": GONE[:1], "two": GONE[1:]})
    assert str(extras.missing("one", "two", who="it")) == (
        "it needs Gone and Lost, which are not installed: pip install 'kaizen-loop[one,two]'"
    )


def test_an_extra_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match="unknown extra 'kers': did you mean 'keras'"):
        extras.needs("kers")


def raised(module: str) -> ImportError:
    with pytest.raises(ImportError) as caught:
        importlib.import_module(module)
    return caught.value


def test_an_import_error_of_one_is_told_in_a_users_words() -> None:
    found = extras.of_error(raised("no_such_library_b.inside"))
    assert str(found) == "Gone is not installed: pip install 'kaizen-loop[gone]'"
    assert zygote.reason(raised("no_such_library_a")) == str(found), "as a step's failure"


def test_also_where_another_error_came_of_it() -> None:
    error = ValueError("export failed")
    error.__cause__ = raised("no_such_library_a")
    assert "kaizen-loop[gone]" in str(extras.of_error(error))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no library"),
        ModuleNotFoundError("No module named 'whatever'", name="whatever"),
        # It is there, and broken: that is another error, which says itself what is wrong.
        ModuleNotFoundError("No module named 'json.inside'", name="json.inside"),
        ImportError("cannot import name 'x'"),
    ],
)
def test_any_other_error_stays_as_it_is(error: Exception) -> None:
    assert extras.of_error(error) is None
    assert zygote.reason(error) == f"{type(error).__name__}: {error}"


def of_use_cases() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == "usecases"]


@pytest.mark.parametrize("own", ["", "EXTRAS = ('gone',)\n"])
def test_a_use_case_that_imports_one_names_the_extra(own: str, tmp_path: Path) -> None:
    """Imported, and before: what its package says is asked without any of its libraries."""
    root = tmp_path / "project"
    (root / "configs").mkdir(parents=True)
    (root / "configs/pictures.yaml").touch()
    package = root / "usecases/pictures"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").write_text(own)
    (package / "model.py").write_text("import no_such_library_b\n")
    project = Project(root)
    kept = {name: sys.modules.pop(name) for name in of_use_cases()}
    before = [*sys.path]
    try:
        with pytest.raises(NotInstalled, match=r"^pictures needs Gone, which .*\[gone\]'$"):
            project.usecase("pictures")
        assert project.extras("pictures") == (("gone",) if own else ())
    finally:
        sys.path[:] = before
        for name in of_use_cases():
            del sys.modules[name]
        sys.modules.update(kept)
