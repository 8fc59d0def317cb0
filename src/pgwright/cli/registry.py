"""The commands, one line each: name -> where it is, and what ``pgwright --help`` says of it.

The help stands here and not with the command, so that the overview imports no command at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Entry(NamedTuple):
    """Say where a command is (``module:attribute``) and what it does, in one line."""

    target: str
    help: str


# In the order in which people meet them; the overview keeps it.
COMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "status": Entry(
            "pgwright.cli.status.command:command", "Show the state of the database (the default)."
        ),
        "init": Entry("pgwright.cli.init:command", "Write pgwright.toml for this project."),
        "demo": Entry("pgwright.cli.demo:command", "Build the example systems with real data."),
        "server": Entry("pgwright.cli.server:command", "Start, stop and use embedded PostgreSQL servers."),
        "schema": Entry(
            "pgwright.cli.schema.command:command", "Compare the database with what the code expects."
        ),
        "copy": Entry(
            "pgwright.cli.copy.command:command", "Copy a database to another server, and verify it."
        ),
        "verify": Entry(
            "pgwright.cli.verify:command", "Compare two databases, down to the row that differs."
        ),
        "backup": Entry(
            "pgwright.cli.backup.command:command", "Back up, verify, restore, recover to a moment."
        ),
        "migrate": Entry(
            "pgwright.cli.migrate.command:command", "Run the project's migrations, safely on a live database."
        ),
        "data": Entry(
            "pgwright.cli.data.command:command", "Export and import rows, as CSV, JSON or Parquet."
        ),
        "policy": Entry(
            "pgwright.cli.policy.command:command", "Keep tables over time: retention, rollups and more."
        ),
        "inspect": Entry(
            "pgwright.cli.inspect.command:command", "Look into tables, indexes, activity and more."
        ),
        "doctor": Entry("pgwright.cli.doctor:command", "Find what is wrong, and what mends it."),
    }
)

# What no-argument `pgwright` runs.
DEFAULT = "status"
