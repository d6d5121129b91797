"""What a pipeline run has made, found by its type.

A project's pipelines are its own: which step makes a result, and how that step and its output are
called, is for them to say. The type is what a run is asked for.
"""

from __future__ import annotations

from typing import TypeVar

from zenml.models import PipelineRunResponse

from kaizen.core.errors import KaizenError

Kind = TypeVar("Kind")


def load(run: PipelineRunResponse, kind: type[Kind]) -> Kind:
    """The one output of ``run`` that is a ``kind``.

    Raises:
        KaizenError: no step of the run has such an output.
    """
    wanted = f"{kind.__module__}.{kind.__qualname__}"
    for step in run.steps.values():
        for artifacts in step.outputs.values():
            for artifact in artifacts:
                if artifact.data_type.import_path == wanted:
                    found: Kind = artifact.load()
                    return found
    raise KaizenError(
        f"no step of the pipeline {run.pipeline.name if run.pipeline else run.name!r} returned a "
        f"{kind.__name__} ({wanted}): a step of this pipeline must, see "
        "`kaizen init --update` for the pipelines as kaizen has them"
    )
