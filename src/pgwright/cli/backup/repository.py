"""The options that say where backups are and what opens them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pgwright.backup.repository.encryption import Encryption
    from pgwright.backup.repository.repository import Repository
    from pgwright.cli.context import Invocation


def repository_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --repository, --identity and --passphrase-file; their values go to `repository_of`."""
    for option in (
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path),
            help="File with the passphrase of gpg. Default: PGWRIGHT_PASSPHRASE.",
        ),
        click.option(
            "--identity",
            type=click.Path(path_type=Path),
            help="File with the private key of age that opens backups. Default: PGWRIGHT_IDENTITY.",
        ),
        click.option(
            "--repository", metavar="WHERE", help="Folder, s3://, gs:// or az://. Default: that of [backup]."
        ),
    ):
        function = option(function)
    return function


def repository_of(
    invocation: Invocation,
    repository: str | None,
    identity: Path | None,
    passphrase_file: Path | None,
    *,
    recipients: tuple[str, ...] = (),
) -> Repository:
    """Return the repository that options, else [backup], name; options win one by one."""
    from pgwright.backup.repository.repository import open_repository  # noqa: PLC0415

    encryption = encryption_of(invocation, identity, passphrase_file, recipients=recipients)
    return open_repository(repository or invocation.project.backup.repository, encryption)


def encryption_of(
    invocation: Invocation,
    identity: Path | None,
    passphrase_file: Path | None,
    *,
    recipients: tuple[str, ...] = (),
) -> Encryption:
    """Return who can read backups and what opens them, as options, else [backup], say."""
    from pgwright.backup.repository.encryption import Encryption as How  # noqa: PLC0415

    configured = invocation.project.backup
    return How(
        recipients=recipients or configured.recipients,
        identity=identity or configured.identity,
        passphrase_file=passphrase_file or configured.passphrase_file,
    )
