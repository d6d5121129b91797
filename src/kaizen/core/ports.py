"""Ports on the loopback interface: the user's fixed one, or the next that is free."""

from __future__ import annotations

import os
import socket

from kaizen.core.errors import KaizenError, UsageError

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(name: str, default: int) -> int:
    """``KAIZEN_PORT_<NAME>`` when it is set, else the first free port from ``default``.

    Raises:
        UsageError: the variable is not a port number.
        KaizenError: the user fixed the port and it is taken, or none of 200 ports is free.
    """
    variable = f"KAIZEN_PORT_{name.upper()}"
    fixed = os.environ.get(variable)
    if fixed is not None:
        if not fixed.isdecimal() or not 0 < int(fixed) < 65536:
            raise UsageError(f"{variable} is {fixed!r}: expected a port number from 1 to 65535")
        if not is_free(int(fixed)):
            raise KaizenError(
                f"port {fixed} is taken ({variable} fixes it): "
                f"stop its owner, or unset {variable} to take the next free port"
            )
        return int(fixed)
    for port in range(default, default + 200):
        if is_free(port):
            return port
    raise KaizenError(f"no free port from {default} to {default + 199}: set {variable}")
