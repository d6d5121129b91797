"""An installation without any extra: tables are trained, served and watched, the rest says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bare
import pytest

from kaizen.core.extras import EXTRAS
from usecases.diabetes.model import usecase
from usecases.diabetes.settings import Data

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def place(machine_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A machine whose ``kaizen`` has no extra."""
    folder = tmp_path_factory.mktemp("bare")
    made = machine_in(folder)
    made.program = bare.installation(folder / "python").with_name("kaizen")
    yield made
    made.kaizen("down")


@pytest.fixture(scope="module")
def diabetes(place):
    """``kaizen run diabetes`` on it."""
    answer = place.kaizen("run", "diabetes", "--json")
    assert answer.code == 0, answer.err
    return answer.json


def lines(text: str) -> list[str]:
    """What ``kaizen`` itself says on standard error, beside the progress of steps."""
    return [line for line in text.splitlines() if line.startswith("kaizen: ")]


def needed(who: str, what: str, extras: str) -> str:
    return f"{who} needs {what} not installed: pip install 'kaizen-loop[{extras}]'"


def test_no_library_of_an_extra_is_there(place) -> None:
    """Or the other tests would say nothing."""
    site = place.program.parents[1] / "lib/python3.11/site-packages"
    there = {path.name for path in site.iterdir()}
    libraries = {each for found in EXTRAS.values() for each in found}
    # Matplotlib brings it: whoever draws has it.
    gone = {each.module for each in libraries} - {"contourpy"}
    assert there & gone == set()
    assert not [name for name in there if name.startswith(("tensorflow", "keras", "evidently"))]


def test_a_table_is_trained_and_served(place, diabetes) -> None:
    assert diabetes["decision"] == "promoted"
    (service,) = place.kaizen("status", "--json").json["services"]
    assert (service["usecase"], service["ready"]) == ("diabetes", True)


def test_the_doctor_calls_nothing_broken_and_says_what_is_not_there(place) -> None:
    answer = place.kaizen("doctor", "--json")
    assert answer.code == 0, answer.out
    (found,) = [each for each in answer.json["checks"] if each["name"] == "libraries"]
    assert found["state"] == "ok"
    assert found["found"].endswith("; not installed: kaizen-loop[keras,documents,evidently]")


@pytest.mark.parametrize(
    ("usecase", "said"),
    [
        ("digits", needed("digits", "TensorFlow, which is", "keras")),
        (
            "documents",
            needed("documents", "pypdfium2 and TensorFlow, which are", "documents,keras"),
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "train"])
def test_what_needs_an_extra_says_so_before_anything_is_run(
    command: str, usecase: str, said: str, place
) -> None:
    answer = place.kaizen(command, usecase, "--json")
    assert (answer.code, answer.json) == (1, {"error": said})
    assert answer.err == f"kaizen: {said}\n"


@pytest.mark.parametrize(
    ("words", "who"),
    [(("report", "diabetes"), "`kaizen report`"), (("ui", "evidently"), "`kaizen ui evidently`")],
)
def test_what_draws_says_what_it_lacks(words: tuple[str, ...], who: str, place, diabetes) -> None:
    if words[0] == "report":
        place.kaizen("simulate", "diabetes", "--ticks", "0:4")
        assert place.kaizen("monitor", "diabetes").code == 0
    answer = place.kaizen(*words)
    assert answer.code == 1
    assert answer.err == f"kaizen: {needed(who, 'Evidently, which is', 'evidently')}\n"


def test_an_alarm_is_told_and_its_page_is_missing_in_one_line(place, diabetes) -> None:
    sent = place.kaizen("simulate", "diabetes", "--scenario", "covariate", "--ticks", "20:40")
    assert sent.code == 0, sent.err
    answer = place.kaizen("monitor", "diabetes", "--json")
    assert answer.code == 0, answer.err
    assert any(each["alarms"] for each in answer.json["windows"])
    said = needed("a page of pictures", "Evidently, which is", "evidently")
    assert lines(answer.err) == [f"kaizen: {said}"]


def test_drift_of_training_data_fails_no_run(place, diabetes, tmp_path: Path) -> None:
    rows = usecase.load(Data())
    moved = {name: rows[name] + 0.045 for name in ("bmi", "bp", "s5")}  # the contract allows it
    rows.assign(**moved).to_csv(tmp_path / "heavier.csv", index=False)
    answer = place.kaizen("train", "diabetes", "--data", str(tmp_path / "heavier.csv"), "--json")
    assert answer.code == 0, answer.err
    (line,) = [text for text in answer.err.splitlines() if text.startswith("✓ drift_check")]
    assert line.endswith(needed("a drift page", "Evidently, which is", "evidently"))


def test_a_new_use_case_of_images_says_what_it_needs(place, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.kaizen]\nformat = 1\n")
    place.environment["KAIZEN_PROJECT"] = str(tmp_path)
    try:
        answer = place.kaizen("new", "pictures", "--kind", "image")
    finally:
        del place.environment["KAIZEN_PROJECT"]
    assert answer.code == 0, answer.err
    assert "pip install 'kaizen-loop[keras]'" in answer.out
