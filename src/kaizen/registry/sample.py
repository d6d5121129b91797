"""A real request to try a served model with, as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kaizen.core import atomic
from kaizen.core.paths import Home
from kaizen.registry import versions


def write(usecase: str, home: Home, version: str = "champion") -> tuple[Path, dict[str, Any]]:
    """The body of a request for one row of the golden set, and the answer that is due."""
    golden = versions.golden(usecase, version)
    path = home.samples / f"{usecase}.json"
    atomic.write_text(path, json.dumps({"rows": golden.requests[:1]}))
    return path, golden.responses[0]
