"""Ports on loopback: which are free, and which to take."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from pgwright.errors import ServerError
from pgwright.server.instance import LOOPBACK

# Below the ranges from which systems take the ports of outgoing connections.
_FIRST, _LAST = 15432, 16431


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL does: connections of an ended server that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(avoid: Collection[int], *, at_random: bool = False) -> int:
    """Return a free port that is not in `avoid` (other instances' ports, also of stopped ones).

    The lowest one, or any one `at_random`: after a collision several processes
    may be looking at once, and would meet again at the lowest.
    """
    candidates = list(range(_FIRST, _LAST + 1))
    if at_random:
        random.shuffle(candidates)
    for port in candidates:
        if port not in avoid and is_free(port):
            return port
    raise ServerError(
        f"no free port between {_FIRST} and {_LAST} on {LOOPBACK}",
        hint="stop servers that are not needed: pgwright server stop; or ask for a port: --port PORT",
    )
