"""What is declared about tables over time: recorded in the database.

Each declaration is a row of ``pgwright.policy``. On plain PostgreSQL pgwright itself acts on these rows; for
TimescaleDB see `pgwright.kinds.timeseries.policy_server`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.contract import Found
from pgwright.kinds.steps import parent_of, statement, step
from pgwright.kinds.timeseries.policy_names import as_named, columns_of, columns_of_joined, joins_of, time_of
from pgwright.kinds.timeseries.rollup_names import joined_table, live_view, own_log, trigger_names
from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.model.policy import Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.pg.quoting import literal, qualified, render
from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import Cursor

    from pgwright.kinds.contract import Context, Reading

COMMUNITY = "timescale"

PREPARE = sql.SQL(
    """CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.policy (
    relation regclass NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL,
    floor timestamptz,
    late bigint NOT NULL DEFAULT 0,
    ran_at timestamptz,
    error text,
    PRIMARY KEY (relation, kind, name)
)"""
)
_RECORD = """INSERT INTO pgwright.policy (relation, kind, name, definition) VALUES ({}, {}, {}, {})
ON CONFLICT (relation, kind, name) DO UPDATE SET definition = EXCLUDED.definition"""
_FORGET = "DELETE FROM pgwright.policy WHERE relation = {} AND kind = {} AND name = {}"
# By the catalogs, which everybody may read: to_regclass fails for a role that may not use the schema.
_IS_THERE = b"""SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'pgwright' AND c.relname = 'policy'"""
_RECORDS = (
    b"SELECT p.relation::oid AS relation, n.nspname::text AS schema, c.relname::text AS table_name, "
    b"c.relkind::text AS relkind, p.kind, p.name, p.definition::text AS definition, "
    # By the server's clock, which the run goes by too: that of this machine may show another time.
    b"p.floor::text AS floor, p.late, p.ran_at, clock_timestamp() - p.ran_at AS since_run, p.error, "
    b"pg_get_partkeydef(p.relation) AS key "
    b"FROM pgwright.policy AS p JOIN pg_class AS c ON c.oid = p.relation "
    b"JOIN pg_namespace AS n ON n.oid = c.relnamespace ORDER BY 1, 5, 6"
)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Hold one declaration as it is in force.

    `definition` has the fields of the policy, and what only this database needs: ``by`` names who acts,
    ``adopts`` tells that a rollup writes into a table that was there before it. `floor` is the moment below
    which rows were retired and a rollup is history, as text with its offset; `late` counts the changes below
    it that a refresh has left out. `since_run` is the time since `ran_at`. What TimescaleDB was told without
    pgwright is not `recorded`. `lacks` names the parts of a rollup that somebody dropped or switched off.
    `key` is what a partitioned table is divided by, as PostgreSQL writes it. `gone` says that TimescaleDB
    does nothing of it any more, `drifted` names the fields in which it does otherwise than declared.
    """

    relation: int
    schema: str
    table_name: str
    relkind: str
    kind: str
    name: str
    definition: Mapping[str, Any]
    floor: str | None = None
    late: int = 0
    ran_at: datetime | None = None
    since_run: timedelta | None = None
    error: str | None = None
    recorded: bool = True
    lacks: tuple[str, ...] = ()
    key: str | None = None
    gone: bool = False
    drifted: tuple[str, ...] = ()

    @property
    def table(self) -> ObjectId:
        """Return the identity of the table that the declaration is about."""
        return ObjectId("table", QualifiedName(self.schema, self.table_name))

    def ran_within(self, pause: timedelta) -> bool:
        """Tell whether it was carried out no longer than `pause` ago.

        One that was in the future, by a clock that has been set right since, is none to wait for.
        """
        return self.since_run is not None and timedelta() <= self.since_run < pause


def recorded_in(cursor: Cursor[Any], major: int) -> tuple[Record, ...]:
    """Return what is declared in a database, with what pgwright's own rollups lack."""
    if cursor.execute(_IS_THERE).fetchone() is None:
        return ()
    rows: list[Any] = cursor.execute(_RECORDS).fetchall()
    # As text: frameworks teach their connections to leave JSON alone.
    told = [Record(**{**row._asdict(), "definition": json.loads(row.definition)}) for row in rows]
    columns = columns_of(cursor, {r.relation for r in told if r.kind == "rollup"})
    joined = columns_of_joined(cursor, {table for r in told for table, *_ in joins_of(r)})
    series = [r for r in told if r.kind == "time_series" and r.key]
    moved = {r.relation for r in series if r.definition["column"] != time_of(r)}
    return tuple(as_named(_with_parts(cursor, r, major), moved, columns, joined) for r in told)


def _with_parts(cursor: Cursor[Any], record: Record, major: int) -> Record:
    """Return the record of a rollup as its parts are there: without its live view, or with what it lacks."""
    if record.kind != "rollup":
        return record
    rollup, tables, wanted = QualifiedName(record.schema, record.name), [], []
    live = render(qualified(live_view(rollup)))
    if not record.definition.get("by"):
        joins = [join[0] for join in record.definition.get("joins", ())]
        tables = [record.table, *(joined_table(record.table, join) for join in joins)]
        wanted = [rollup, *(own_log(rollup, join) for join in ("", *joins))]
    triggers = trigger_names(rollup)
    query = load_sql("pgwright.kinds.timeseries", "rollup_lacks", major)
    rows: list[Any] = cursor.execute(
        query.encode(),
        {
            "relations": [*(render(qualified(name)) for name in wanted), live],
            "tables": [render(qualified(table.name)) for table in tables for _ in triggers],
            "triggers": list(triggers) * len(tables),
        },
    ).fetchall()
    lacks = tuple(row.missing for row in rows if row.missing != live)
    shown = {"realtime": False} if any(row.missing == live for row in rows) else {}
    drifted = ("realtime",) if shown and record.definition.get("realtime") else ()
    definition = {**record.definition, **shown}
    return dataclasses.replace(record, definition=definition, lacks=lacks, drifted=drifted)


def made_relations(records: Iterable[Record]) -> frozenset[QualifiedName]:
    """Return the names of the tables and views that rollups brought with them."""
    made: set[QualifiedName] = set()
    for r in records:
        if r.kind == "rollup" and not r.gone:
            made.add(live_view(QualifiedName(r.schema, r.name)))
            if not r.definition.get("adopts", False):
                made.add(QualifiedName(r.schema, r.name))
    return frozenset(made)


def policy_object(cls: type[CatalogObject], record: Record, **facts: Any) -> CatalogObject:
    """Return the object of a kind that a record describes, with what else is known of it."""
    names = {f.name for f in dataclasses.fields(cls)}
    values = {name: frozen(value) for name, value in record.definition.items() if name in names} | facts
    return cls(id=ObjectId(record.kind, QualifiedName(None, record.name), record.table), **values)


def reader(
    cls: type[CatalogObject], kind: str, facts: Callable[[Record], Mapping[str, Any]] = lambda record: {}
) -> Callable[[Reading], Iterator[Found]]:
    """Return what yields the objects of a kind about the tables that are being read.

    `facts` tells of a record what else is known of its object.
    """

    def read(reading: Reading) -> Iterator[Found]:
        for found in reading.records:
            if found.recorded and found.kind == kind and found.schema in reading.schemas:
                yield Found(policy_object(cls, found, **facts(found)), ())

    return read


def frozen(value: Any) -> Any:
    """Return a value of a definition with tuples in place of JSON's lists."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def declared_object(cls: type[CatalogObject], policy: Policy, table: ObjectId) -> CatalogObject:
    """Return the object of a kind that a policy declares about a table."""
    names = {f.name for f in dataclasses.fields(cls)}
    values = {f.name: getattr(policy, f.name) for f in dataclasses.fields(policy) if f.name in names}
    id = ObjectId(policy.kind, QualifiedName(None, policy.name), table)
    return cls(id=id, depends_on=(table,), **values)


def declaring_policy(o: CatalogObject) -> Policy:
    """Return the policy that declares an object, about the table that is its parent."""
    cls = next(c for c in (TimeSeries, Compress, Retain, Rollup) if c.kind == o.id.kind)
    names = {f.name for f in dataclasses.fields(cls)}
    known = {
        f.name: getattr(o, f.name)
        for f in o.defining_fields()
        if f.name in names and getattr(o, f.name) not in ("", ())
    }
    if cls is Rollup:
        known["name"] = o.id.name.name
    return cls(**known)


def record(o: CatalogObject, **more: Any) -> sql.Composed:
    """Compose the statements that record a declaration; they may run again."""
    # Whether it is behind is found out each time.
    told = {f.name: getattr(o, f.name) for f in o.defining_fields() if f.name not in ("stale", "outdated")}
    definition = told | more
    values = (relation(parent_of(o.id)), literal(o.id.kind), literal(o.id.name.name), _json(definition))
    return sql.SQL(";\n").join([PREPARE, statement(_RECORD, *values)])


def forget(o: CatalogObject, context: Context) -> tuple[Step, ...]:
    """Return the step that removes the record of a declaration; one that is only made again keeps it."""
    if o.id in context.created:
        return ()
    text = statement(_FORGET, relation(parent_of(o.id)), literal(o.id.kind), literal(o.id.name.name))
    return (step(o.id, text, f"forget {o.id}", phase=Phase.CONTRACT),)


def relation(id: ObjectId) -> sql.Composed:
    """Compose a relation's name as a `regclass` constant, which follows it through renames."""
    return sql.SQL("{}::regclass").format(literal(render(qualified(id.name))))


def together(parts: Iterable[sql.Composable]) -> sql.Composed:
    """Compose several statements into one step."""
    return sql.SQL(";\n").join(list(parts))


def _json(value: Mapping[str, Any]) -> sql.Composable:
    return sql.SQL("{}::jsonb").format(literal(json.dumps(value, sort_keys=True)))
