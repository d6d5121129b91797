"""Handwritten digits."""

EXTRAS = ("keras",)
"""Of kaizen: what is installed with them is needed to train."""
