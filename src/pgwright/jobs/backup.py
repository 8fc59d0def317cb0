"""The scheduled backup: make one, delete what no rule keeps, and restore one from time to time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgwright.backup.create import DumpOptions, Progress, create_dump
from pgwright.backup.drill import Drill, DrillOptions, drill
from pgwright.backup.manifest import Manifest
from pgwright.backup.prune import prune
from pgwright.backup.repository import Repository
from pgwright.backup.retention import Policy
from pgwright.backup.state import backup_state
from pgwright.checks.run import run_checks
from pgwright.config import Database, Project
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

    def work() -> Mapping[str, Any]:
        config = project.backup
        made = create_dump(
            repository, database.url, DumpOptions(form=config.form, jobs=config.jobs), progress=progress
        )
        gone = prune(repository, policy_of(project))
        return {
            "backup": made.id,
            "bytes": made.size,
            "removed": [old.id for old in gone.removed],
            "freed": gone.bytes,
        }

    outcome = run_job(database.url, BACKUP, work)
    made = repository.get(outcome.result["backup"])
    # A server that cannot read what it writes leaves drills to a machine that has the key.
    if repository.can_read(made) and is_drill_due(project, database):
        run_drill(project, repository, made, progress=progress)
    return outcome


def is_drill_due(project: Project, database: Database) -> bool:
    """Tell whether the last drill is longer ago than ``drill_days``; 0 is never."""
    days = project.backup.drill_days
    state = backup_state(project.backup, parse_address(database.url).dbname)
    age = state.drill_age()
    return bool(days) and (age is None or age > days * 86400)


def run_drill(
    project: Project,
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
    options = DrillOptions(scratch=project.scratch, queries=config.queries, jobs=config.jobs)
    return drill(
        repository,
        backup,
        options,
        inspect=None if backup.is_physical else lambda url: _wrong(project, url),
        progress=progress,
    )


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
