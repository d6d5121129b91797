"""What a pipeline would do: which steps would run and why, which the cache would answer.

Follows ZenML 0.98's own order of work (``create_cached_step_runs``) without writing a run: the
same cache keys, asked of the same store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from zenml.client import Client
from zenml.orchestrators.cache_utils import generate_cache_key, get_cached_step_run

from kaizen.core import project
from kaizen.orchestration.cache_policy import library_versions

if TYPE_CHECKING:
    from zenml.config.cache_policy import CachePolicy
    from zenml.config.step_configurations import Step
    from zenml.models import StepRunResponse
    from zenml.pipelines.pipeline_definition import Pipeline


CODE, LIBRARIES = "code", "libraries"


def origin(policy: CachePolicy) -> dict[str, Any]:
    """What a step is made of, to be kept with its run: each file's digest, and the libraries.

    The cache key is one number; this is how a later plan can say which file changed.
    """
    files = policy.file_dependencies or []
    return {
        CODE: {name: _digest(name) for name in files},
        LIBRARIES: library_versions(),
    }


def _digest(file: str) -> str:
    return hashlib.sha256((project.current().root / file).read_bytes()).hexdigest()[:8]


@dataclass(frozen=True)
class Planned:
    """One step: whether it would run, and why or why not."""

    step: str
    runs: bool
    why: str


def plan(pipeline: Pipeline, last: Mapping[str, StepRunResponse]) -> list[Planned]:
    """The steps of a prepared pipeline in order.

    Args:
        pipeline: after ``prepare(...)`` with the arguments of the run.
        last: the step runs of the run before, by name, to say what changed since.
    """
    snapshot, _, _ = pipeline._compile()
    client = Client()
    store, project = client.active_stack.artifact_store, client.active_project.id
    known: dict[str, StepRunResponse] = {}
    made: list[Planned] = []
    for name, step in snapshot.step_configurations.items():
        waits = [above for above in step.spec.upstream_steps if above not in known]
        if step.config.enable_cache is False:
            made.append(Planned(name, True, "it always runs"))
        elif waits:
            made.append(Planned(name, True, f"it follows {' and '.join(waits)}"))
        else:
            key = generate_cache_key(step, _inputs(step, known), store, project)
            found = get_cached_step_run(key)
            if found is not None:
                known[name] = found
                made.append(Planned(name, False, f"as on {found.created:%Y-%m-%d %H:%M} UTC"))
            else:
                made.append(Planned(name, True, changed(step.config, last.get(name))))
    return made


def changed(now: Any, before: StepRunResponse | None) -> str:
    """What is different in a step's configuration since the run before, in words."""
    if before is None:
        return "it never ran"
    reasons = _differences(before.config.parameters, now.parameters)
    reasons += _files(before.config.extra.get(CODE, {}), now.extra.get(CODE, {}))
    used = {*_split(now.extra)} - {*_split(before.config.extra)}
    reasons += [f"{library} is new" for library in sorted(used)]
    return ", ".join(reasons) or "what it is given has changed"


def _split(extra: Mapping[str, Any]) -> list[str]:
    return str(extra.get(LIBRARIES, "")).split(", ")


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> list[str]:
    found: list[str] = []
    for key in sorted({*before, *now}):
        was, value = before.get(key), now.get(key)
        if isinstance(was, Mapping) and isinstance(value, Mapping):
            found += _differences(was, value, f"{above}{key}.")
        elif was != value:
            found.append(f"{above}{key} {was} → {value}")
    return found


def _files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [
        f"{name} changed" for name in sorted({*before, *now}) if before.get(name) != now.get(name)
    ]


def _inputs(step: Step, known: Mapping[str, StepRunResponse]) -> Any:
    """Each input's artifacts as the cache key wants them."""
    return {
        name: [
            SimpleNamespace(
                id=artifact.id,
                content_hash=artifact.content_hash,
                chunk_index=spec.chunk_index,
                chunk_size=spec.chunk_size,
            )
            for spec in (specs if isinstance(specs, list) else [specs])
            for artifact in known[spec.step_name].outputs[spec.output_name]
        ]
        for name, specs in step.spec.inputs.items()
    }
