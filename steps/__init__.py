"""ZenML steps: a few lines each that call the rooms below."""
