"""Customers of a bank who leave it."""
