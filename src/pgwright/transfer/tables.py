"""Tables as an import or an export sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from pgwright.errors import UnknownTableError
from pgwright.formats.shape import Shape, shape_of
from pgwright.model.names import QualifiedName
from pgwright.model.wording import did_you_mean
from pgwright.pg.quoting import Name, qualified
from pgwright.pg.sqlfiles import load_sql


@dataclass(frozen=True, kw_only=True)
class Column:
    """Describe a column: `type` as PostgreSQL writes it, `base` the name of the type below domains.

    `number` is its place in the catalog. `precision` is a numeric's type modifier. `sequence` owns its
    values. `comment` may carry a mask; that of a partition is its table's, where it has none of its own.
    """

    number: int
    name: str
    type: str
    base: str
    precision: int | None = None
    not_null: bool = False
    default: bool = False
    generated: bool = False
    identity: str = ""
    sequence: str | None = None
    comment: str | None = field(default=None, repr=False)
    shape: Shape = field(default_factory=Shape, repr=False)


@dataclass(frozen=True, kw_only=True)
class Key:
    """Name a unique key by which rows can conflict."""

    name: str
    primary: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Name a foreign key; `to` is the oid of the referenced table."""

    name: str
    deferrable: bool
    to: int
    columns: tuple[str, ...]
    referenced: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Describe one table; `children` are the oids of itself and all that hold its rows.

    `ancestors` are the tables that it is a partition of, the nearest first. `definition` is a view's query.
    """

    oid: int
    name: QualifiedName
    visible: bool
    row_security: bool
    rows: int
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]
    foreign_keys: tuple[ForeignKey, ...]
    children: tuple[int, ...]
    ancestors: tuple[QualifiedName, ...]
    definition: str | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """Return the columns by their names."""
        return {column.name: column for column in self.columns}

    @property
    def sql(self) -> sql.Composable:
        """Compose the table's name."""
        return qualified(self.name)

    @cached_property
    def called(self) -> tuple[str, ...]:
        """Return what users call it: with its schema as it is and as in SQL, then without."""
        alone = self.name.name
        return str(self.name), self.sql.as_string(), alone, Name(alone).as_string()

    @property
    def writable(self) -> tuple[Column, ...]:
        """Return the columns that take values: all but generated ones."""
        return tuple(column for column in self.columns if not column.generated)


def read_tables(conn: Connection[Any], named: Sequence[str] | None = None) -> tuple[Table, ...]:
    """Read the tables of users that are called `named`, by default all; ordered by name."""
    return _read(conn, named=None if named is None else list(named))


def read_relations(conn: Connection[Any], oids: Sequence[int]) -> tuple[Table, ...]:
    """Read tables, views and what else has columns by their oids, the system's and temporary ones as well."""
    return _read(conn, oids=list(oids))


def _read(
    conn: Connection[Any], *, named: list[str] | None = None, oids: list[int] | None = None
) -> tuple[Table, ...]:
    text = load_sql("pgwright.transfer", "tables", conn.info.server_version // 10000)
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(text.encode(), {"named": named, "oids": oids}).fetchall()
    return tuple(_table(row) for row in rows)


def look_up(conn: Connection[Any], wanted: Sequence[str]) -> tuple[Table, ...]:
    """Return the tables that a user named, each once; see `find_table`.

    The others are read only where a name is wrong: for the message.
    """
    known = read_tables(conn, wanted)
    there = {name for table in known for name in table.called}
    if not there.issuperset(wanted):
        known = read_tables(conn)
    return tuple({(table := find_table(known, name)).oid: table for name in wanted}.values())


def _table(row: dict[str, Any]) -> Table:
    columns, keys, foreign_keys = row["columns"], row["keys"], row["foreign_keys"]
    return Table(
        oid=row["oid"],
        name=QualifiedName(row["schema"], row["name"]),
        visible=row["visible"],
        row_security=row["row_security"],
        rows=row["rows"],
        columns=tuple(Column(**{**column, "shape": shape_of(column["shape"])}) for column in columns),
        keys=tuple(Key(**{**key, "columns": tuple(key["columns"])}) for key in keys),
        foreign_keys=tuple(
            ForeignKey(**{**key, "columns": tuple(key["columns"]), "referenced": tuple(key["referenced"])})
            for key in foreign_keys
        ),
        children=tuple(row["children"]),
        ancestors=tuple(QualifiedName(*name) for name in row["ancestors"]),
        definition=row["definition"],
    )


def find_table(tables: Sequence[Table], wanted: str) -> Table:
    """Return the table that a user named, ``users`` or ``sales.users``, quoted as in SQL or not.

    Without a schema the one on the search path is meant, or the only one of that name. Raises
    `UnknownTableError`.
    """
    same = [table for table in tables if wanted in table.called]
    visible = [table for table in same if table.visible or wanted in table.called[:2]]
    for found in (visible, same):
        if len(found) == 1:
            return found[0]
    if same:
        raise UnknownTableError(
            f"{wanted} may be any of {', '.join(str(table.name) for table in same)}",
            hint=f"name its schema: {same[0].name}",
        )
    names = [name for table in tables for name in (str(table.name), table.name.name)]
    raise UnknownTableError(
        f"there is no table {wanted}" + did_you_mean(wanted, names),
        detail="nothing was changed",
        hint="see what there is: pgwright inspect tables",
    )


def unknown_column(table: Table, name: str, *, asked: str) -> UnknownTableError:
    """Return the error, not yet raised, of a column that the user named in the option `asked`."""
    return UnknownTableError(
        f"{table.name} has no column {name}" + did_you_mean(name, table.by_name),
        detail=f"it has: {', '.join(table.by_name)}; no file was written",
        hint=f"correct {asked}",
    )


def in_order(tables: Iterable[Table]) -> tuple[tuple[Table, ...], tuple[ForeignKey, ...]]:
    """Return the tables, referenced ones first, and the foreign keys that no order can satisfy.

    The latter are those that close a circle.
    """
    waiting = {table.oid: table for table in tables}
    done: list[Table] = []
    closing: list[ForeignKey] = []
    while waiting:
        free = [table for table in waiting.values() if not list(_open(table, waiting))]
        if not free:
            first = min(waiting.values(), key=lambda table: (len(list(_open(table, waiting))), table.name))
            closing += _open(first, waiting)
            free = [first]
        for table in free:
            done.append(waiting.pop(table.oid))
    return tuple(done), tuple(closing)


def _open(table: Table, waiting: Mapping[int, Table]) -> Iterator[ForeignKey]:
    return (key for key in table.foreign_keys if key.to in waiting and key.to != table.oid)
