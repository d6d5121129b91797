"""Alerts: which rules windows violate, who is notified, when, and how often."""
