"""Cat, dog or something else? Pictures in PDF documents."""

EXTRAS = ("documents", "keras")
"""Of kaizen: what is installed with them is needed to train."""
