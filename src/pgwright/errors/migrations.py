"""Migrations (PW50x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class MigrationError(PgwrightError):
    """Report a migration that failed in the project's own code, or a tool that cannot be run."""

    code = "PW500"


class MigrationDiverged(MigrationError):
    """Report a half-done revision that would now run other statements than before."""

    code = "PW501"


class RevisionError(MigrationError):
    """Refuse to run migrations whose files and record do not fit together."""

    code = "PW502"
    exit_code = 3


class AliasClosed(MigrationError):
    """Refuse a connection of a Django project that would lead out of the scratch database."""

    code = "PW503"


class AliasUnknown(MigrationError):
    """Report that a Django project has no database of the alias that pgwright.toml names."""

    code = "PW504"
    exit_code = 2


class WriteRefused(MigrationError):
    """Refuse to write a migration: it would overwrite a file, or lose data over a name that changed."""

    code = "PW510"
    exit_code = 3
