"""The scheduled backup: make what is due, delete what no rule keeps, and restore one from time to time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pgwright.backup.create.base import create_base
from pgwright.backup.create.logical import DumpOptions, Progress, create_dump
from pgwright.backup.drill.drill import drill, drill_source
from pgwright.backup.drill.record import Drill
from pgwright.backup.drill.trial import DrillOptions
from pgwright.backup.engine import project_stanza, their_backups
from pgwright.backup.pgbackrest import backups as pgbackrest
from pgwright.backup.pgbackrest.backups import Made
from pgwright.backup.pgbackrest.source import StanzaSource
from pgwright.backup.prune import prune
from pgwright.backup.recover.plan import Target
from pgwright.backup.repository.manifest import Kind, Manifest
from pgwright.backup.repository.repository import Repository
from pgwright.backup.retention import Policy, decide
from pgwright.backup.state import backup_state
from pgwright.checks.run import run_checks
from pgwright.config import Database, Project
from pgwright.config.backup import LOGICAL, PGBACKREST, PHYSICAL
from pgwright.errors import BackupMissing, UnsupportedServerError
from pgwright.jobs.record import Outcome, run_job
from pgwright.pg.address import parse_address

BACKUP, DRILL = "backup", "backup drill"
# What a restore itself can do wrong; the rest of the findings belong to the live database.
_CHECKS = ("invalid_index", "collation_version")


def run_backup(
    project: Project, database: Database, repository: Repository, *, progress: Progress | None = None
) -> tuple[Outcome, tuple[Drill, ...]]:
    """Do the daily work for a database, on record as the job ``backup``, and hold the drills that are due.

    Raises `LockTimeoutError` when it is being done already, and the errors of its parts.
    """
    config = project.backup
    made: list[Manifest | Made] = []

    def work() -> Mapping[str, Any]:
        if LOGICAL in config.daily:
            options = DumpOptions(form=config.form, jobs=config.jobs)
            made.append(create_dump(repository, database.url, options, progress=progress))
        if PHYSICAL in config.daily:
            made.append(_physical(project, database, repository, progress))
        gone = prune(repository, policy_of(project))
        theirs = _expire(project)
        removed: tuple[Manifest | Made, ...] = (*gone.removed, *theirs)
        return {
            "backups": [new.id for new in made],
            "bytes": sum(new.size for new in made),
            "removed": [old.id for old in removed],
            "freed": gone.bytes + sum(old.size for old in theirs),
        }

    outcome = run_job(database.url, BACKUP, work)
    # A server that cannot read what it writes leaves drills to a machine that has the key.
    readable = [new for new in made if isinstance(new, Made) or repository.can_read(new)]
    due = readable if is_drill_due(project, database) else ()
    return outcome, tuple(run_drill(project, database, repository, new, progress=progress) for new in due)


def _physical(
    project: Project, database: Database, repository: Repository, progress: Progress | None
) -> Manifest | Made:
    """Make a physical backup by the project's engine: full when the last full one is too old, else on top."""
    days = project.backup.full_days
    if project.backup.engine == PGBACKREST:
        stanza = project_stanza(project, database.url)
        full = [one.finished_at for one in pgbackrest.backups(stanza) if one.kind == pgbackrest.FULL]
        kind = pgbackrest.INCREMENTAL if _is_young(full, days) else pgbackrest.FULL
        return pgbackrest.create(stanza, kind)
    if _is_young((one.finished_at for one in repository.backups() if one.kind is Kind.BASE), days):
        with suppress(UnsupportedServerError, BackupMissing):
            return create_base(repository, database.url, incremental=True, progress=progress)
    return create_base(repository, database.url, progress=progress)


def _is_young(finished: Iterable[datetime], days: int) -> bool:
    # Runs do not begin to the second: a week is over in the hour in which it began.
    edge = datetime.now(UTC) - timedelta(days=days, hours=-1)
    return any(at > edge for at in list(finished)[-1:])


def _expire(project: Project) -> tuple[Made, ...]:
    """Let pgBackRest delete what no rule keeps, and return it."""
    gone = tuple(d.backup for d in decide(their_backups(project), policy_of(project)) if not d.keep)
    if project.backup.engine == PGBACKREST:
        pgbackrest.expire(project_stanza(project), [made.id for made in gone])
    return gone


def is_drill_due(project: Project, database: Database) -> bool:
    """Tell whether the last drill is longer ago than ``drill_days``; 0 is never."""
    days = project.backup.drill_days
    state = backup_state(project, parse_address(database.url).dbname)
    age = state.drill_age()
    return bool(days) and (age is None or age > days * 86400)


def run_drill(
    project: Project,
    database: Database,
    repository: Repository,
    backup: Manifest | Made,
    *,
    progress: Progress | None = None,
) -> Drill:
    """Restore a backup on scratch and look whether it is the database that the project expects.

    Its own record goes into the repository; the ledger of the live database is not touched, because it may
    be what was lost.
    """
    options = drill_options(project, database)

    def inspect(url: str) -> Sequence[str]:
        return _wrong(project, url)

    if isinstance(backup, Made):
        source = StanzaSource(stanza=project_stanza(project), backup=backup, target=Target(), named=True)
        return drill_source(repository, source, backup.id, options, inspect=inspect, progress=progress)
    return drill(repository, backup, options, inspect=inspect, progress=progress)


def drill_options(project: Project, database: Database | None = None) -> DrillOptions:
    """Return how a project restores on scratch, and what it asks of `database` there."""
    config = project.backup
    return DrillOptions(
        scratch=project.scratch,
        queries=config.queries,
        database=parse_address(database.url).dbname if database else None,
        jobs=config.jobs,
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
