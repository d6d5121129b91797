"""The program of a zygote that was started, not forked: ``python -m stacks.zenml_spawned``."""

from __future__ import annotations

import sys

from stacks import zenml_start  # noqa: F401 - first: it imports ZenML the quick way
from stacks.zenml_zygote import serve_spawned

if __name__ == "__main__":
    serve_spawned(*sys.argv[1:])
