"""Segments of a shop's customers."""
