"""Run migrations on a live database: one at a time, patient with locks, on record, ready to go on."""

from __future__ import annotations

from pgwright.config import Project
from pgwright.migrate.audience import Audience
from pgwright.migrate.process import migration_process
from pgwright.migrate.tools import tool_of
from pgwright.migrate.way import Outcome, Pace, Way


def migrate(
    project: Project,
    url: str,
    way: Way,
    *,
    pace: Pace | None = None,
    audience: Audience | None = None,
    from_start: bool = False,
) -> Outcome:
    """Run the project's migrations on the database at `url`.

    One run at a time: another one's end is waited for, and where it leaves nothing to do, nothing is done. A
    revision that cannot have its locks is tried again, each time as a whole or from the statement that is not
    committed yet. `from_start` forgets which statements of a half-done revision are committed.

    Raises `LockTimeoutError`, `StatementError`, `MigrationError` for what fails: what came before it stays.
    """
    audience = audience or Audience()
    with migration_process(tool_of(project), url=url, live=True, say=audience.said) as process:
        # The project's process takes most of the time to begin: it starts before the driver is imported here.
        from pgwright.migrate.task import carry_out  # noqa: PLC0415

        return carry_out(
            project, process, url, way, pace=pace or Pace(), audience=audience, from_start=from_start
        )
