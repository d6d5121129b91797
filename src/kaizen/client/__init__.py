"""Asks a service: over HTTP, or a Bento in a process of its own."""
