"""Progression of diabetes."""
