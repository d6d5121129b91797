"""Exactly what goes into a Bento, and the code that builds it."""
