"""Model versions in MLflow's registry: one registered model per use case, aliases, no stages.

``champion`` is what is served, ``challenger`` what was registered last and is still undecided. A
version is content-addressed by the SHA-256 of its ONNX bytes and the digest of its data set.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow import artifacts
from mlflow.entities import LoggedModelOutput, LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion as Entity
from mlflow.exceptions import MlflowException

from kaizen.core.errors import KaizenError, UsageError, unknown
from kaizen.core.results import Record
from kaizen.core.usecase import Inputs, Outputs
from kaizen.inference.golden import Golden
from kaizen.registry import model_files, store

CHAMPION, CHALLENGER = "champion", "challenger"
SHA256, DATASET = "model_sha256", "dataset_digest"
DECISION, REASON = "decision", "reason"
PREVIOUS, ROLLED_BACK = "previous", "rolled_back_at"
LONGEST_TAG = 5000


class ModelVersion(Record):
    """One registered version.

    Attributes:
        usecase: name of the registered model.
        version: its number, as text.
        aliases: names that point to it.
        run_id: the MLflow run that made it.
        tags: what is known of it.
        created: when it was registered, UTC.
    """

    usecase: str
    version: str
    aliases: tuple[str, ...]
    run_id: str
    tags: dict[str, str]
    created: datetime


def register(
    usecase: str,
    run_id: str,
    model: bytes,
    inputs: Inputs,
    outputs: Outputs,
    golden: Golden,
    tags: Mapping[str, Any],
) -> str:
    """Register ``model`` as the challenger and return its version.

    The same model learnt from the same data is the version it was before; only what was decided
    about it changes, and nothing does where it is the champion.

    Args:
        inputs, outputs: a few rows fed and answered, by ONNX name; they give the signature.
        tags: must name the data set by ``dataset_digest``.

    Raises:
        KaizenError: the run has registered another model, ``model`` is not ONNX, or the digest of
            the data set is missing.
    """
    if not tags.get(DATASET):
        raise KaizenError(f"cannot register a model of {usecase}: its tags lack {DATASET!r}")
    identity = {SHA256: model_files.sha256(model), DATASET: str(tags[DATASET])}
    for known in _search(usecase, **identity):
        if CHAMPION not in known.aliases:
            decided = {key: tags[key] for key in (DECISION, REASON) if key in tags}
            tag(usecase, known.version, **decided)
            store.client().set_registered_model_alias(usecase, CHALLENGER, known.version)
        return known.version
    for known in _search(usecase, run_id=run_id):
        raise KaizenError(
            f"run {run_id} has registered {usecase} v{known.version} "
            f"(model {known.tags.get(SHA256, '?')[:7]}); this is another model "
            f"({identity[SHA256][:7]}): register it from a run of its own"
        )
    _make_registered_model(usecase)
    version = _create(usecase, run_id, model, inputs, outputs, golden, {**tags, **identity})
    store.client().set_registered_model_alias(usecase, CHALLENGER, version)
    return version


def promote(
    usecase: str, version: str, *, who: str = "gate", why: str = "", forced: bool = False
) -> None:
    """Make ``version`` the champion. Nothing happens when it is that already.

    The version keeps whom it replaced, for :func:`rollback`; going back to the version replaced
    last leaves that one's own predecessor as it was.

    Raises:
        UsageError: there is no such version.
        KaizenError: forced without saying who and why.
    """
    if forced and not (who.strip() and why.strip()):
        raise KaizenError("a forced promotion is recorded: say who forces it and why")
    chosen, now = get(usecase, version), champion(usecase)
    if now is not None and now.version == chosen.version:
        return
    approval = {
        "approved_by": who,
        "approved_at": _now(),
        "approved_why": why or chosen.tags.get(REASON, ""),
        "forced": str(forced).lower(),
    }
    if now is not None and now.tags.get(PREVIOUS) != chosen.version:
        approval[PREVIOUS] = now.version
    tag(usecase, chosen.version, **approval)
    mlflow = store.client()
    mlflow.set_registered_model_alias(usecase, CHAMPION, chosen.version)
    # An alias vanishes with a version deleted in MLflow; this name stays.
    mlflow.set_registered_model_tag(usecase, CHAMPION, chosen.version)
    _drop_challenger(chosen)


def refuse(usecase: str, version: str, reason: str) -> None:
    """Record that the gate refused ``version``. A champion made again stays what it is."""
    refused = get(usecase, version)
    if CHAMPION in refused.aliases:
        return
    tag(usecase, refused.version, **{DECISION: "refused", REASON: reason})
    _drop_challenger(refused)


def rollback(usecase: str, *, who: str = "user", why: str = "rollback") -> ModelVersion:
    """Make the version that the champion replaced champion again, and return it.

    Raises:
        KaizenError: there is no champion, or it replaced none, or that one was deleted.
    """
    now = champion(usecase)
    if now is None:
        raise KaizenError(f"{usecase} has no champion to roll back from")
    before = now.tags.get(PREVIOUS)
    if before is None:
        raise KaizenError(f"{usecase} v{now.version} replaced no version: nothing to roll back to")
    if before not in {known.version for known in list_versions(usecase)}:
        raise KaizenError(f"{usecase} v{before}, which v{now.version} replaced, was deleted")
    promote(usecase, before, who=who, why=why)
    tag(usecase, now.version, **{ROLLED_BACK: _now()})
    return get(usecase, before)


def champion(usecase: str) -> ModelVersion | None:
    """The champion; None where there is none, or where it was deleted in MLflow."""
    return _by_alias(usecase, CHAMPION)


def lost_champion(usecase: str) -> str | None:
    """The version promoted last when it was deleted behind kaizen's back, else None."""
    try:
        tags = store.client().get_registered_model(usecase).tags
    except MlflowException:
        return None
    return tags.get(CHAMPION) if champion(usecase) is None else None


def to_deploy(usecase: str) -> ModelVersion:
    """The challenger when the gate has promoted it and it is not live yet, else the champion.

    Raises:
        UsageError: there is neither.
    """
    challenger = _by_alias(usecase, CHALLENGER)
    if challenger is not None and challenger.tags.get(DECISION) == "promoted":
        return challenger
    return get(usecase, CHAMPION)


def get(usecase: str, ref: str) -> ModelVersion:
    """The version with number or alias ``ref``.

    Raises:
        UsageError: there is none; the nearest known one is offered.
    """
    if ref.isdecimal():
        try:
            found = store.client().get_model_version(usecase, ref)
        except MlflowException:
            raise _unknown(usecase, ref) from None
        return _record(found)
    by_alias = _by_alias(usecase, ref)
    if by_alias is None:
        raise _unknown(usecase, ref)
    return by_alias


def list_versions(usecase: str) -> list[ModelVersion]:
    """Every version of the use case, newest first."""
    return sorted(_search(usecase), key=lambda known: -int(known.version))


def delete(usecase: str, version: str) -> None:
    """Delete a version; its run stays.

    Raises:
        KaizenError: an alias points to it.
    """
    found = get(usecase, version)
    if found.aliases:
        raise KaizenError(
            f"{usecase} v{found.version} is {' and '.join(found.aliases)}: "
            "promote another version before you delete it"
        )
    store.client().delete_model_version(usecase, found.version)


def tag(usecase: str, version: str, **tags: Any) -> None:
    """Add tags to a version; a tag that is there is replaced."""
    for key, value in tags.items():
        store.client().set_model_version_tag(usecase, version, key, _text(value))


def onnx_bytes(usecase: str, ref: str) -> bytes:
    """The model of a version, checked against the digest it was registered under.

    Raises:
        UsageError: there is no such version.
        KaizenError: the file is gone or is not what was registered.
    """
    found = get(usecase, ref)
    content = _file(found, model_files.MODEL)
    expected, actual = found.tags.get(SHA256), model_files.sha256(content)
    if actual != expected:
        raise KaizenError(
            f"{model_files.MODEL} of {usecase} v{found.version} is not what was registered: "
            f"SHA-256 {expected} was expected and {actual} found; train again or roll back"
        )
    return content


def golden(usecase: str, ref: str) -> Golden:
    """The golden set of a version.

    Raises:
        UsageError: there is no such version.
        KaizenError: the file is gone.
    """
    return Golden.parse(_file(get(usecase, ref), model_files.GOLDEN))


def _create(
    usecase: str,
    run_id: str,
    model: bytes,
    inputs: Inputs,
    outputs: Outputs,
    golden: Golden,
    tags: Mapping[str, Any],
) -> str:
    mlflow = store.client()
    run = mlflow.get_run(run_id)
    logged = mlflow.create_logged_model(
        run.info.experiment_id, name=usecase, source_run_id=run_id, model_type="onnx"
    )
    try:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "model"
            model_files.write(path, logged, model, inputs, outputs, golden)
            mlflow.log_model_artifacts(logged.model_id, str(path))
    except BaseException:
        mlflow.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
        raise
    mlflow.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    mlflow.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    created = mlflow.create_model_version(
        usecase,
        # The location itself: a models:/ address would be looked up in MLflow's global store.
        source=logged.artifact_location,
        run_id=run_id,
        model_id=logged.model_id,
        tags={key: _text(value) for key, value in tags.items()},
    )
    return str(created.version)


def _make_registered_model(usecase: str) -> None:
    try:
        store.client().create_registered_model(usecase)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _drop_challenger(version: ModelVersion) -> None:
    if CHALLENGER in version.aliases:
        store.client().delete_registered_model_alias(version.usecase, CHALLENGER)


def _by_alias(usecase: str, alias: str) -> ModelVersion | None:
    try:
        return _record(store.client().get_model_version_by_alias(usecase, alias))
    except MlflowException:
        return None


def _search(usecase: str, run_id: str = "", **tags: str) -> list[ModelVersion]:
    """Versions with this run and these tags; newest first as MLflow orders them."""
    conditions = [f"name = '{usecase}'"]
    conditions += [f"run_id = '{run_id}'"] if run_id else []
    conditions += [f"tags.{key} = '{value}'" for key, value in tags.items()]
    mlflow, found, page = store.client(), [], None
    while True:
        part = mlflow.search_model_versions(" and ".join(conditions), page_token=page)
        found += part
        page = part.token
        if not page:
            break
    if not found:
        return []
    # A search leaves the aliases out.
    aliases = mlflow.get_registered_model(usecase).aliases
    for entity in found:
        version = str(entity.version)
        entity.aliases = [name for name, holder in aliases.items() if str(holder) == version]
    return [_record(entity) for entity in found]


def _unknown(usecase: str, ref: str) -> KaizenError:
    known = list_versions(usecase)
    if not known:
        return UsageError(
            f"{usecase} has no version {ref!r}: nothing is registered yet, "
            f"`kaizen run {usecase}` trains a first model"
        )
    names = [name for version in known for name in (version.version, *version.aliases)]
    return unknown(f"version or alias of {usecase}", ref, names)


def _record(entity: Entity) -> ModelVersion:
    return ModelVersion(
        usecase=entity.name,
        version=str(entity.version),
        aliases=tuple(sorted(entity.aliases)),
        run_id=entity.run_id,
        tags=dict(entity.tags),
        created=datetime.fromtimestamp(entity.creation_timestamp / 1000, UTC),
    )


def _file(version: ModelVersion, name: str) -> bytes:
    mlflow = store.client()
    source = mlflow.get_model_version_download_uri(version.usecase, version.version)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            path = artifacts.download_artifacts(
                f"{source}/{name}", dst_path=temporary, tracking_uri=store.uri()
            )
            return Path(path).read_bytes()
    except (OSError, MlflowException) as error:
        raise KaizenError(
            f"{name} of {version.usecase} v{version.version} cannot be read from {source}: {error}"
        ) from error


def _text(value: Any) -> str:
    return str(value)[:LONGEST_TAG]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
