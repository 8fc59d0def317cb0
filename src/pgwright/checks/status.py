"""What one screen says about a database: who it is, how it is, whether it is what the code expects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgwright.backup.state import BackupState, is_local
from pgwright.checks.check import Situation
from pgwright.checks.run import Report, choose, examine, situation_of
from pgwright.errors import PgwrightError
from pgwright.migrate.state import MigrationState
from pgwright.model.finding import Severity
from pgwright.observe.overview import Overview, overview
from pgwright.pg.capabilities import ServerInfo

if TYPE_CHECKING:
    import psycopg

    from pgwright.config import Project

# Quick where the repository is on this machine, and read already.
_OF_BACKUPS = ("backup_overdue", "backup_drill")


@dataclass(frozen=True, kw_only=True)
class Status:
    """Hold the state of a database at one moment.

    `migrations` is None where the project names none, and `migrations_problem` says why their state is not
    known. `drift` is the number of objects that differ from the models, None where that was not looked at.
    `report` holds the findings of the quick checks. `backups` is what a repository on this machine tells,
    with findings of its own; where it is None, `backups_problem` says why.
    """

    server: ServerInfo
    overview: Overview
    migrations: MigrationState | None
    migrations_problem: str | None
    drift: int | None
    report: Report
    backups: BackupState | None = None
    backups_problem: str | None = None


def read_status(conn: psycopg.Connection[Any], project: Project, *, url: str, drift: bool = False) -> Status:
    """Return the status of the database that `conn` leads to; `url` leads there as well.

    With `drift` the live schema is compared with the models, which takes seconds. The timeouts of `conn` hold
    for the checks. Raises psycopg's errors where the connection is lost.
    """
    situation = situation_of(conn, project, url=url)
    migrations, problem = _migrations(situation)
    report = examine(situation, choose(slow=False))
    backups, untold = _backups(situation)
    if backups is not None:
        report = _joined(report, examine(situation, choose(only=_OF_BACKUPS)))
    compared = examine(situation, choose(only=("schema_drift",))) if drift and project.models else None
    return Status(
        server=situation.server,
        overview=overview(conn),
        migrations=migrations,
        migrations_problem=problem,
        drift=_differences(compared) if compared else None,
        report=_joined(report, compared) if compared else report,
        backups=backups,
        backups_problem=untold,
    )


def _backups(situation: Situation) -> tuple[BackupState | None, str | None]:
    """Return what the repository tells; a distant one is not asked, because the screen must not wait."""
    project = situation.project
    if project is None or not (project.backup.configured or Path(project.backup.repository).is_dir()):
        return None, "none known"
    if not is_local(project.backup):
        return None, "far away; ask with: pgwright backup list"
    try:
        return situation.backups, None
    except PgwrightError as error:
        return None, error.message


def _migrations(situation: Situation) -> tuple[MigrationState | None, str | None]:
    import psycopg  # noqa: PLC0415

    try:
        return situation.migrations, None
    except PgwrightError as error:
        return None, error.message
    except psycopg.errors.InsufficientPrivilege as error:
        return None, str(error.diag.message_primary)


def _differences(report: Report) -> int | None:
    found = (*report.findings, *report.ignored)
    if any(finding.severity is Severity.SKIPPED for finding in found):
        return None
    return sum(int(finding.evidence["changes"]) for finding in found)


def _joined(one: Report, other: Report) -> Report:
    return Report(
        findings=tuple(sorted((*one.findings, *other.findings), key=lambda finding: finding.severity.rank)),
        checked=(*one.checked, *other.checked),
        ignored=(*one.ignored, *other.ignored),
    )
