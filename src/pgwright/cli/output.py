"""What commands print: results on stdout, remarks on stderr; tables drawn only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

from pgwright.cli.encode import plain, to_json
from pgwright.pg.redact import redact

_NUMBERS = (int, float, Decimal)


class Output:
    """Print in the form that the user chose: JSON, plain text, or tables with colour on a terminal."""

    def __init__(self, *, json: bool = False, color: bool = True) -> None:
        self.json = json
        self.color = color and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    @property
    def is_terminal(self) -> bool:
        """Tell whether a person reads the output as it comes."""
        return not self.json and sys.stdout.isatty()

    def result(self, value: Any, render: Callable[[], None]) -> None:
        """Print the result of a command: `value` as JSON with --json, otherwise by `render`."""
        if self.json:
            self._write(to_json(value))
        else:
            render()

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """Print one line for people; `style` is rich's (``bold``, ``red``), for terminals only."""
        if style and self.is_terminal and self.color:
            self._console().print(redact(text), style=style, markup=False, highlight=False, soft_wrap=True)
        else:
            self._write(redact(text))

    def secret(self, text: str) -> None:
        """Print one line as it is, with the password that the user asked for."""
        self._write(text)

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
    ) -> None:
        """Print rows under their columns; numbers are right-aligned, None is left blank.

        On a terminal long cells wrap; elsewhere every row is one line, its columns two spaces apart.
        """
        right = [_numeric(rows, index) for index in range(len(columns))]
        cells = [[cell_text(value) for value in row] for row in rows]
        if self.is_terminal:
            self._draw(columns, cells, right, title)
            return
        if title:
            self._write(title)
        for text in align([list(columns), *([c.replace("\n", " ") for c in row] for row in cells)], right):
            self._write(text)

    def remark(self, text: str, *, level: str = "note") -> None:
        """Print a note or warning to stderr, in every mode: it is no part of the result."""
        sys.stdout.flush()
        print(f"{level}: {redact(text)}", file=sys.stderr)  # noqa: T201

    def _draw(
        self, columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], title: str | None
    ) -> None:
        from rich import box  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        drawn = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
        for column, is_number in zip(columns, right, strict=True):
            drawn.add_column(
                Text(column), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold"
            )
        for row in cells:
            drawn.add_row(*(Text(cell) for cell in row))
        self._console().print(drawn)

    def _console(self) -> Any:
        from rich.console import Console  # noqa: PLC0415

        return Console(file=sys.stdout, no_color=not self.color)

    def _write(self, text: str) -> None:
        _print(text, sys.stdout)


def cell_text(value: Any) -> str:
    """Return a value as one table cell shows it, with passwords masked."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, (list, tuple)) and not hasattr(value, "_asdict"):
        return ", ".join(cell_text(item) for item in value)
    found = plain(value) if not isinstance(value, str) else redact(value)
    return found if isinstance(found, str) else str(found)


def align(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Return rows as lines with aligned columns, two spaces apart, without trailing blanks."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(right))]
    return [
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def size(number: float | None) -> str:
    """Return bytes as people read them, ``1.4 GB``; 1 kB is 1024 bytes, as PostgreSQL counts."""
    if number is None:
        return ""
    amount, units = float(number), ("bytes", "kB", "MB", "GB", "TB", "PB")
    for unit in units:
        if abs(amount) < 1024 or unit == units[-1]:
            return (
                f"{amount:.0f} {unit}" if amount == int(amount) or amount >= 100 else f"{amount:.1f} {unit}"
            )
        amount /= 1024
    raise AssertionError  # pragma: no cover - the last unit always returns


def duration(seconds: float | None) -> str:
    """Return a span of seconds as people read it, for example ``3 h 12 min``."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, hours = divmod(int(seconds) // 60, 60)[::-1]
    if hours < 1:
        return f"{minutes} min {int(seconds) % 60} s"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"


def _numeric(rows: Sequence[Sequence[Any]], index: int) -> bool:
    found = [row[index] for row in rows if row[index] is not None]
    return bool(found) and all(isinstance(v, _NUMBERS) and not isinstance(v, bool) for v in found)


def _print(text: str, file: TextIO) -> None:
    try:
        print(text, file=file)
    except UnicodeEncodeError:
        # A terminal or cron job in the C locale: better an escape than a traceback.
        encoding = file.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=file)
