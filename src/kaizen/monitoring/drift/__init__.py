"""Drift: does a window come from where the reference came from? Profile, tests, streams."""
