"""The repository keeps its own rules."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from repository import PROJECT_ROOT as ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = sorted(PROJECT["tool"]["importlinter"]["root_packages"])

# Written in two parts, so that this file may be searched too.
MACHINE_PATHS = re.compile(r"(?<![\w.~}-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|Us" + r"ers)/[\w.]")
INDEXES = re.compile(
    "py" + r"pi\.org|python" + r"hosted|registry\.np" + r"mjs|--(?:extra-)?index" + "-url"
)


def place(room: str) -> Path:
    """The ``__init__.py`` of a top-level package."""
    return ROOT / ("src" if room == "kaizen" else "") / room / "__init__.py"


def tracked() -> list[Path]:
    """Every file that git knows, or would with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def texts() -> dict[str, str]:
    """Tracked text files by their path."""
    found = {}
    for path in tracked():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Name to version and hashes of a lock file."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for block in blocks:
        if pinned := re.match(r"([^=\s\[]+)(?:\[[^]]*])?==(\S+)", block):
            hashes = frozenset(re.findall(r"--hash=(\S+)", block))
            found[pinned[1]] = (pinned[2], hashes)
    return found


@pytest.fixture(scope="module")
def project_lock() -> dict[str, tuple[str, frozenset[str]]]:
    return pins(ROOT / "requirements.txt")


def test_no_source_file_is_longer_than_400_lines() -> None:
    long = {
        name: text.count("\n")
        for name, text in texts().items()
        if name.endswith(".py") and text.count("\n") > 400
    }
    assert long == {}


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, INDEXES], ids=["machine path", "index"])
def test_no_file_names_a_machine(pattern: re.Pattern[str]) -> None:
    found = {name: hit[0] for name, text in texts().items() if (hit := pattern.search(text))}
    assert found == {}


def test_the_patterns_find_what_they_are_for() -> None:
    assert MACHINE_PATHS.search("see /wo" + "rk/main")
    assert MACHINE_PATHS.search("'/ro" + "ot/x'")
    assert not MACHINE_PATHS.search("http://127.0.0.1:80/home/x")
    assert not MACHINE_PATHS.search("https://example.com/work/x")
    assert INDEXES.search("https://py" + "pi.org/simple")


def test_every_list_of_rooms_is_the_same() -> None:
    tool = PROJECT["tool"]
    assert sorted(set(tool["mypy"]["files"]) - {"scripts", "src/kaizen"} | {"kaizen"}) == ROOMS
    assert sorted(tool["coverage"]["run"]["source"]) == ROOMS
    assert sorted(tool["ruff"]["lint"]["isort"]["known-first-party"]) == sorted(
        [*ROOMS, "benchmarks"]
    )
    contract = next(c for c in tool["importlinter"]["contracts"] if c.get("exhaustive"))
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = page.partition("\n## The library\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE)
    rooms = sorted(path.parent.name for path in (ROOT / "src/kaizen").glob("*/__init__.py"))
    assert [layer for layer in contract["layers"] if layer in rooms] == documented
    assert sorted(documented) == rooms


def test_every_package_at_the_top_is_a_room() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert sorted(found | {"kaizen"}) == ROOMS


def test_every_room_says_what_it_is_for() -> None:
    silent = [
        room for room in ROOMS if not place(room).read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


def test_every_decision_stands_in_the_index() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert sorted(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)) == pages
    numbers = [page[:4] for page in pages]
    assert len(set(numbers)) == len(numbers)


def test_every_use_case_has_code_configuration_and_data_card() -> None:
    folders = {path.parent.name for path in (ROOT / "usecases").glob("*/__init__.py")}
    configured = {path.stem for path in (ROOT / "configs").glob("*.yaml")}
    assert folders == configured
    assert folders
    missing = [
        f"usecases/{name}/{file}"
        for name in sorted(folders)
        for file in ("features.py", "model.py", "README.md")
        if not (ROOT / "usecases" / name / file).is_file()
    ]
    assert missing == []


def test_make_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert re.findall(r"^  make (\w+) +\S", listed, re.MULTILINE) == phony[1].split()
    assert set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) == set(phony[1].split())


def test_the_readme_is_one_screen_with_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("\n") <= 70
    assert re.search(r"^make run\b", readme, re.MULTILINE)
    assert re.search(r"^make test\b", readme, re.MULTILINE)


def test_no_link_of_the_documentation_is_dead() -> None:
    dead = [
        f"{name}: {target}"
        for name, text in texts().items()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
        if not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert dead == []


def test_the_workflow_runs_the_same_words_and_pins_its_actions() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    words = [step["run"].split() for step in steps if "run" in step]
    targets = [word[1] for word in words if word[0] == "make"]
    assert targets == ["setup", "lint", "test"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)] == []


def test_the_lock_holds_what_the_project_asks_for(
    project_lock: dict[str, tuple[str, frozenset[str]]],
) -> None:
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    # "dev" asks for the other extras by this package's own name: their libraries are listed too.
    asked = [
        text
        for text in [*project["dependencies"], *(text for extra in extras for text in extra)]
        if Requirement(text).name != project["name"]
    ]
    wrong = [
        f"{text}: locked is {project_lock.get(wanted.name.lower(), ('nothing',))[0]}"
        for text in asked
        for wanted in [Requirement(text)]
        if wanted.name.lower() not in project_lock
        or project_lock[wanted.name.lower()][0] not in wanted.specifier
    ]
    assert wrong == []
    assert [name for name, (_, hashes) in project_lock.items() if not hashes] == []


def test_the_service_is_locked_to_what_the_project_is(
    project_lock: dict[str, tuple[str, frozenset[str]]],
) -> None:
    served = pins(ROOT / "serving/requirements.txt")
    assert served
    assert {name: pin for name, pin in served.items() if project_lock.get(name) != pin} == {}
