"""Files, import and export (PW70x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


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
    """Report a table, column, group or key that the database does not have."""

    code = "PW703"
    exit_code = 2


class FormatCannotHold(PgwrightError):
    """Report a value or type that a file format has no place for."""

    code = "PW704"


class CountsDiffer(PgwrightError):
    """Report an import whose counts do not add up; it was rolled back."""

    code = "PW705"


class MaskUnfollowed(PgwrightError):
    """Report columns of a query that may show what is masked, in a way that cannot be followed."""

    code = "PW706"
    exit_code = 3
