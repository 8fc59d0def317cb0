"""How many things are said, or numbers of them, and what may have been meant by a name."""

from __future__ import annotations

from collections.abc import Iterable

_SHOWN = 5


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun in the right form: ``1 index``, ``3,000 indexes``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shortened(things: Iterable[object]) -> str:
    """Return the first five things, and how many more there are: ``a, b, c, d, e and 7 more``."""
    words = [str(thing) for thing in things]
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what a message about a mistyped name ends with: ``; did you mean users?``, or nothing."""
    import difflib  # noqa: PLC0415 - most runs mistype nothing

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
