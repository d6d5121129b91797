"""No test vanishes while files are moved: every name that was there once is there still.

Names stand in ``names_of_tests.json`` with how often each occurs, whatever the file. New tests
need nothing; ``RENEW=1`` adds them to the list, and never takes a name away: what goes on purpose
is taken out of the list by hand.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path

from frozen import renewing

LIST = Path(__file__).with_name("names_of_tests.json")
TESTS = next(folder for folder in Path(__file__).resolve().parents if folder.name == "tests")


def names(source: str) -> list[str]:
    """The tests in ``source``, those of a class with its name before theirs."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found.append(node.name)
            found += [f"{node.name}.{name}" for name in _functions(node.body)]
    return found + _functions(ast.parse(source).body)


def _functions(body: list[ast.stmt]) -> list[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [each.name for each in body if isinstance(each, kinds) and each.name[:5] == "test_"]


def vanished(known: dict[str, int], found: Counter[str]) -> dict[str, str]:
    """Names that occur less often than known, and how often."""
    return {
        name: f"{found[name]} of {times}" for name, times in known.items() if found[name] < times
    }


def test_no_test_has_vanished() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    found = Counter(name for file in files for name in names(file.read_text(encoding="utf-8")))
    known = json.loads(LIST.read_text(encoding="utf-8")) if LIST.is_file() else {}
    if renewing():
        known = {name: max(found[name], known.get(name, 0)) for name in sorted({*found, *known})}
        LIST.write_text(json.dumps(known, indent=0) + "\n", encoding="utf-8")
    assert len(known) > 1000
    assert vanished(known, found) == {}


def test_a_name_that_is_gone_or_rarer_is_seen() -> None:
    source = (
        "def test_a(): ...\nclass TestB:\n  async def test_c(self): ...\n  def helper(self): ..."
    )
    found = Counter(names(source))
    assert found == {"test_a": 1, "TestB": 1, "TestB.test_c": 1}
    assert vanished({"test_a": 2, "TestB.test_c": 1, "test_d": 1}, found) == {
        "test_a": "1 of 2", "test_d": "0 of 1",
    }  # fmt: skip
