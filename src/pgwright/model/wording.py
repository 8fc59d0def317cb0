"""How numbers of things are said."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun in the right form: ``1 index``, ``3,000 indexes``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
