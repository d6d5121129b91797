"""HTTP to the servers of this machine."""

from __future__ import annotations

import ssl

import httpx

API_KEY = "KAIZEN_API_KEY"
"""Environment variable with the API key that a command asks a service with."""


def client(timeout_s: float, uds: str | None = None) -> httpx.Client:
    """A client that speaks no TLS and goes through no proxy.

    To load the certificates that it has no use for would take 29 ms of CPU, each time.

    Args:
        timeout_s: longest wait for one step of an exchange.
        uds: path of a Unix socket, None to connect by address.
    """
    transport = httpx.HTTPTransport(uds=uds, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return httpx.Client(transport=transport, timeout=timeout_s, trust_env=False)
