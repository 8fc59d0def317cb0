"""What belongs to extensions in a copy: the rows and the counters of their own tables."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

from psycopg import Connection, sql

from pgwright.errors import CopyFailed
from pgwright.model.names import QualifiedName
from pgwright.pg.extensions import package_for
from pgwright.pg.quoting import Name, qualified, render
from pgwright.transfer.copy.mend import copy_rows
from pgwright.transfer.copy.record import doing
from pgwright.transfer.copy.tables import CopyTable, select_rows
from pgwright.verify.side import Side

_REFERENCES = (
    "SELECT conrelid::bigint, confrelid::bigint FROM pg_catalog.pg_constraint "
    "WHERE contype = 'f' AND conrelid <> confrelid AND conrelid = ANY(%(oids)s) AND confrelid = ANY(%(oids)s)"
)
_COLUMNS = (
    "SELECT attname::text FROM pg_catalog.pg_attribute"
    " WHERE attrelid = pg_catalog.to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
)
_EXTENSION_OF = (
    "SELECT extname::text, extversion FROM pg_catalog.pg_extension WHERE %s::oid = ANY (extconfig) LIMIT 1"
)
_OFFERED = (
    "SELECT e.extversion, v.version FROM pg_catalog.pg_extension e "
    "LEFT JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.extname AND v.version = %(wanted)s "
    "WHERE e.extname = %(name)s"
)
_COUNTERS = (
    "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_extension e, unnest(e.extconfig) marked(oid) "
    "JOIN pg_catalog.pg_class c ON c.oid = marked.oid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'S' ORDER BY 1, 2"
)


def bring_extension_rows(source: Side, target: Connection[Any], run: str, tables: Iterable[CopyTable]) -> int:
    """Bring the users' rows in tables of extensions, referenced ones first; return how many.

    They come in one transaction and are not compared again after a kill: TimescaleDB's say which chunks
    there are, and have to be as old as the schema that was copied. Raises `CopyFailed` where the target's
    version of an extension has no place for them.
    """
    with source.session() as reader, doing(target, run, "extension rows") as due:
        if not due:
            return 0
        marked = (table for table in tables if table.condition is not None)
        found = {table.oid: table for table in marked if _has_place(reader, target, table)}
        order: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(found, ()))
        for table, needed in reader.execute(_REFERENCES, {"oids": list(found)}).fetchall():
            order.add(table, needed)
        return sum(
            copy_rows(reader, select_rows(found[oid], sql.SQL("")), target, found[oid])
            for oid in order.static_order()
        )


def extension_counters(conn: Connection[Any]) -> tuple[QualifiedName, ...]:
    """Return the sequences whose positions extensions mark as users' data."""
    return tuple(QualifiedName(*row) for row in conn.execute(_COUNTERS).fetchall())


def _has_place(source: Connection[Any], target: Connection[Any], table: CopyTable) -> bool:
    """Tell whether the target's extension has the table, as which it may be older.

    Without rows to bring, none is needed. Raises `CopyFailed` where there are rows.
    """
    there = {name for (name,) in target.execute(_COLUMNS, [render(qualified(table.name))]).fetchall()}
    missing = [name for name in table.columns if name not in there]
    if there and not missing:
        return True
    rows = sql.SQL("SELECT EXISTS ({})").format(select_rows(table, sql.SQL("")))
    if source.execute(rows).fetchone() == (True,):
        what = f"no column {missing[0]} in {table.name}" if there else f"no table {table.name}"
        raise _without_place(source, target, table, what)
    return False


def _without_place(
    source: Connection[Any], target: Connection[Any], table: CopyTable, what: str
) -> CopyFailed:
    """Return the error for rows of an extension that the target's version of it has no place for."""
    extension = source.execute(_EXTENSION_OF, [table.oid]).fetchone()
    assert extension is not None
    name, wanted = extension
    has, offered = target.execute(_OFFERED, {"name": name, "wanted": wanted}).fetchone() or (None, None)
    mend = "make it there as it is at the source"
    if has != wanted:
        mend = render(sql.SQL("ALTER EXTENSION {} UPDATE TO {}").format(Name(name), sql.Literal(wanted)))
        if not offered:
            package = package_for(name, target.info.server_version // 10000)
            mend = f"install version {wanted} of it on the machine (it comes with {package}), then: {mend}"
    return CopyFailed(
        f"extension {name} of the target has {what}, and the source has rows there",
        detail=f"version {has} there, {wanted} at the source; what is finished stays",
        hint=f"at the target: {mend}; then go on with: pgwright copy SRC DST --resume; or leave out what "
        f"extensions keep: begin again with an empty target and --exclude {table.name}",
    )
