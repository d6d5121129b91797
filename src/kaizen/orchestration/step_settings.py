"""What a step may ask of the ``parallel`` orchestrator."""

from __future__ import annotations

from pydantic import PositiveFloat
from zenml.config.base_settings import BaseSettings

KEY = "orchestrator.parallel"
"""With the flavor's name: a stack with another orchestrator leaves these settings out."""

_MATERIALIZERS = "kaizen.orchestration.materializers"
FRAME = f"{_MATERIALIZERS}.FrameMaterializer"
ARRAY = f"{_MATERIALIZERS}.ArrayMaterializer"
MODEL = f"{_MATERIALIZERS}.ModelMaterializer"
ONNX = f"{_MATERIALIZERS}.OnnxMaterializer"
"""How an output is stored. By name: ZenML asks its store when it is given a class."""


class ParallelSettings(BaseSettings):
    """Settings of one step.

    Attributes:
        heavy: run in a process of its own: CPU-bound work, frameworks with global state,
            environment variables of its own, anything that must be ended when it takes too long.
        timeout_s: longest time of one attempt in seconds. A heavy step's process is ended; a light
            step's thread cannot be: the step fails, what it does goes on unheard.
        preload: modules imported ahead, while earlier steps run, by the process that heavy steps
            are forked from. ``{name}`` is the value of the step's parameter ``name``; of a package
            every module in it is imported.
    """

    heavy: bool = False
    timeout_s: PositiveFloat | None = None
    preload: tuple[str, ...] = ()


def heavy(*preload: str, timeout_s: float | None = None) -> dict[str, ParallelSettings]:
    """For ``@step(settings=heavy("usecases.{usecase}"))``: run in a process of its own."""
    return {KEY: ParallelSettings(heavy=True, timeout_s=timeout_s, preload=preload)}


def light(timeout_s: float) -> dict[str, ParallelSettings]:
    """For ``@step(settings=light(timeout_s=30))``: a light step that may not take for ever."""
    return {KEY: ParallelSettings(timeout_s=timeout_s)}
