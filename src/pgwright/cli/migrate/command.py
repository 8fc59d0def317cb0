"""`pgwright migrate`: run the project's own Alembic or Django migrations on a live database."""

from __future__ import annotations

from pgwright.cli.group import group
from pgwright.cli.migrate.create import create
from pgwright.cli.migrate.lint import lint
from pgwright.cli.migrate.look import current, history, sql, status
from pgwright.cli.migrate.repair import repair
from pgwright.cli.migrate.run import downgrade, reset, resume, upgrade


@group("migrate")
def command() -> None:
    """Run the project's Alembic or Django migrations, safely on a live database.

    Example: pgwright migrate upgrade
    """


for below in (create, lint, upgrade, downgrade, reset, resume, repair, current, status, history, sql):
    command.add_command(below)
