"""The model leaves its framework: ONNX, and the golden set that proves it still answers alike."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.modeling import export as registry
from kaizen.orchestration.step_settings import ONNX, heavy


@step(
    output_materializers={"onnx": ONNX},
    settings=heavy("usecases.{usecase}"),
)
def export(
    usecase: str, model: Any, train: pd.DataFrame, validation: pd.DataFrame
) -> tuple[Annotated[bytes, "onnx"], Annotated[str, "golden_set"]]:
    rows = train if validation.empty else validation
    onnx, golden, difference = registry.export(catalog.usecase(usecase), model, rows)
    golden_set = golden.dump()
    progress.figure(f"{len(onnx):,} bytes, differs by {difference:.1e} at most")
    return onnx, golden_set
