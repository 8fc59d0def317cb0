"""Talk with a PostgreSQL server: connections, what it can do, sessions, quoting, redaction.

Most names here are resolved on first use, because the modules behind them load psycopg, and
rendering an error or a help page must not wait for that. A function named like its module must be
imported at once: importing the module later would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgwright.pg.capabilities import FEATURES, Feature, ServerInfo, capabilities, has, require
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact, remember_secret, safe_url

if TYPE_CHECKING:
    from pgwright.pg.address import Address, parse_address
    from pgwright.pg.blocking import Blocker, blockers, watch_blockers
    from pgwright.pg.quoting import Name, deparsed, literal, names, qualified, render, typed
    from pgwright.pg.session import advisory_lock, settings
    from pgwright.pg.sqlfiles import load_sql
    from pgwright.pg.statements import statement_error

__all__ = [
    "FEATURES",
    "Address",
    "Blocker",
    "Feature",
    "Name",
    "ServerInfo",
    "advisory_lock",
    "blockers",
    "capabilities",
    "connect",
    "deparsed",
    "has",
    "literal",
    "load_sql",
    "names",
    "parse_address",
    "qualified",
    "redact",
    "remember_secret",
    "render",
    "require",
    "safe_url",
    "settings",
    "statement_error",
    "typed",
    "watch_blockers",
]

_HOMES = {
    "address": ("Address", "parse_address"),
    "blocking": ("Blocker", "blockers", "watch_blockers"),
    "quoting": ("Name", "deparsed", "literal", "names", "qualified", "render", "typed"),
    "session": ("advisory_lock", "settings"),
    "sqlfiles": ("load_sql",),
    "statements": ("statement_error",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
