"""Whether somebody listens at an address of this machine."""

import os
import socket

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean every one of this machine, with one at which it can be asked."""


def is_taken(host: str, port: int) -> bool:
    """Whether a server could not listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def answers(host: str, port: int) -> bool:
    """Whether a server takes connections there."""
    try:
        socket.create_connection((WILDCARDS.get(host, host), port), timeout=1).close()
    except OSError:
        return False
    return True
