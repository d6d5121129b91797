"""Seeded traffic: what comes from where, in which tick, with which truth."""
