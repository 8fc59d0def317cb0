"""What a check is, and what it is told about the database that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pgwright.model.finding import Finding, Severity

if TYPE_CHECKING:
    import psycopg

    from pgwright.backup.state import BackupState
    from pgwright.config import Project
    from pgwright.migrate.revisions.graph import Revisions
    from pgwright.migrate.state import MigrationState
    from pgwright.pg.capabilities import ServerInfo

Row = Mapping[str, Any]
PG_MONITOR = "pg_monitor"


class Scope(StrEnum):
    """Say what a check is about: `SERVER` and `DATABASE` need no project, `PROJECT` does."""

    SERVER = "server"
    DATABASE = "database"
    PROJECT = "project"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Tell a check where it is.

    `url` holds the password. `project` is None where there is no pgwright.toml. `sees_all` is False where
    other roles' sessions and statistics are hidden from this role. `today` decides what is out of date.
    """

    server: ServerInfo
    url: str = field(repr=False)
    conn: psycopg.Connection[Any] = field(repr=False)
    project: Project | None
    sees_all: bool
    today: date

    @cached_property
    def revisions(self) -> Revisions | None:
        """Return the project's migrations on disk; None without any. Raises `SourceError`."""
        from pgwright.migrate.state import migration_files  # noqa: PLC0415

        return None if self.project is None else migration_files(self.project)

    @cached_property
    def migrations(self) -> MigrationState | None:
        """Return where the database stands among the project's migrations; None without any.

        Raises `SourceError` where they cannot be read.
        """
        from pgwright.migrate.state import migration_state  # noqa: PLC0415

        if self.project is None or self.revisions is None:
            return None
        return migration_state(self.conn, self.project, self.revisions)

    @cached_property
    def backups(self) -> BackupState:
        """Return what the project's repository holds of the database.

        Raises the errors of the storage, and of pgBackRest where that makes the physical backups.
        """
        from pgwright.backup.state import backup_state  # noqa: PLC0415

        assert self.project is not None
        return backup_state(self.project, self.server.database)


def _always(_: Situation) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Check:
    """Describe a check.

    `severity` is the gravest that it reports. `query` names a ``.sql`` file of this package, or
    ``package:name``; its rows go to `evaluate`, which yields findings and touches nothing. `requires` names
    predefined roles without which rows are missing: what can be seen is still evaluated, and a finding of
    severity SKIPPED says what cannot. `applies` tells whether there is anything to look at. A `slow` check
    takes seconds and is left out of the status screen.
    """

    id: str
    title: str
    scope: Scope
    severity: Severity
    evaluate: Callable[[Sequence[Row], Situation], Iterable[Finding]]
    query: str | None = None
    requires: tuple[str, ...] = ()
    applies: Callable[[Situation], bool] = _always
    slow: bool = False

    def finding(
        self,
        subject: str,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity | None = None,
        **evidence: Any,
    ) -> Finding:
        """Return a finding of this check; `evidence` holds what was measured."""
        return Finding(
            check=self.id,
            severity=severity or self.severity,
            subject=subject,
            message=message,
            evidence=evidence,
            hint=hint,
        )

    def skipped(self, subject: str, reason: str, *, hint: str | None = None) -> Finding:
        """Return the finding that says why the check could not look."""
        return self.finding(subject, reason, hint=hint, severity=Severity.SKIPPED)
