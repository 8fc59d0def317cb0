"""The form that every error has, and the two that belong to no subject (PW0xx)."""

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
            # PostgreSQL marks the place of a mistake by a caret in the line below.
            lines.append("detail: " + self.detail.replace("\n", f"\n{' ' * len('detail: ')}"))
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
