"""kaizen, the loop that keeps a machine-learning model good.

The public Python API. Names load on first use, so that ``import kaizen`` stays
light and the serving process, which carries this package, stays small::

    import kaizen

    result = kaizen.run("digits", preset="fast")
    model = kaizen.load("digits@champion")
    model.predict([{"image": pixels}])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kaizen._version import __version__

__all__ = ["KaizenError", "UsageError", "__version__", "load", "run"]

_HOMES = {
    "KaizenError": "kaizen.core.errors",
    "UsageError": "kaizen.core.errors",
    "load": "kaizen.api",
    "run": "kaizen.api",
}

if TYPE_CHECKING:
    from kaizen.api import load, run
    from kaizen.core.errors import KaizenError, UsageError


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kaizen' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
