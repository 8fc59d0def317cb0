"""Errors that say what happened, where, what state things are in, and what to type next.

Every error that a user can meet is a subclass of `PgwrightError` with a stable
`code` (documented in ``docs/errors.md``) and the exit code of the command line.
"""

from __future__ import annotations

from typing import ClassVar


class PgwrightError(Exception):
    """Report a failure in the form that the command line, the library and the web page share.

    `message` says what and where in one line; `detail` the state that things are
    left in and the server's own words; `hint` the next command to type.
    No argument may contain a password: callers pass connection text through
    `pgwright.pg.redact` first.
    """

    code: ClassVar[str] = "PW000"
    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, detail: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.message}"]
        if self.detail:
            lines.append(f"detail: {self.detail}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the error as plain data: code, message, detail, hint, exit_code."""
        return {
            "code": self.code,
            "message": self.message,
            "detail": self.detail,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


class InternalError(PgwrightError):
    """Report a fault of pgwright itself."""

    code = "PW001"


class Interrupted(PgwrightError):
    """Report that the user ended a command before it had finished."""

    code = "PW002"
    exit_code = 130


# PW1xx: what the user wrote (command line, configuration, models)


class UsageError(PgwrightError):
    """Reject an argument or a combination of arguments."""

    code = "PW100"
    exit_code = 2


class ConfigError(PgwrightError):
    """Reject an unreadable, malformed or contradictory configuration."""

    code = "PW101"
    exit_code = 2


class SourceError(PgwrightError):
    """Report a source (models, Django project, SQL file) that cannot be loaded."""

    code = "PW102"


class OutputError(PgwrightError):
    """Report a file that cannot be written."""

    code = "PW103"


# PW2xx: talking with a server


class ConnectError(PgwrightError):
    """Report a server that cannot be reached, or that refuses the connection."""

    code = "PW200"


class AuthenticationError(ConnectError):
    """Report a role or password that the server does not accept."""

    code = "PW201"


class UnknownDatabaseError(ConnectError):
    """Report a database that does not exist on the server."""

    code = "PW202"


class UnsupportedServerError(PgwrightError):
    """Report a server version, or a feature of it, that pgwright cannot work with."""

    code = "PW203"


class LockTimeoutError(PgwrightError):
    """Report a lock that was not obtained in time, and who holds it."""

    code = "PW204"


class PrivilegeError(PgwrightError):
    """Report a missing privilege, with the GRANT that gives it."""

    code = "PW205"


class ExtensionMissingError(PgwrightError):
    """Report an extension that the server cannot offer, with the package that carries it."""

    code = "PW206"


class StatementError(PgwrightError):
    """Report a statement that the server refused, with its SQLSTATE and hint."""

    code = "PW207"


# PW3xx, plans and what they may do


class HazardRefused(PgwrightError):
    """Refuse a plan whose hazards were not accepted by name."""

    code = "PW300"
    exit_code = 3


class PlanStale(PgwrightError):
    """Refuse a plan that was made for another state of the target."""

    code = "PW301"
    exit_code = 3


class RehearsalFailed(PgwrightError):
    """Report a plan that did not do on scratch what it declares."""

    code = "PW302"


class ProductionRefused(PgwrightError):
    """Refuse a destructive verb on a production database that was not named."""

    code = "PW303"
    exit_code = 3


class TargetNotEmpty(PgwrightError):
    """Refuse to build a schema in a database that holds another one."""

    code = "PW306"
    exit_code = 3


# PW6xx, for time series and their policies


class PolicyError(PgwrightError):
    """Report a declaration about a table over time that the table or the server cannot bear."""

    code = "PW600"


# PW75x, copying and comparing:


class CopyFailed(PgwrightError):
    """Report a copy that ended before it was complete; what is finished stays and can be resumed."""

    code = "PW750"


class CopyDiffers(PgwrightError):
    """Report a copy whose target does not hold what the source holds."""

    code = "PW751"


class FollowRefused(PgwrightError):
    """Refuse to follow, or to switch over from, a source that does not allow it as it is."""

    code = "PW753"
    exit_code = 3


class NothingToResume(PgwrightError):
    """Refuse to resume a copy that was never begun, or is complete."""

    code = "PW752"
    exit_code = 2


# PW4xx, for the embedded server:


class ServerError(PgwrightError):
    """Report an embedded server that cannot be installed, started or stopped."""

    code = "PW400"


class ServerNotRunning(ServerError):
    """Report an embedded server that is not running although it is needed."""

    code = "PW401"


class PortInUse(ServerError):
    """Report a port that was asked for by number and that another process listens on."""

    code = "PW402"


class BinariesMissing(ServerError):
    """Report PostgreSQL programs that this platform lacks or cannot execute."""

    code = "PW403"


# PW70x: files, import and export


class ImportFailed(PgwrightError):
    """Report rows that the database does not take, with line, column, value and reason."""

    code = "PW700"


class FileFormatError(PgwrightError):
    """Report a file that is not what it claims to be, is damaged, or was cut short."""

    code = "PW701"


class ColumnMismatch(PgwrightError):
    """Report columns of a file that do not fit the table."""

    code = "PW702"
    exit_code = 2


class UnknownTableError(PgwrightError):
    """Report a table, group or key that the database does not have."""

    code = "PW703"
    exit_code = 2


class FormatCannotHold(PgwrightError):
    """Report a value or type that a file format has no place for."""

    code = "PW704"


class CountsDiffer(PgwrightError):
    """Report an import whose counts do not add up; it was rolled back."""

    code = "PW705"


# PW80x: storage, places where files are kept


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


# PW80x, backups


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


# PW50x, migrations


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


class WriteRefused(MigrationError):
    """Refuse to write a migration: it would overwrite a file, or lose data over a name that changed."""

    code = "PW510"
    exit_code = 3


# PW90x, jobs


class ScheduleError(PgwrightError):
    """Report a schedule that the system's own scheduler did not take."""

    code = "PW900"
