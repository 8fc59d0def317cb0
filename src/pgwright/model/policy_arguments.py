"""What a declaration is given, checked one argument at a time and brought into its one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, available_timezones

from pgwright.errors import DeclarationError
from pgwright.model.span import Span
from pgwright.model.suffix import tells_apart
from pgwright.model.wording import did_you_mean

# PostgreSQL cuts longer names, each of several to the same one perhaps.
LONGEST_NAME = 63
_LONGEST_SUFFIX = 40

Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


class Arguments:
    """Check the arguments of one declaration, a `call` of which errors show and name it as `declared`.

    Each method takes an argument's name and value, returns the value, and raises `DeclarationError`.
    """

    def __init__(self, call: str, declared: str) -> None:
        self.call = call
        self.declared = declared

    def refuse(self, argument: str, why: str, example: str) -> NoReturn:
        """Raise the error that names the declaration, what is wrong, and an example of what is right."""
        raise DeclarationError(
            f"{self.declared}, argument {argument}: {why}",
            detail="nothing was changed",
            hint=f"write, for example, {self.call}(..., {argument}={example})",
        )

    def text(self, argument: str, value: object, example: str, *, empty: bool = False) -> str:
        """Return text; `empty` allows none."""
        if not isinstance(value, str):
            self.refuse(argument, f"{value!r} is no text", repr(example))
        if not value.strip() and (value or not empty):
            self.refuse(argument, "it is empty", repr(example))
        return value

    def name(self, argument: str, value: object, example: str, *, longest: int = LONGEST_NAME) -> str:
        """Return the name of a table or column, which PostgreSQL keeps whole."""
        name = self.text(argument, value, example)
        if len(name.encode()) > longest:
            why = f"{name!r} has {len(name.encode())} bytes, and PostgreSQL keeps {longest} of such a name"
            self.refuse(argument, why, repr(example))
        return name

    def flag(self, argument: str, value: object) -> bool:
        """Return a truth value."""
        if not isinstance(value, bool):
            self.refuse(argument, f"{value!r} is neither True nor False", "True")
        return value

    def number(self, argument: str, value: object, *, most: int) -> int:
        """Return a whole number from 1 on."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self.refuse(argument, f"{value!r} is no whole number from 1 to {most:,}", "3")
        return value

    def span(self, argument: str, value: Span | timedelta | str) -> str:
        """Return the text of a span of time."""
        try:
            return str(Span.of(value))
        except ValueError as exc:
            self.refuse(argument, str(exc).partition("; ")[0], "'3 months'")

    def bucket(self, argument: str, value: Span | timedelta | str) -> str:
        """Return the text of a span that the calendar is made of."""
        text = self.span(argument, value)
        if not Span.of(text).divides_day:
            self.refuse(argument, f"{text} does not divide a day", "'1 hour'")
        return text

    def zone(self, value: object) -> str:
        """Return the name of a time zone."""
        try:
            ZoneInfo(value)  # type: ignore[arg-type]
        except (KeyError, ValueError, OSError, TypeError):
            # A system without the database of zones knows none; the server will tell.
            known = available_timezones()
            if known or not isinstance(value, str):
                meant = did_you_mean(value, known) if isinstance(value, str) else ""
                self.refuse("zone", f"{value!r} is no time zone{meant}", "'Europe/Oslo'")
        return str(value)

    def suffix(self, value: object, interval: Span) -> str:
        """Return the pattern of `to_char` that names pieces of that length, unlike each other."""
        pattern = self.text("suffix", value, interval_suffix(interval), empty=True)
        example = repr(interval_suffix(interval))
        if '"' in pattern or "'" in pattern:
            self.refuse("suffix", "it holds no quotes", example)
        if len(pattern.encode()) > _LONGEST_SUFFIX:
            self.refuse("suffix", f"{pattern!r} is longer than {_LONGEST_SUFFIX} bytes", example)
        if pattern and not tells_apart(pattern, interval):
            self.refuse("suffix", f"{pattern!r} names several pieces of {interval} the same", example)
        return pattern or interval_suffix(interval)

    def names(self, argument: str, value: object, example: str) -> tuple[str, ...]:
        """Return the names of columns, of which there may be one alone."""
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            return (self.name(argument, value, example),) if value != "" else ()
        return tuple(self.name(argument, name, example) for name in value)

    def pairs(self, argument: str, value: object, example: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Return names with what they stand for, in their order."""
        form = str(dict(example))
        try:
            found: dict[Any, Any] = dict(value)  # type: ignore[call-overload]
        except (TypeError, ValueError):
            self.refuse(argument, f"{value!r} is no mapping of names to text", form)
        for name, text in found.items():
            for part in (name, text):
                if not isinstance(part, str) or not part.strip():
                    self.refuse(argument, f"{part!r} is no text", form)
            self.name(argument, name, next(iter(example)))
        return tuple(found.items())


def interval_suffix(interval: Span) -> str:
    """Return the pattern that is just as fine as an interval."""
    if interval.months:
        return "YYYY" if interval.months % 12 == 0 else "YYYY_MM"
    return "YYYY_MM_DD" if interval.days else "YYYY_MM_DD_HH24MI"
