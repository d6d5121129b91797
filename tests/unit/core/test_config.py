"""The configuration: what wins, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaizen.core import config
from kaizen.core.errors import UsageError

CASES = Path(__file__).parent / "configs"


def test_the_repositorys_own_configurations_load() -> None:
    loaded = config.load("diabetes")
    assert loaded.params.alpha == 0.4
    assert loaded.split == config.FixedSplit(holdout=0.2, seed=0)
    assert loaded.gate.direction == "lower"
    assert config.load("digits").split.KIND == "hash"


def test_a_split_is_by_hash_unless_it_says_otherwise() -> None:
    chosen = config.load("digits", settings=["split.holdout=0.3"]).split
    assert chosen == config.HashSplit(holdout=0.3)
    assert config.load("diabetes", settings=["split.holdout=0.3"]).split.KIND == "fixed"


def test_set_wins_over_file_wins_over_preset(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("seed: 7\nparams: {epochs: 3}\n")
    preset = config.load("digits", preset="fast")
    over = config.load("digits", preset="fast", file=own)
    top = config.load("digits", preset="fast", file=own, settings=["params.epochs=2"])
    assert (over.seed, over.params.epochs, top.params.epochs) == (7, 3, 2)
    assert top.seed == 7
    assert preset.params.epochs != 3


def test_an_environment_is_an_overlay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIZEN_ENV", "prodution")
    with pytest.raises(UsageError, match="did you mean 'production'"):
        config.load("diabetes")
    monkeypatch.setenv("KAIZEN_ENV", "production")
    assert config.load("diabetes").serving.workers == "auto"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["params.alpah=1"], "unknown key 'params.alpah': did you mean 'params.alpha'?"),
        (["gate.margn=1"], "unknown key 'gate.margn': did you mean 'gate.margin'?"),
        (["sed=1"], "unknown key 'sed': did you mean 'seed'?"),
        (["split.hold=1"], "unknown key 'split.hold'"),
        (["params.alpha=much"], "params.alpha is 'much'"),
        (["params.alpha=.nan"], "params.alpha is nan"),
        (["gate.direction=up"], "gate.direction is 'up'"),
        (["params.alpha"], "expected KEY=VALUE"),
        (["=3"], "expected KEY=VALUE"),
        (["usecase=digits"], "is for use case 'digits', not 'diabetes'"),
    ],
)
def test_a_wrong_setting_is_named(settings: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        config.load("diabetes", settings=settings)
    assert words in str(caught.value)


@pytest.mark.parametrize("path", sorted(CASES.glob("invalid/*.yaml")), ids=lambda path: path.stem)
def test_an_invalid_file_is_refused_with_its_reason(path: Path) -> None:
    reason = path.read_text().splitlines()[0].removeprefix("# ")
    with pytest.raises(UsageError) as caught:
        config.load("diabetes", file=path)
    assert reason in str(caught.value)


@pytest.mark.parametrize("path", sorted(CASES.glob("valid/*.yaml")), ids=lambda path: path.stem)
def test_a_valid_file_is_taken(path: Path) -> None:
    before, after = config.load("diabetes"), config.load("diabetes", file=path)
    assert before != after


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'digits'"):
        config.load("digit")
    with pytest.raises(UsageError, match="did you mean 'fast'"):
        config.load("digits", preset="fats")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        config.load("digits", file=tmp_path / "absent.yaml")


def test_numbers_in_scientific_notation_are_numbers() -> None:
    assert config.load("diabetes", settings=["params.alpha=1e-3"]).params.alpha == 1e-3


def test_the_record_is_plain_data_and_settings_are_frozen() -> None:
    loaded = config.load("diabetes")
    assert loaded.record()["split"] == {"KIND": "fixed", "holdout": 0.2, "seed": 0}
    with pytest.raises(ValueError, match="frozen"):
        loaded.seed = 3


@pytest.mark.parametrize("stages", ["[50, 10, 100]", "[10, 50]", "[]", "[0, 100]", "[10, 10, 100]"])
def test_stages_rise_to_all_requests(stages: str) -> None:
    with pytest.raises(UsageError, match=r"rollout\.stages is .*: expected rising shares"):
        config.load("diabetes", settings=[f"rollout.stages={stages}"])
    assert config.load("diabetes", settings=["rollout.stages=[5, 100]"]).rollout.stages == (
        5,
        100,
    )


def test_a_redacted_field_that_a_row_does_not_have_is_refused_with_the_nearest() -> None:
    assert config.load("diabetes", settings=["events.redact.age=hash"]).events.redact == {
        "age": "hash"
    }
    with pytest.raises(UsageError, match=r"unknown field in events.redact 'agee': .*'age'"):
        config.load("diabetes", settings=["events.redact.agee=drop"])
    with pytest.raises(UsageError, match=r"events.redact.age is 'keep'"):
        config.load("diabetes", settings=["events.redact.age=keep"])


def test_what_is_said_of_events_is_read_without_the_training_framework() -> None:
    assert config.events_rule("diabetes") == config.load("diabetes").events
