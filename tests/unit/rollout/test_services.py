"""Names, owners and registrations; what runs is tests/integration/test_services.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.rollout import services, supervisor_process
from kaizen.rollout.state import ROLLOUT, Process, Service, State


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def unsupervised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_process, "start", lambda _: 0)


def asked(home: Home) -> dict[str, Service]:
    with State(home) as state:
        return state.services()


@pytest.mark.parametrize(
    "name", ["", "Ticker", "tick er", "-ticker", "tick/er", "../ticker", "tick:er", "t" * 41]
)
def test_names_and_owners_are_lower_case_words(home: Home, name: str) -> None:
    with pytest.raises(UsageError, match="expected lower-case words"):
        services.register(home, "tests", name, ["true"], {})
    with pytest.raises(UsageError, match="expected lower-case words"):
        services.register(home, name, "ticker", ["true"], {})
    assert not home.root.exists()


@pytest.mark.parametrize("name", ["router", "supervisor", "digits-v1", "digits-v12-20000"])
def test_names_of_kaizens_own_processes_are_refused(home: Home, name: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is a name of kaizen's own processes"):
        services.register(home, "tests", name, ["true"], {})


def test_the_rollout_is_nobodys_owner_and_a_command_is_needed(home: Home) -> None:
    with pytest.raises(UsageError, match="owner 'rollout' is kaizen's own"):
        services.register(home, ROLLOUT, "ticker", ["true"], {})
    with pytest.raises(UsageError, match="'ticker' has no command"):
        services.register(home, "tests", "ticker", [], {})


@pytest.mark.usefixtures("unsupervised")
def test_the_same_again_changes_nothing_and_another_command_is_another_process(home: Home) -> None:
    services.register(home, "tests", "ticker", ["tick"], {"A": "1"})
    with State(home) as state:
        state.saw(Process(name="ticker", exits=3))
    services.register(home, "tests", "ticker", ["tick"], {"A": "1"})
    (found,) = services.of(home, "tests")
    assert (found.exits, found.state, found.pid) == (3, "stopped", None)
    services.register(home, "tests", "ticker", ["tick"], {"A": "2"})
    (found,) = services.of(home, "tests")
    assert found.exits == 0
    assert asked(home)["ticker"].environment == {"A": "2"}


@pytest.mark.usefixtures("unsupervised")
def test_a_name_is_its_owners(home: Home) -> None:
    services.register(home, "tests", "ticker", ["tick"], {})
    for change in (
        lambda: services.register(home, "others", "ticker", ["tock"], {}),
        lambda: services.unregister(home, "others", "ticker"),
    ):
        with pytest.raises(KaizenError, match=r"'ticker' belongs to 'tests', not to 'others'"):
            change()
    assert asked(home)["ticker"].command == ("tick",)
    services.register(home, "others", "clock", ["tock"], {})
    assert [each.name for each in services.of(home, "others")] == ["clock"]
    assert [each.name for each in services.of(home)] == ["clock", "ticker"]
    assert services.unregister(home, "others", "clock")
    assert not services.unregister(home, "others", "clock")
    assert list(asked(home)) == ["ticker"]


def test_the_rollouts_own_are_not_listed(home: Home) -> None:
    with State(home) as state:
        state.keep(Service(name="router", command=("a",), environment={}, folder="", log=""))
    assert services.of(home) == []
    assert services.of(home, ROLLOUT) == []
    with pytest.raises(KaizenError, match="'router' belongs to 'rollout'"):
        services.unregister(home, "tests", "router")
