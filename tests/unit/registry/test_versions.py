from collections.abc import Callable
from pathlib import Path

import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.registry import store, tracking, versions
from kaizen.registry.model_files import sha256

Register = Callable[..., str]


def test_a_version_is_a_challenger_with_its_model_and_golden_set(
    name: str, register: Register, make: Callable
) -> None:
    version = register(0.4, commit="c0ffee", decision="promoted", value=3295.7)
    made = make(0.4)
    found = versions.get(name, "challenger")
    assert found == versions.get(name, version)
    assert (found.version, found.aliases) == ("1", ("challenger",))
    assert found.tags["model_sha256"] == sha256(made.onnx)
    assert found.tags["commit"] == "c0ffee"
    assert found.tags["value"] == "3295.7"
    assert versions.onnx_bytes(name, version) == made.onnx
    assert versions.golden(name, "challenger") == made.golden


def test_the_run_and_the_version_know_each_other(name: str, register: Register) -> None:
    run = tracking.start(name, {}, {})
    version = versions.get(name, register(0.4, run))
    assert version.run_id == run
    [output] = store.client().get_run(run).outputs.model_outputs
    logged = store.client().get_logged_model(output.model_id)
    assert logged.source_run_id == run
    assert logged.status == "READY"


def test_the_same_model_from_the_same_data_is_the_same_version(
    name: str, register: Register
) -> None:
    first = register(0.4)
    assert register(0.4) == first
    assert register(0.4, dataset_digest="e" * 64) == "2"
    assert register(1.0) == "3"
    assert [version.version for version in versions.list_versions(name)] == ["3", "2", "1"]


def test_a_champion_made_again_stays_what_it_is(name: str, register: Register) -> None:
    versions.promote(name, register(0.4, decision="promoted", reason="the first"))
    again = register(0.4, decision="refused", reason="equal")
    versions.refuse(name, again, "equal")
    champion = versions.champion(name)
    assert champion is not None
    assert (champion.version, champion.aliases) == ("1", ("champion",))
    assert champion.tags["decision"] == "promoted"
    assert champion.tags["reason"] == "the first"


def test_a_refused_version_made_again_is_judged_again(name: str, register: Register) -> None:
    versions.promote(name, register(1.0))
    versions.refuse(name, register(0.4, decision="refused"), "too close")
    version = register(0.4, decision="promoted", reason="better")
    assert versions.get(name, version).tags["reason"] == "better"
    assert versions.get(name, version).aliases == ("challenger",)


def test_one_run_registers_one_model(name: str, register: Register) -> None:
    run = tracking.start(name, {}, {})
    first = register(0.4, run)
    assert register(0.4, run) == first
    with pytest.raises(KaizenError, match=rf"run {run} has registered {name} v1"):
        register(1.0, run)
    assert len(versions.list_versions(name)) == 1


def test_what_is_not_onnx_is_refused_and_leaves_no_version(
    name: str, make: Callable, register: Register
) -> None:
    made, run = make(0.4), tracking.start(name, {}, {})
    for content, tags, reason in (
        (b"pickle", {"dataset_digest": "d"}, "is not ONNX"),
        (made.onnx, {}, "tags lack 'dataset_digest'"),
    ):
        with pytest.raises(KaizenError, match=reason):
            versions.register(name, run, content, made.inputs, made.outputs, made.golden, tags)
    assert versions.list_versions(name) == []
    assert register(0.4, run) == "1"


class TestPromotion:
    def test_moves_the_champion_and_says_who_and_why(self, name: str, register: Register) -> None:
        assert versions.champion(name) is None
        version = register(0.4, reason="Promoted: the first model")
        versions.promote(name, version)
        champion = versions.champion(name)
        assert champion is not None
        assert champion.aliases == ("champion",)
        assert champion.tags["approved_by"] == "gate"
        assert champion.tags["approved_why"] == "Promoted: the first model"
        assert champion.tags["forced"] == "false"
        assert champion.tags["approved_at"]

    def test_is_safe_to_repeat(self, name: str, register: Register) -> None:
        versions.promote(name, register(1.0))
        for _ in range(2):
            versions.promote(name, "1")
        versions.promote(name, register(0.4))
        versions.promote(name, "2", who="again")
        champion = versions.get(name, "champion")
        assert champion.tags["previous"] == "1"
        assert champion.tags["approved_by"] == "gate"

    def test_forced_needs_a_name_and_a_reason(self, name: str, register: Register) -> None:
        register(0.4)
        with pytest.raises(KaizenError, match="say who forces it and why"):
            versions.promote(name, "1", who="ana", forced=True)
        versions.promote(name, "1", who="ana", why="demo at noon", forced=True)
        tags = versions.get(name, "champion").tags
        assert (tags["approved_by"], tags["approved_why"], tags["forced"]) == (
            "ana",
            "demo at noon",
            "true",
        )

    def test_of_another_version_leaves_the_challenger(self, name: str, register: Register) -> None:
        register(1.0)
        register(0.4)
        versions.promote(name, "1")
        assert versions.get(name, "challenger").version == "2"

    def test_refusal_is_recorded(self, name: str, register: Register) -> None:
        versions.promote(name, register(0.4))
        versions.refuse(name, register(5.0), "Refused: mse 4,040.2 against 3,295.7 of v1")
        refused = versions.get(name, "2")
        assert refused.aliases == ()
        assert refused.tags["decision"] == "refused"
        assert refused.tags["reason"].startswith("Refused: mse 4,040.2")
        assert versions.get(name, "champion").version == "1"

    def test_what_to_deploy(self, name: str, register: Register) -> None:
        with pytest.raises(UsageError, match="nothing is registered yet"):
            versions.to_deploy(name)
        versions.promote(name, register(1.0))
        register(0.4, decision="refused")
        assert versions.to_deploy(name).version == "1"
        register(5.0, decision="promoted")
        assert versions.to_deploy(name).version == "3"


class TestRollback:
    def test_goes_back_step_by_step(self, name: str, register: Register) -> None:
        for alpha in (1.0, 0.5, 0.4):
            versions.promote(name, register(alpha))
        assert versions.rollback(name, why="answers are slow").version == "2"
        assert versions.get(name, "3").tags["rolled_back_at"]
        assert versions.get(name, "champion").tags["approved_why"] == "answers are slow"
        assert versions.rollback(name).version == "1"
        with pytest.raises(KaizenError, match="v1 replaced no version"):
            versions.rollback(name)
        versions.promote(name, "3")
        assert versions.rollback(name).version == "1"

    def test_needs_a_champion(self, name: str, register: Register) -> None:
        register(0.4)
        with pytest.raises(KaizenError, match="has no champion"):
            versions.rollback(name)

    def test_to_a_deleted_version_is_an_error(self, name: str, register: Register) -> None:
        for alpha in (1.0, 0.4):
            versions.promote(name, register(alpha))
        versions.delete(name, "1")
        with pytest.raises(KaizenError, match="v1, which v2 replaced, was deleted"):
            versions.rollback(name)
        assert versions.get(name, "champion").version == "2"


class TestDeletion:
    @pytest.mark.parametrize("alias", ["champion", "challenger"])
    def test_of_a_version_with_an_alias_is_refused(
        self, name: str, register: Register, alias: str
    ) -> None:
        version = register(0.4)
        if alias == "champion":
            versions.promote(name, version)
        with pytest.raises(KaizenError, match=f"v1 is {alias}: promote another"):
            versions.delete(name, version)
        assert versions.get(name, alias).version == version

    def test_of_any_other_version_works(self, name: str, register: Register) -> None:
        register(1.0)
        register(0.4)
        versions.delete(name, "1")
        assert [version.version for version in versions.list_versions(name)] == ["2"]

    def test_behind_our_back_is_seen(self, name: str, register: Register) -> None:
        assert versions.lost_champion(name) is None
        versions.promote(name, register(0.4))
        assert versions.lost_champion(name) is None
        store.client().delete_model_version(name, "1")
        assert versions.champion(name) is None
        assert versions.lost_champion(name) == "1"


def test_a_wrong_reference_names_what_is_known(name: str, register: Register) -> None:
    with pytest.raises(UsageError, match=f"{name} has no version '1'.*kaizen run {name}"):
        versions.get(name, "1")
    versions.promote(name, register(0.4))
    with pytest.raises(UsageError, match="did you mean 'champion'"):
        versions.get(name, "champoin")
    with pytest.raises(UsageError, match="'7': known: 1, champion"):
        versions.get(name, "7")


def test_a_model_is_kept_byte_by_byte(name: str, make: Callable) -> None:
    made, run = make(0.4), tracking.start(name, {}, {})
    # The producer's name once more: valid, and written differently by whoever rewrites it.
    content = made.onnx + b"\x12\x01x"
    tags = {"dataset_digest": "d"}
    versions.register(name, run, content, made.inputs, made.outputs, made.golden, tags)
    assert versions.onnx_bytes(name, "1") == content


def test_a_damaged_model_is_never_handed_out(name: str, register: Register) -> None:
    version = register(0.4)
    source = store.client().get_model_version_download_uri(name, version)
    path = Path(source, "model.onnx")
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(KaizenError, match="v1 is not what was registered"):
        versions.onnx_bytes(name, version)
    path.unlink()
    with pytest.raises(KaizenError, match=r"model\.onnx of .* cannot be read"):
        versions.onnx_bytes(name, version)


def test_tags_are_added_and_replaced(name: str, register: Register) -> None:
    version = register(0.4)
    versions.tag(name, version, bento="digits:1")
    versions.tag(name, version, bento="digits:2")
    assert versions.get(name, version).tags["bento"] == "digits:2"
