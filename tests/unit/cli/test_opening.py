"""Every command looks at the layout of its home first, and help at nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from kaizen.cli import opening
from kaizen.cli.main import app
from kaizen.core.errors import KaizenError
from kaizen.core.layout import LAYOUT, Version, write
from kaizen.core.paths import Home


def leaves(group: typer.Typer, *before: str) -> Iterator[tuple[tuple[str, ...], type]]:
    for command in group.registered_commands:
        assert command.callback
        name = command.name or command.callback.__name__.replace("_", "-")
        yield (*before, name), command.cls
    for inner in group.registered_groups:
        assert inner.typer_instance
        yield from leaves(inner.typer_instance, *before, str(inner.name))


COMMANDS = dict(leaves(app))


@pytest.fixture(autouse=True)
def state(other_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("KAIZEN_HOME", str(other_home.root))
    return other_home


def ask(*words: str) -> BaseException | None:
    return CliRunner().invoke(app, list(words)).exception


def test_no_command_is_left_out() -> None:
    assert len(COMMANDS) > 30
    assert set(COMMANDS.values()) == {opening.OpensHome}
    known = {" ".join(words) for words in COMMANDS}
    assert known >= opening._ONLY_LOOK | opening._ANY_LAYOUT


def test_help_makes_and_reads_nothing(state: Home) -> None:
    write(state, Version(LAYOUT + 1))
    for words in ((), *COMMANDS):
        assert ask(*words, "--help") is None, words
    state.version.unlink()
    state.root.rmdir()
    for words in ((), *COMMANDS):
        assert ask(*words, "--help") is None, words
    assert not state.root.exists()


@pytest.mark.parametrize("command", ["down", "status", "up", "keys list", "alerts list digits"])
def test_a_later_layout_is_left_alone(state: Home, command: str) -> None:
    write(state, Version(LAYOUT + 1))
    error = ask(*command.split())
    assert isinstance(error, KaizenError)
    assert f"layout {LAYOUT + 1}" in str(error)
    assert [path.name for path in state.root.iterdir()] == ["version.json"]


def test_who_only_asks_makes_no_home(state: Home) -> None:
    for command in ("status", "events digits", "alerts list digits", "keys list", "stack list"):
        assert ask(*command.split()) is None
    assert not state.version.exists()


def test_who_writes_gives_a_new_home_its_version(state: Home) -> None:
    assert ask("keys", "create", "shop") is None
    assert f'"layout": {LAYOUT}' in state.version.read_text()
