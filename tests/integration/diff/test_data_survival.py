"""What tables hold before a plan that declares no loss, they hold afterwards: by value, over all cases."""

from __future__ import annotations

from collections.abc import Iterator, Set

import psycopg
import pytest

from pgwright.diff.apply import Manner, apply_plan
from pgwright.diff.ends import Ends
from pgwright.diff.planner import make_plan
from pgwright.errors import StatementError
from pgwright.kinds.column_types import Column
from pgwright.kinds.table import Table
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.plan import HazardCode, Plan
from pgwright.model.selection import Selection
from pgwright.server import scratch_database
from tests.integration.diff.filling import contents, fill
from tests.integration.diff.ways import run
from tests.integration.slate import Slate
from tests.integration.test_cases import EMBEDDED_MAJOR, Case, find_cases

_LOSING = frozenset({HazardCode.DELETES_DATA})
_CASES = [
    c for c in find_cases() if "TABLE" in c.before.upper() and c.since <= EMBEDDED_MAJOR and not c.defect
]


@pytest.mark.parametrize("case", _CASES, ids=lambda c: f"{c.path.parent.name}/{c.path.stem}")
def test_rows_survive(case: Case, slate: Slate) -> None:
    before, after = (slate.read(sql, roles=case.roles) for sql in (case.before, case.after))
    plan = make_plan(before, after)
    if _LOSING & {h.code for h in plan.hazards}:
        return
    copied = {s.subject for s in plan.steps if s.summary.startswith("hold the rows")}
    columns = surviving(before, after, copied)
    held = {}
    with scratch_database() as scratch:
        run(scratch.url, case.before)
        with psycopg.connect(scratch.url, autocommit=True) as conn:
            fill(conn)
            for table, names in columns.items():
                held[table] = expected(conn, table, names, alone=table not in copied)
        try:
            ends = Ends(before=before, after=after, selection=Selection())
            done = apply_plan(scratch.url, plan, ends, manner=Manner(lock_attempts=1))
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


_IDENTITY = "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text);"
_SERIAL = "CREATE TABLE t (id bigserial PRIMARY KEY, a text);"
_PLAIN = "CREATE TABLE t (id bigint PRIMARY KEY DEFAULT 7, a text);"


@pytest.mark.parametrize(
    ("one", "other"), [(_IDENTITY, _SERIAL), (_SERIAL, _IDENTITY), (_PLAIN, _SERIAL), (_PLAIN, _IDENTITY)]
)
def test_numbering_goes_on(one: str, other: str, slate: Slate, database: str) -> None:
    before, after = slate.read(one), slate.read(other)
    run(database, one)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO t (a) VALUES ('x')")
        first = conn.execute("SELECT id FROM t").fetchone()
        plan = make_plan(before, after)
        # A row written in between would have no number, or one that is taken.
        assert len({s.batch for s in plan.steps if not s.sql.startswith("CREATE SEQUENCE")}) == 1
        # The old sequence's position counts as data, though the new one takes it up.
        ends = Ends(before=before, after=after, selection=Selection())
        apply_plan(database, plan, ends, allow=_LOSING)
        conn.execute("INSERT INTO t (a) VALUES ('y')")
        found = conn.execute("SELECT id FROM t ORDER BY id").fetchall()
    assert first is not None
    assert found == [first, (first[0] + 1,)]


def test_the_rows_that_are_made(database: str) -> None:
    run(
        database,
        """
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE DOMAIN price AS numeric(6, 2) CHECK (VALUE > 0);
        CREATE TABLE child (id int GENERATED ALWAYS AS IDENTITY, "Parent x" int NOT NULL, PRIMARY KEY (id));
        CREATE TABLE parent (id int PRIMARY KEY, m mood NOT NULL, p price, at timestamptz, day date, u uuid,
            j jsonb, b bytea, flags bool, words text[], name varchar(3) UNIQUE, span int4range, net inet,
            twice int GENERATED ALWAYS AS (id * 2) STORED, CHECK (id > 50));
        ALTER TABLE child ADD FOREIGN KEY ("Parent x") REFERENCES parent;
        CREATE TABLE part (k int, x text) PARTITION BY RANGE (k);
        CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (90);
        """,
    )
    with psycopg.connect(database, autocommit=True) as conn:
        fill(conn)
        for table in ("child", "parent", "part1"):
            columns: list[tuple[str, str | None]] = [("x", None)] if table == "part1" else [("id", None)]
            assert len(contents(conn, ("public", table), columns)) >= 3, table


def may_fail(plan: Plan) -> bool:
    return any(h.code is HazardCode.MAY_FAIL for h in plan.hazards)


def name_of(table: ObjectId) -> tuple[str, str]:
    return (table.name.schema or "public", table.name.name)


def surviving(
    before: Catalog, after: Catalog, copied: Set[ObjectId]
) -> dict[ObjectId, list[tuple[str, str | None]]]:
    """Return the columns that both sides have, with the new type where it differs; computed ones left out.

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
