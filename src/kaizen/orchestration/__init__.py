"""Where it runs: stacks, and everything that touches ZenML's internals (``zenml_*.py``)."""
