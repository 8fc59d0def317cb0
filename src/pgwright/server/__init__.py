"""PostgreSQL servers that pgwright keeps for itself and for its user, and scratch databases on them."""

from pgwright.server.binaries import Binaries, embedded_binaries
from pgwright.server.instance import Instance, ServerStatus, environment, find, url
from pgwright.server.lifecycle import instances, is_running, remove, start, status, stop
from pgwright.server.paths import cache_home, state_home
from pgwright.server.scratch import ScratchDatabase, ensure_roles, scratch_database

__all__ = [
    "Binaries",
    "Instance",
    "ScratchDatabase",
    "ServerStatus",
    "cache_home",
    "embedded_binaries",
    "ensure_roles",
    "environment",
    "find",
    "instances",
    "is_running",
    "remove",
    "scratch_database",
    "start",
    "state_home",
    "status",
    "stop",
    "url",
]
