"""Whether what tables hold before a plan is there afterwards, by value, apart from declared losses."""

from __future__ import annotations

from collections.abc import Iterator, Set

import psycopg

from pgwright.diff.apply import Manner, apply_plan
from pgwright.diff.ends import Ends
from pgwright.errors import StatementError
from pgwright.kinds.contract import Context
from pgwright.kinds.table import Table
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.types.retyping import users
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.plan import HazardCode, Plan
from pgwright.model.selection import Selection
from pgwright.server import scratch_database
from tests.integration.diff.filling import contents, fill
from tests.integration.diff.ways import run

LOSING = frozenset({HazardCode.DELETES_DATA})


def check_survival(sql: str, plan: Plan, before: Catalog, after: Catalog) -> None:
    """Fill what the SQL makes with rows, apply the plan there, and compare what both sides have."""
    copied = {s.subject for s in plan.steps if s.summary.startswith("hold the rows")}
    # Of what is copied, columns may be lost, which only one side has.
    lossy = {s.subject for s in plan.steps if LOSING & {h.code for h in s.hazards}} - copied
    context = Context(before=before, after=after, server=before.server)
    lossy.update(user for id in lossy.copy() if id.kind == "composite" for user in users(id, context))
    columns = surviving(before, after, copied, lossy)
    held = {}
    with scratch_database() as scratch:
        run(scratch.url, sql)
        with psycopg.connect(scratch.url, autocommit=True) as conn:
            fill(conn)
            for table, names in columns.items():
                held[table] = expected(conn, table, names, alone=table not in copied)
        try:
            ends = Ends(before=before, after=after, selection=Selection())
            done = apply_plan(scratch.url, plan, ends, allow=LOSING, manner=Manner(lock_attempts=1))
        except StatementError:
            # Rows that break a new rule stop a plan that says so.
            assert may_fail(plan), plan
            return
        assert done.remaining == ()
        with psycopg.connect(scratch.url, autocommit=True) as conn:
            for table, (kept, rows) in held.items():
                if not kept:
                    continue
                alone = table not in copied
                found = contents(conn, name_of(table), [(name, None) for name in kept], alone=alone)
                assert found == rows, f"{table}: {[s.sql for s in plan.steps]}"


def may_fail(plan: Plan) -> bool:
    return any(h.code is HazardCode.MAY_FAIL for h in plan.hazards)


def name_of(table: ObjectId) -> tuple[str, str]:
    return (table.name.schema or "public", table.name.name)


def surviving(
    before: Catalog, after: Catalog, copied: Set[ObjectId], lossy: Set[ObjectId]
) -> dict[ObjectId, list[tuple[str, str | None]]]:
    """Return the columns that both sides have, with the new type where it differs.

    Computed ones are left out, and those of a table or type that loses data.
    Rows of tables that are `copied` may be in other partitions afterwards: these do not count by themselves.
    """
    found: dict[ObjectId, list[tuple[str, str | None]]] = {}
    for old in before.of("column"):
        new = after.get(old.id)
        table = old.id.parent
        if table is None or not isinstance(old, Column) or not isinstance(new, Column):
            continue
        # The rows of a foreign table are kept elsewhere.
        computed = old.generated or new.generated
        if {table, *old.depends_on} & lossy:
            continue
        counted = is_local(before.get(table)) and not is_part_of(table, copied, before, after)
        if not computed and counted and not (table in copied and any(parts_that_left(table, before, after))):
            same = old.type == new.type
            found.setdefault(table, []).append((old.id.name.name, None if same else new.type))
    return found


def is_part_of(table: ObjectId, copied: Set[ObjectId], before: Catalog, after: Catalog) -> bool:
    above = getattr(before.get(table), "partition_of", None)
    if above is None or table in parts_that_left(above, before, after):
        return False
    return above in copied or is_part_of(above, copied, before, after)


def parts_that_left(table: ObjectId, before: Catalog, after: Catalog) -> Iterator[ObjectId]:
    """Yield the partitions that are tables of their own afterwards, and took their rows with them."""
    for part in before.of("table"):
        mine = getattr(part, "partition_of", None) == table
        if mine and part.id in after and getattr(after.get(part.id), "partition_of", None) is None:
            yield part.id


def is_local(table: CatalogObject | None) -> bool:
    return isinstance(table, Table) and table.server is None


def expected(
    conn: psycopg.Connection[tuple[object, ...]],
    table: ObjectId,
    columns: list[tuple[str, str | None]],
    *,
    alone: bool,
) -> tuple[list[str], list[str]]:
    """Return the columns that can be compared and what they hold, in the type that they will have."""
    try:
        return [name for name, _ in columns], contents(conn, name_of(table), columns, alone=alone)
    except psycopg.Error:
        # A new type that does not exist yet, or cannot be cast to: its values are left out.
        kept = [(name, type_name) for name, type_name in columns if type_name is None]
        rows = contents(conn, name_of(table), kept, alone=alone) if kept else []
        return [name for name, _ in kept], rows
