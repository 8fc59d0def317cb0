"""Errors that say what happened, where, what state things are in, and what to type next.

Every error that a user can meet is a subclass of `PgwrightError` with a stable
`code` (documented in ``docs/errors.md``) and the exit code of the command line.
A subject has a module and a range of codes of its own.
"""

from __future__ import annotations

from pgwright.errors.backups import (
    BackupDamaged,
    BackupFailed,
    BackupMissing,
    ChecksumMismatch,
    RecoveryFailed,
    RepositoryLocked,
    RestoreFailed,
    StorageDenied,
    StorageError,
    StoredFileMissing,
    WrongKey,
)
from pgwright.errors.base import InternalError, Interrupted, PgwrightError
from pgwright.errors.connection import (
    AuthenticationError,
    ConnectError,
    ExtensionMissingError,
    LockTimeoutError,
    PrivilegeError,
    StatementError,
    UnknownDatabaseError,
    UnsupportedServerError,
)
from pgwright.errors.copying import CopyDiffers, CopyFailed, FollowRefused, NothingToResume
from pgwright.errors.embedded import BinariesMissing, PortInUse, ServerError, ServerNotRunning
from pgwright.errors.files import (
    ColumnMismatch,
    CountsDiffer,
    FileFormatError,
    FormatCannotHold,
    ImportFailed,
    MaskUnfollowed,
    UnknownTableError,
)
from pgwright.errors.input import ConfigError, OutputError, SourceError, UsageError
from pgwright.errors.jobs import ScheduleError
from pgwright.errors.migrations import (
    AliasClosed,
    AliasUnknown,
    MigrationDiverged,
    MigrationError,
    RevisionError,
    WriteRefused,
)
from pgwright.errors.plans import (
    HazardRefused,
    PlanFileRefused,
    PlanStale,
    ProductionRefused,
    RehearsalFailed,
    RolesMissing,
    TargetNotEmpty,
    UnsupportedChange,
)
from pgwright.errors.timeseries import ArchiveDiffers, ConversionDiffers, DeclarationError, PolicyError

__all__ = [
    "AliasClosed",
    "AliasUnknown",
    "ArchiveDiffers",
    "AuthenticationError",
    "BackupDamaged",
    "BackupFailed",
    "BackupMissing",
    "BinariesMissing",
    "ChecksumMismatch",
    "ColumnMismatch",
    "ConfigError",
    "ConnectError",
    "ConversionDiffers",
    "CopyDiffers",
    "CopyFailed",
    "CountsDiffer",
    "DeclarationError",
    "ExtensionMissingError",
    "FileFormatError",
    "FollowRefused",
    "FormatCannotHold",
    "HazardRefused",
    "ImportFailed",
    "InternalError",
    "Interrupted",
    "LockTimeoutError",
    "MaskUnfollowed",
    "MigrationDiverged",
    "MigrationError",
    "NothingToResume",
    "OutputError",
    "PgwrightError",
    "PlanFileRefused",
    "PlanStale",
    "PolicyError",
    "PortInUse",
    "PrivilegeError",
    "ProductionRefused",
    "RecoveryFailed",
    "RehearsalFailed",
    "RepositoryLocked",
    "RestoreFailed",
    "RevisionError",
    "RolesMissing",
    "ScheduleError",
    "ServerError",
    "ServerNotRunning",
    "SourceError",
    "StatementError",
    "StorageDenied",
    "StorageError",
    "StoredFileMissing",
    "TargetNotEmpty",
    "UnknownDatabaseError",
    "UnknownTableError",
    "UnsupportedChange",
    "UnsupportedServerError",
    "UsageError",
    "WriteRefused",
    "WrongKey",
]
