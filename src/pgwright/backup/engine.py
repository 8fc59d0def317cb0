"""Who makes a project's physical backups: pgwright itself, or pgBackRest; and where those of either are."""

from __future__ import annotations

from pgwright.backup.pgbackrest import archive as their_archive
from pgwright.backup.pgbackrest import backups as pgbackrest
from pgwright.backup.pgbackrest.backups import Made
from pgwright.backup.pgbackrest.stanza import Stanza, stanza_of, stanza_of_server
from pgwright.backup.repository.encryption import Encryption
from pgwright.backup.repository.manifest import Manifest
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.backup.wal import state as own_archive
from pgwright.backup.wal.state import ArchiveState
from pgwright.config import Project
from pgwright.config.backup import PGBACKREST, BackupConfig
from pgwright.errors import BackupMissing


def project_repository(project: Project) -> Repository:
    """Return the repository of a project. Raises `ConfigError`, and the errors of `open_store`."""
    return open_repository(project.backup.repository, _encryption(project.backup))


def project_stanza(project: Project, url: str | None = None) -> Stanza:
    """Return what leads to pgBackRest's backups of a project; with `url` also to its server, which is here.

    Raises `ConfigError` where it is not installed, and what `stanza_of_server` raises.
    """
    config, encryption = project.backup, _encryption(project.backup)
    if url is None:
        return stanza_of(config.repository, project.name, encryption, jobs=config.jobs)
    return stanza_of_server(config.repository, project.name, encryption, url, jobs=config.jobs)


def their_backups(project: Project) -> tuple[Made, ...]:
    """Return pgBackRest's backups, the oldest first; none where it is not the engine of the project."""
    if project.backup.engine != PGBACKREST:
        return ()
    return pgbackrest.backups(project_stanza(project))


def find_backup(
    project: Project, repository: Repository, id: str | None = None, *, database: str | None = None
) -> Manifest | Made:
    """Return a backup by its id, by default the newest that all of a database is in, whoever made it.

    Raises `BackupMissing`.
    """
    theirs = their_backups(project)
    for made in theirs:
        if made.id == id:
            return made
    if id not in (None, "latest") or not theirs:
        return repository.get(id, database=database, physical=True)
    try:
        own = repository.get(database=database, physical=True)
    except BackupMissing:
        return theirs[-1]
    return own if own.finished_at > theirs[-1].finished_at else theirs[-1]


def wal_state(project: Project) -> ArchiveState:
    """Return how complete the archived WAL of a project is, whoever archives it."""
    if project.backup.engine == PGBACKREST:
        return their_archive.archive_state(project_stanza(project))
    return own_archive.archive_state(project_repository(project))


def _encryption(config: BackupConfig) -> Encryption:
    return Encryption(
        recipients=config.recipients, identity=config.identity, passphrase_file=config.passphrase_file
    )
