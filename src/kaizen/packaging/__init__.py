"""Builds the Bento of a model version, and its image."""
