"""Cat, dog or something else? Pictures in PDF documents."""
