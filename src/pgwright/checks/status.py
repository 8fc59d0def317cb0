"""What one screen says about a database: who it is, how it is, whether it is what the code expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.checks.run import Report, run_checks
from pgwright.errors import PgwrightError
from pgwright.migrate import MigrationState, migration_state
from pgwright.observe.overview import Overview, overview
from pgwright.pg.capabilities import ServerInfo, capabilities

if TYPE_CHECKING:
    import psycopg

    from pgwright.config import Project


@dataclass(frozen=True, kw_only=True)
class Status:
    """Hold the state of a database at one moment.

    `migrations` is None where the project names none, and `migrations_problem` says why their state is not
    known. `drift` is the number of objects that differ from the models, None where that was not looked at.
    `report` holds the findings of the quick checks.
    """

    server: ServerInfo
    overview: Overview
    migrations: MigrationState | None
    migrations_problem: str | None
    drift: int | None
    report: Report


def read_status(conn: psycopg.Connection[Any], project: Project, *, url: str, drift: bool = False) -> Status:
    """Return the status of the database that `conn` leads to; `url` leads there as well.

    With `drift` the live schema is compared with the models, which takes seconds. Raises psycopg's errors
    where the connection is lost.
    """
    import psycopg  # noqa: PLC0415

    migrations, problem = None, None
    try:
        migrations = migration_state(conn, project)
    except PgwrightError as error:
        problem = error.message
    except psycopg.errors.InsufficientPrivilege as error:
        problem = str(error.diag.message_primary)
    report = run_checks(conn, project, url=url, slow=False)
    found = None
    if drift and project.models:
        one = run_checks(conn, project, url=url, only=("schema_drift",))
        report = Report(
            findings=tuple(sorted((*report.findings, *one.findings), key=lambda f: f.severity.rank)),
            checked=(*report.checked, *one.checked),
            ignored=(*report.ignored, *one.ignored),
        )
        found = sum(
            f.evidence.get("changes", 0) for f in (*one.findings, *one.ignored) if f.check == "schema_drift"
        )
        if any(str(f.severity) == "skipped" for f in one.findings):
            found = None
    return Status(
        server=capabilities(conn),
        overview=overview(conn),
        migrations=migrations,
        migrations_problem=problem,
        drift=found,
        report=report,
    )
