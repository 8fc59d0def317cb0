"""Who makes a project's physical backups: pgwright itself, or pgBackRest."""

from __future__ import annotations

from pgwright.backup.pgbackrest import backups as pgbackrest
from pgwright.backup.pgbackrest.stanza import Stanza, stanza_of, stanza_of_server
from pgwright.backup.repository.encryption import Encryption
from pgwright.config import Project
from pgwright.config.backup import PGBACKREST, BackupConfig


def encryption_of(config: BackupConfig) -> Encryption:
    """Return how a project encrypts. Raises `ConfigError`."""
    return Encryption(
        recipients=config.recipients, identity=config.identity, passphrase_file=config.passphrase_file
    )


def project_stanza(project: Project, url: str | None = None) -> Stanza:
    """Return what leads to pgBackRest's backups of a project; with `url` also to its server, which is here.

    Raises `ConfigError` where it is not installed, and what `stanza_of_server` raises.
    """
    config, encryption = project.backup, encryption_of(project.backup)
    if url is None:
        return stanza_of(config.repository, project.name, encryption, jobs=config.jobs)
    return stanza_of_server(config.repository, project.name, encryption, url, jobs=config.jobs)


def their_backups(project: Project) -> tuple[pgbackrest.Made, ...]:
    """Return pgBackRest's backups, the oldest first; none where it is not the engine of the project."""
    if project.backup.engine != PGBACKREST:
        return ()
    return pgbackrest.backups(project_stanza(project))
