"""Runs a project's pipelines and follows them: run, resume, plan, sweep, watch."""
