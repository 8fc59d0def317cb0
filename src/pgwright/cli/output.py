"""What commands print: results on stdout, remarks on stderr; tables drawn only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from textwrap import wrap
from typing import Any, TextIO

from pgwright.cli.encode import plain, to_json
from pgwright.cli.waiting import Waiting
from pgwright.pg.redact import redact

_NUMBERS = (int, float, Decimal)
_GAP = 2
_TOGETHER = 12  # a cell up to this long is not broken: "139 MB" is one word


class Output:
    """Print in the form that the user chose: JSON, plain text, or tables with colour on a terminal."""

    def __init__(self, *, json: bool = False, color: bool = True, lead: Callable[[str], str] = str) -> None:
        self.json = json
        # Leads the commands that a text names to the database of this run.
        self._lead = lead
        self.color = color and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._waiting = Waiting()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Give a sign of life while the block runs, until something else is shown."""
        self._waiting.begin()
        try:
            yield
        finally:
            self.end_wait()

    def end_wait(self) -> None:
        """Take the sign of life away, before anything is shown or asked by other means than these methods."""
        self._waiting.end()

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
        text = redact(self._lead(text))
        if style and self.is_terminal and self.color:
            self._console().print(text, style=style, markup=False, highlight=False, soft_wrap=True)
        else:
            self._write(text)

    def verbatim(self, text: str) -> None:
        """Print text as it is: a password that the user asked for, or SQL that is run as it is printed."""
        self._write(text)

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
    ) -> None:
        """Print rows under their columns; numbers are right-aligned, None is left blank.

        On a terminal long cells wrap between words, and where not even the words fit side by side, each row
        is a paragraph; elsewhere every row is one line, its columns two spaces apart.
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
        self.end_wait()
        sys.stdout.flush()
        print(f"{level}: {redact(self._lead(text))}", file=sys.stderr)  # noqa: T201

    def _draw(
        self, columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], title: str | None
    ) -> None:
        from rich import box  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        console = self._console()
        widths = _widths(
            [[name, *(row[i] for row in cells)] for i, name in enumerate(columns)], console.width
        )
        if widths is None:
            for line, style in _records(columns, cells, console.width, title):
                self.line(line, style=style)
            return
        drawn = Table(
            box=box.SIMPLE_HEAD,
            title=title,
            title_justify="left",
            pad_edge=False,
            padding=(0, _GAP - 1, 0, 0),
        )
        for column, width, is_number in zip(columns, widths, right, strict=True):
            justify: Any = "right" if is_number else "left"
            drawn.add_column(Text(column), justify=justify, width=width, overflow="fold")
        for row in cells:
            drawn.add_row(*(Text(cell) for cell in row))
        console.print(drawn)

    def _console(self) -> Any:
        from rich.console import Console  # noqa: PLC0415

        self.end_wait()
        return Console(file=sys.stdout, no_color=not self.color)

    def _write(self, text: str) -> None:
        self.end_wait()
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


def _widths(columns: Sequence[Sequence[str]], space: int) -> list[int] | None:
    """Return how wide each column is drawn so that no word is broken, None where they do not fit."""
    widths = [max(map(_longest_word, cells)) for cells in columns]
    spare = space - sum(widths) - _GAP * len(widths)
    if spare < 0:
        return None
    needs = [
        max(len(line) for cell in cells for line in cell.split("\n")) - width
        for cells, width in zip(columns, widths, strict=True)
    ]
    # Whoever needs least is served first: the fewer columns wrap, the better.
    for i in sorted(range(len(needs)), key=needs.__getitem__):
        given = min(needs[i], spare)
        widths[i] += given
        spare -= given
    return widths


def _longest_word(cell: str) -> int:
    lines = cell.split("\n")
    words = (word for line in lines for word in ([line] if len(line) <= _TOGETHER else line.split()))
    return max(map(len, words), default=0)


def _records(
    columns: Sequence[str], cells: Sequence[Sequence[str]], width: int, title: str | None
) -> Iterator[tuple[str, str | None]]:
    """Yield rows as paragraphs for a narrow terminal, line by line, each with its style.

    The first cell stands alone, below it the others that have a value, with their names.
    """
    if title:
        yield title, None
    indent = " " * 4
    for first, *others in cells:
        yield first, "bold"
        named = (f"{name} {cell}" for name, cell in zip(columns[1:], others, strict=True) if cell)
        # A break between a name and its value is hard to read, where it can be helped.
        kept = (pair.replace(" ", "\xa0") if len(indent + pair) < width else pair for pair in named)
        text = ", ".join(kept)
        for line in wrap(
            text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False
        ):
            yield line.replace("\xa0", " "), None


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
