"""The scheduled backup: make what is due, delete what no rule keeps, and restore one from time to time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pgwright.backup.base import create_base
from pgwright.backup.create import DumpOptions, Progress, create_dump
from pgwright.backup.drill import drill
from pgwright.backup.drills import Drill
from pgwright.backup.manifest import Kind, Manifest
from pgwright.backup.prune import prune
from pgwright.backup.repository import Repository
from pgwright.backup.retention import Policy
from pgwright.backup.state import backup_state
from pgwright.backup.trial import DrillOptions
from pgwright.checks.run import run_checks
from pgwright.config import Database, Project
from pgwright.config.backup import LOGICAL, PHYSICAL
from pgwright.errors import BackupMissing, UnsupportedServerError
from pgwright.jobs.record import Outcome, run_job
from pgwright.pg.address import parse_address

BACKUP, DRILL = "backup", "backup drill"
# What a restore itself can do wrong; the rest of the findings belong to the live database.
_CHECKS = ("invalid_index", "collation_version")


def run_backup(
    project: Project, database: Database, repository: Repository, *, progress: Progress | None = None
) -> Outcome:
    """Do the daily work for a database, on record as the job ``backup``.

    Raises `LockTimeoutError` when it is being done already, and the errors of its parts.
    """
    config = project.backup
    made: list[Manifest] = []

    def work() -> Mapping[str, Any]:
        if LOGICAL in config.daily:
            options = DumpOptions(form=config.form, jobs=config.jobs)
            made.append(create_dump(repository, database.url, options, progress=progress))
        if PHYSICAL in config.daily:
            made.append(_base(repository, database.url, config.full_days, progress))
        gone = prune(repository, policy_of(project))
        return {
            "backups": [new.id for new in made],
            "bytes": sum(new.size for new in made),
            "removed": [old.id for old in gone.removed],
            "freed": gone.bytes,
        }

    outcome = run_job(database.url, BACKUP, work)
    if is_drill_due(project, database):
        for new in made:
            # A server that cannot read what it writes leaves drills to a machine that has the key.
            if repository.can_read(new):
                run_drill(project, database, repository, new, progress=progress)
    return outcome


def _base(repository: Repository, url: str, full_days: int, progress: Progress | None) -> Manifest:
    """Make a base backup: incremental as long as the last full one is young enough and the server can."""
    full = [made for made in repository.backups() if made.kind is Kind.BASE]
    # Runs do not begin to the second: a week is over in the hour in which it began.
    edge = datetime.now(UTC) - timedelta(days=full_days, hours=-1)
    if full and full[-1].finished_at > edge:
        with suppress(UnsupportedServerError, BackupMissing):
            return create_base(repository, url, incremental=True, progress=progress)
    return create_base(repository, url, progress=progress)


def is_drill_due(project: Project, database: Database) -> bool:
    """Tell whether the last drill is longer ago than ``drill_days``; 0 is never."""
    days = project.backup.drill_days
    state = backup_state(project.backup, parse_address(database.url).dbname)
    age = state.drill_age()
    return bool(days) and (age is None or age > days * 86400)


def run_drill(
    project: Project,
    database: Database,
    repository: Repository,
    backup: Manifest,
    *,
    progress: Progress | None = None,
) -> Drill:
    """Restore a backup on scratch and look whether it is the database that the project expects.

    Its own record goes into the repository; the ledger of the live database is not touched, because it may
    be what was lost.
    """
    config = project.backup
    options = DrillOptions(
        scratch=project.scratch,
        queries=config.queries,
        database=parse_address(database.url).dbname,
        jobs=config.jobs,
    )
    return drill(repository, backup, options, inspect=lambda url: _wrong(project, url), progress=progress)


def policy_of(project: Project) -> Policy:
    """Return what ``[backup]`` says about keeping."""
    config = project.backup
    return Policy(
        days=config.keep_days,
        last=config.keep_last,
        daily=config.keep_daily,
        weekly=config.keep_weekly,
        monthly=config.keep_monthly,
    )


def _wrong(project: Project, url: str) -> Sequence[str]:
    """Return what the checks find in a restored database that must not be there."""
    return [f"{f.check}: {f.message}" for f in run_checks(url, project, only=_CHECKS).findings]
