"""Proof of the drift verdict: how often it errs, and what it finds."""
