import pytest
from assessed import assessment

from kaizen.core import locks
from kaizen.core.paths import Home
from kaizen.monitoring import maintenance
from kaizen.monitoring.alerts import manage
from kaizen.monitoring.windows.store import Store, lock


@pytest.fixture
def state(other_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose digits were watched in 1970."""
    monkeypatch.setenv("KAIZEN_HOME", str(other_home.root))
    Store(other_home).add(assessment(0))
    return other_home


def test_a_watching_that_has_died_is_missed(state: Home) -> None:
    assert maintenance.main() == 0
    (alert,) = manage.open_alerts(state)
    assert (alert.usecase, alert.rule) == ("digits", "silence")
    assert "verdict" in alert.reason
    assert "silence" in (state.logs / "alerts.log").read_text()


def test_one_that_goes_on_is_left_alone(state: Home) -> None:
    with locks.held(lock(state, "digits")):
        assert maintenance.main() == 0
    assert manage.open_alerts(state) == []


def test_a_home_that_was_never_watched_stays_as_it_is(
    other_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIZEN_HOME", str(other_home.root))
    assert maintenance.main() == 0
    assert not other_home.root.exists()
