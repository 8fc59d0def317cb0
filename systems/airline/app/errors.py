"""The errors that this application shows to the person at the terminal."""

from __future__ import annotations

from typing import ClassVar


class AppError(Exception):
    """Say what is wrong and the next command to type; never holds a password."""

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class SettingsError(AppError):
    """Report a setting that is missing or malformed."""

    exit_code = 2


class RefusedError(AppError):
    """Refuse to destroy data that nobody agreed to lose."""

    exit_code = 3


class DatabaseError(AppError):
    """Report a server or database that is not as the application needs it."""
