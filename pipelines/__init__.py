"""Which steps, in which order."""

from kaizen.orchestration import lean_imports

lean_imports.load()
