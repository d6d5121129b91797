"""Which steps, in which order."""

from stacks import zenml_imports

zenml_imports.load()
