"""A report on a schema in plain text: counts, tables, differences, and what is not handled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pgwright.diff.compare import summarise
from pgwright.model.catalog import Catalog
from pgwright.model.wording import counted
from pgwright.observe.docs.content import parts_of
from pgwright.observe.docs.nouns import DataModel, TableDoc
from pgwright.observe.docs.words import bytes_text, rows_text

if TYPE_CHECKING:
    from pgwright.diff.comparison import Comparison

_SIGNS = {"create": "+", "alter": "~", "drop": "-"}


def report_text(
    model: DataModel,
    catalog: Catalog,
    *,
    source: str,
    comparison: Comparison | None = None,
    against: str | None = None,
) -> str:
    """Return the report. Equal schemas of equal size give equal text: no time stands in it.

    `source` and `against` are how people call both sides; neither may hold a password.
    """
    lines = [
        *_head(model, catalog, source),
        *_counts(catalog),
        *_tables(model),
        *_rest(model, catalog),
        *(_section_of_differences(comparison, against or "the other side") if comparison else ()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def counts_by_kind(catalog: Catalog) -> Mapping[str, int]:
    """Return how many objects of each kind there are, without those that PostgreSQL makes by itself."""
    found = Counter(o.id.kind for o in catalog if not o.derived)
    return dict(sorted(found.items()))


def _head(model: DataModel, catalog: Catalog, source: str) -> Iterator[str]:
    title = f"Schema report: {model.title}"
    yield title
    yield "=" * len(title)
    yield ""
    yield f"source      {source}"
    yield f"read on     PostgreSQL {catalog.server.major}"
    yield f"digest      {catalog.digest}"
    if model.sized:
        total = sum(t.size.total_bytes for t in model.tables.values() if t.size)
        yield f"tables take {bytes_text(total)}"
    yield ""


def _counts(catalog: Catalog) -> Iterator[str]:
    yield from _heading("Objects")
    counts = counts_by_kind(catalog)
    for kind, count in counts.items():
        yield f"  {kind.replace('_', ' '):<20}{count:>6}"
    if not counts:
        yield "  none"
    yield ""


def _tables(model: DataModel) -> Iterator[str]:
    yield from _heading("Tables")
    for table in sorted(model.tables.values(), key=lambda t: t.path):
        yield from table_lines(table)
        yield ""
    if not model.tables:
        yield "  none"
        yield ""


def table_lines(table: TableDoc) -> Iterator[str]:
    """Yield a table as text: its size, its columns, and its parts by their SQL."""
    facts = [counted(len(table.columns), "column"), *table.traits]
    if table.size:
        rows = [f"about {rows_text(table.size.rows)} rows"] if table.size.rows is not None else []
        facts += [*rows, bytes_text(table.size.total_bytes)]
    yield f"{table.path}  ({', '.join(facts)})"
    names = [c.name for c in table.columns]
    types = [c.type for c in table.columns]
    width, room = max(map(len, names), default=0), max(map(len, types), default=0)
    for column in table.columns:
        tail = "not null" if column.not_null else "        "
        default = f"  {_one_line(column.default)}" if column.default else ""
        yield f"    {column.name:<{width}}  {column.type:<{room}}  {tail}{default}".rstrip()
    for heading, parts in parts_of(table):
        yield f"  {heading.lower()}"
        yield from (f"    {part.name}: {_one_line(part.text)}" for part in parts)


def _rest(model: DataModel, catalog: Catalog) -> Iterator[str]:
    sections: tuple[tuple[str, Sequence[str]], ...] = (
        ("Views", [f"  {v.name}" + ("" if v.kind == "view" else f" ({v.kind})") for v in model.views]),
        ("Types", [f"  {t.name} ({t.kind}): {_one_line(t.text)}" for t in model.types]),
        ("Functions", [f"  {r.name}: {r.text}" for r in model.routines]),
        ("Extensions", [f"  {name}" for name in model.extensions]),
        ("Not handled", [f"  {u.what} {u.name}" for u in catalog.unhandled]),
    )
    for title, lines in sections:
        if lines:
            yield from _heading(title)
            yield from lines
            yield ""


def _section_of_differences(comparison: Comparison, against: str) -> Iterator[str]:
    yield from _heading(f"Differences from {against}")
    yield from difference_lines(comparison, against)
    yield ""


def difference_lines(comparison: Comparison, against: str) -> Iterator[str]:
    """Yield what leads from one side of a comparison to the other, and what did not take part."""
    changes = comparison.changes
    if not changes:
        yield "  none"
    for change in summarise(changes):
        yield f"  {_SIGNS[change.op]} {change.id}"
        for name, before, after in change.values:
            yield f"      {name.replace('_', ' ')}: {_one_line(str(before))} -> {_one_line(str(after))}"
    if changes:
        counts = Counter(str(c.op) for c in changes)
        said = ", ".join(f"{counts[op]} to {op}" for op in _SIGNS if counts[op])
        yield f"  {said} (+ is missing here, - is not in {against})"
    yield from (f"  note: {note}" for note in comparison.notes)


def _heading(text: str) -> Iterator[str]:
    yield text
    yield "-" * len(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
