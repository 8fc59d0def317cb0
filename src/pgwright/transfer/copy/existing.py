"""What the target holds already: nothing, as it should; or, when only rows are copied, their tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, sql

from pgwright.errors import CopyFailed, TargetNotEmpty
from pgwright.pg.materialized import refreshes
from pgwright.pg.quoting import Name, deparsed, qualified, render
from pgwright.pg.sqlfiles import load_sql
from pgwright.transfer.copy.dump import Dumped, Entry
from pgwright.transfer.copy.tables import CopyTable, read_tables

_REFRESHES = 1 << 32  # above the numbers of the foreign keys


def require_empty(conn: Connection[Any], *, unfinished: bool = False) -> None:
    """Raise `TargetNotEmpty` where the database holds relations, routines or types of users.

    `unfinished` tells that they may be those of a copy that has not ended.
    """
    text = load_sql("pgwright.transfer.copy", "holdings", conn.info.server_version // 10000)
    held = [name for (name,) in conn.execute(text.encode()).fetchall()]
    if held:
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        raise TargetNotEmpty(
            "the target is not empty",
            detail=f"it holds {', '.join(held[:3])}{more}; nothing was changed",
            hint="a copy into it is unfinished; go on with: pgwright copy SRC DST --resume"
            if unfinished
            else "choose an empty database, or add --existing to copy beside what is there; "
            "--data-only fills tables that exist",
        )


def require_no_large_objects(conn: Connection[Any]) -> None:
    """Raise `TargetNotEmpty` where the database has large objects, whose numbers the source's may be."""
    row = conn.execute("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata").fetchone()
    if row != (0,):
        raise TargetNotEmpty(
            "the target has large objects of its own",
            detail="they could not be told from the source's; nothing was changed",
            hint="choose tables with --include, which leaves large objects alone, or another target",
        )


def match_tables(conn: Connection[Any], tables: Sequence[CopyTable]) -> dict[int, CopyTable]:
    """Return the target's table for each one of the source, by the source's OID.

    Raises `CopyFailed` where a table or a column is missing, `TargetNotEmpty` where one has rows.
    """
    there = {table.name: table for table in read_tables(conn)}
    found: dict[int, CopyTable] = {}
    for table in tables:
        target = there.get(table.name)
        missing = set(table.columns) - set(target.columns if target else ())
        if target is None and table.root != table.name:
            raise CopyFailed(
                f"the target has no partition {table.name} of {table.root}",
                detail="rows are copied partition by partition; nothing was changed",
                hint="make it there first; or bring the rows by a backup, for which any partitions will do: "
                "pgwright backup create --data-only, then pgwright backup restore --data-only",
            )
        if target is None or missing:
            what = f"column {min(missing)} of {table.name}" if target else f"table {table.name}"
            raise CopyFailed(
                f"the target has no {what}",
                detail="nothing was changed",
                hint="compare the schemas first: pgwright schema diff SRC DST",
            )
        query = sql.SQL("SELECT EXISTS (SELECT FROM ONLY {})").format(qualified(table.name))
        if conn.execute(query).fetchone() == (True,):
            raise TargetNotEmpty(
                f"table {table.name} of the target has rows",
                detail="nothing was changed",
                hint=f"leave it out with --exclude {table.name}, or empty it: TRUNCATE {table.name}",
            )
        found[table.oid] = target
    return found


def without_foreign_keys(conn: Connection[Any], tables: Sequence[CopyTable]) -> Dumped:
    """Return what takes the foreign keys of the target's tables away and, after the rows, brings them back.

    Rows arrive in no order that keys would allow, and switching triggers off would let broken references
    in unseen. Brought back, each key is validated over all rows.
    """
    text = load_sql("pgwright.transfer.copy", "foreign_keys", conn.info.server_version // 10000)
    wanted = {table.root for table in tables} | {table.name for table in tables}
    before: list[Entry] = []
    after: list[Entry] = []
    for number, (schema, table, name, definition) in enumerate(conn.execute(text.encode()).fetchall(), 1):
        if (schema, table) not in wanted:
            continue
        alter = sql.SQL("ALTER TABLE {} ").format(Name(schema, table))
        drop = alter + sql.SQL("DROP CONSTRAINT {}").format(Name(name))
        add = alter + sql.SQL("ADD CONSTRAINT {} {}").format(Name(name), deparsed(definition))
        for entries, text_of in ((before, drop), (after, add)):
            entries.append(
                Entry(
                    id=number,
                    oid=0,
                    type="FK CONSTRAINT",
                    name=f"{table} {name}",
                    sql=render(text_of),
                )
            )
    return Dumped(before=tuple(before), after=(*after, *_refreshes(conn)))


def _refreshes(conn: Connection[Any]) -> list[Entry]:
    """Return what fills the target's materialized views anew."""
    return [
        Entry(id=_REFRESHES + oid, oid=oid, type="MATERIALIZED VIEW DATA", name=name, sql=render(text))
        for oid, name, text in refreshes(conn)
    ]


def quieted(conn: Connection[Any], table: CopyTable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements that switch the target's own triggers off and on again around a COPY.

    They run in its transaction, so that a kill leaves them as they were.
    """
    rows = conn.execute(
        "SELECT tgname FROM pg_catalog.pg_trigger"
        " WHERE tgrelid = %s AND NOT tgisinternal AND tgenabled = 'O' ORDER BY tgname",
        [table.oid],
    ).fetchall()

    def switch(how: str) -> tuple[str, ...]:
        return tuple(
            render(
                sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
                    qualified(table.name), sql.SQL("ENABLE" if how == "on" else "DISABLE"), Name(name)
                )
            )
            for (name,) in rows
        )

    return switch("off"), switch("on")
