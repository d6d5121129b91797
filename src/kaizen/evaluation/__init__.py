"""Scores, bootstrap, comparison, the gate."""
