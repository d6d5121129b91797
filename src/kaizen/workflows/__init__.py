"""Runs a project's pipelines and follows them: run, resume, plan, sweep, watch."""

from kaizen.orchestration import acceleration

acceleration.import_zenml()
