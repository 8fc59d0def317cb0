"""Storage and backups (PW80x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class StorageError(PgwrightError):
    """Report a directory or an object store that did not do what it was asked."""

    code = "PW800"


class StoredFileMissing(StorageError):
    """Report a file that is not where it was looked for."""

    code = "PW801"


class StorageDenied(StorageError):
    """Report credentials or permissions that do not suffice."""

    code = "PW802"


class ChecksumMismatch(StorageError):
    """Report a file whose bytes are not those that were written."""

    code = "PW803"


class BackupFailed(PgwrightError):
    """Report a backup, or a program that one needs, that did not finish; the repository is as before."""

    code = "PW805"


class BackupDamaged(PgwrightError):
    """Report a backup of which a file is missing, changed or unreadable."""

    code = "PW806"


class WrongKey(PgwrightError):
    """Report an encrypted backup that no key or passphrase at hand opens."""

    code = "PW807"


class RepositoryLocked(PgwrightError):
    """Report a repository that another pgwright is writing to."""

    code = "PW808"
    exit_code = 3


class RestoreFailed(PgwrightError):
    """Report a restore that did not finish, or whose result is not what the backup holds."""

    code = "PW809"


class BackupMissing(PgwrightError):
    """Report that the repository holds no backup that fits."""

    code = "PW810"
    exit_code = 2


class RecoveryFailed(PgwrightError):
    """Report a recovery to a moment that did not reach it."""

    code = "PW811"
