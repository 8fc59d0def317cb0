"""What a page says, in order, apart from how Markdown and HTML write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgwright.model.wording import counted
from pgwright.observe.docs.nouns import DataModel, Definition, Module, TableDoc
from pgwright.observe.docs.words import bytes_text, rows_text

# With more modules than this, the overview shows the strongest connections of each only.
FEW_MODULES = 12
STRONGEST = 2

LEGEND = (
    "Lines lead from the foreign key to what it refers to: a fork means that many rows may refer to one, "
    "a bar that at most one does. A question mark behind a type means that the column may be null; dashed "
    "boxes are tables of other modules."
)


@dataclass(frozen=True, kw_only=True)
class Code:
    """Be text in SQL."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Jump:
    """Lead to an anchor of the same page."""

    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Number:
    """Be text that is aligned to the right."""

    text: str


Inline = str | Code | Jump | Number
Cell = Inline | tuple[Inline, ...]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Be a table of cells under headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def shown(self) -> Grid:
        """Return the grid without columns that hold nothing; the first one stays."""
        kept = [i for i in range(len(self.headings)) if not i or any(_said(row[i]) for row in self.rows)]
        return Grid(
            headings=tuple(self.headings[i] for i in kept),
            rows=tuple(tuple(row[i] for i in kept) for row in self.rows),
        )


def _said(cell: Cell) -> bool:
    return bool(cell.text if isinstance(cell, Code | Jump | Number) else cell)


def facts(model: DataModel) -> str:
    """Return the first sentence of a page."""
    tables = model.tables.values()
    parts = [counted(len(tables), "table"), f"in {counted(len(model.modules), 'module')}"]
    keys = sum(len(t.references) for t in tables)
    text = f"{' '.join(parts)}, {counted(keys, 'foreign key')}"
    for items, noun in ((model.views, "view"), (model.types, "type"), (model.routines, "function")):
        if items:
            text += f", {counted(len(items), noun)}"
    if model.sized:
        text += f", {bytes_text(sum(t.size.total_bytes for t in tables if t.size))}"
    return text + "."


def modules_grid(model: DataModel) -> Grid:
    """Return one row for each module: its tables, its size, and the modules that it refers to."""
    rows = []
    for module in model.modules:
        near = {target for source, target in model.connections if source == module.slug}
        targets = joined(
            [Jump(text=m.name, anchor=module_anchor(m)) for m in model.modules if m.slug in near]
        )
        size = sum(t.size.total_bytes for t in module.tables if t.size)
        cells: tuple[Cell, ...] = (
            Jump(text=module.name, anchor=module_anchor(module)),
            Number(text=str(len(module.tables))),
        )
        rows.append((*cells, *((Number(text=bytes_text(size)),) if model.sized else ()), targets))
    return Grid(
        headings=("module", "tables", *(("size",) if model.sized else ()), "refers to"), rows=tuple(rows)
    )


def drawn_connections(model: DataModel) -> Mapping[tuple[str, str], int]:
    """Return the connections that the overview shows: all, or with many modules the strongest of each."""
    if len(model.modules) <= FEW_MODULES:
        return model.connections
    kept: set[tuple[str, str]] = set()
    for module in model.modules:
        own = [(-count, pair) for pair, count in model.connections.items() if pair[0] == module.slug]
        kept.update(pair for _, pair in sorted(own)[:STRONGEST])
    return {pair: count for pair, count in model.connections.items() if pair in kept}


def overview_note(model: DataModel) -> str | None:
    """Return what has to be said of the overview: that it does not show every connection."""
    if len(drawn_connections(model)) == len(model.connections):
        return None
    return f"The picture shows the {STRONGEST} strongest connections of each module; the table has all."


def tables_grid(model: DataModel, module: Module) -> Grid:
    """Return one row for each table of a module: what it holds, and what it takes."""
    head = ("table", "what it holds", *(("rows (estimate)", "size") if model.sized else ()))
    rows = []
    for table in module.tables:
        size = table.size
        taken: tuple[Cell, ...] = ()
        if model.sized:
            taken = (
                Number(text=rows_text(size.rows if size else None)),
                Number(text=bytes_text(size.total_bytes) if size else ""),
            )
        rows.append((Jump(text=table.label, anchor=table_anchor(table)), table.comment or "", *taken))
    return Grid(headings=head, rows=tuple(rows)).shown


def columns_grid(model: DataModel, table: TableDoc) -> Grid:
    """Return one row for each column; what a column refers to stands beside its name."""
    targets: dict[str, list[Inline]] = {}
    for reference in table.references:
        target = model.tables.get(reference.target)
        shown: Inline = (
            Jump(text=target.label, anchor=table_anchor(target)) if target else Code(text=reference.target)
        )
        for name in reference.columns:
            targets.setdefault(name, []).append(shown)
    rows = []
    for column in table.columns:
        key: list[Inline] = ["primary key"] if column.name in table.primary_key else []
        cells: list[Cell] = [
            Code(text=column.name),
            Code(text=column.type),
            "no" if column.not_null else "yes",
            Code(text=column.default) if column.default else "",
            joined([*key, *targets.get(column.name, [])]),
        ]
        rows.append((*cells, column.comment or ""))
    head = ("column", "type", "null", "default", "key, refers to", "comment")
    return Grid(headings=head, rows=tuple(rows)).shown


def parts_of(table: TableDoc) -> Iterator[tuple[str, tuple[Definition, ...]]]:
    """Yield the parts of a table that are given by their SQL, by their headings; empty ones are left out."""
    references = tuple(Definition(name=r.name, text=r.text, comment=r.comment) for r in table.references)
    for heading, parts in (
        ("Keys", table.keys),
        ("Foreign keys", references),
        ("Checks", table.checks),
        ("Indexes", table.indexes),
        ("Triggers", table.triggers),
        ("Row policies", table.policies),
    ):
        if parts:
            yield heading, parts


def about(model: DataModel, table: TableDoc) -> Iterator[Cell]:
    """Yield what is said of a table above its columns."""
    if table.comment:
        yield table.comment
    if table.traits:
        yield f"{'; '.join(table.traits)}."
    if table.size:
        size = table.size
        said = f"{bytes_text(size.total_bytes)}, of which indexes {bytes_text(size.index_bytes)}"
        rows = f"about {rows_text(size.rows)} rows, " if size.rows is not None else ""
        yield f"{rows}{said}" + (f", in {counted(size.partitions, 'partition')}." if size.partitions else ".")
    referrers = [t for t in model.referrers.get(table.path, ()) if t is not table]
    if referrers:
        jumps = [Jump(text=t.label, anchor=table_anchor(t)) for t in referrers]
        yield ("Referred to by ", *joined([*jumps]), ".")


def types_grid(model: DataModel) -> Grid:
    """Return one row for each type that users made."""
    rows = tuple((Code(text=t.name), t.kind, Code(text=t.text), t.comment or "") for t in model.types)
    return Grid(headings=("type", "kind", "values or definition", "comment"), rows=rows).shown


def routines_grid(model: DataModel) -> Grid:
    """Return one row for each function and procedure."""
    rows = tuple((Code(text=r.name), r.text, r.comment or "") for r in model.routines)
    return Grid(headings=("function", "what it is", "comment"), rows=rows).shown


def joined(parts: list[Inline]) -> tuple[Inline, ...]:
    """Return inline parts with commas between them."""
    found: list[Inline] = []
    for part in parts:
        found += [", ", part] if found else [part]
    return tuple(found)


def table_anchor(table: TableDoc) -> str:
    """Return the anchor of a table's heading; it holds no white space, although a name may."""
    return "table-" + "_".join(table.path.split())


def module_anchor(module: Module) -> str:
    """Return the anchor of a module's heading."""
    return f"module-{module.slug}"
