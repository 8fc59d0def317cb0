"""What is declared about tables over time: recorded in the database, and held against what the server does.

Each declaration is a row of ``pgwright.policy``. On plain PostgreSQL pgwright itself acts on these rows.
Where TimescaleDB acts, its catalogs say what really holds: a job that somebody changed or removed makes the
record untrue, and what is read is what the server does.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import namedtuple_row

from pgwright.kinds.contract import Found
from pgwright.kinds.steps import parent_of, statement, step
from pgwright.kinds.timeseries.policy_names import as_named, columns_of, time_of
from pgwright.kinds.timeseries.rollup_names import joined_table, live_view, own_log, trigger_names
from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.model.policy import Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.model.policy_checks import order_terms
from pgwright.model.span import Span
from pgwright.pg.quoting import literal, qualified, render
from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import Connection, Cursor

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
    b"p.floor::text AS floor, p.late, p.ran_at, "
    b"p.error, "
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
    it that a refresh has left out. What TimescaleDB was told without pgwright is not `recorded`. `lacks`
    names the parts of a rollup that somebody dropped or switched off. `key` is what a partitioned table is
    divided by, as PostgreSQL writes it.
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
    error: str | None = None
    recorded: bool = True
    lacks: tuple[str, ...] = ()
    key: str | None = None

    @property
    def table(self) -> ObjectId:
        """Return the identity of the table that the declaration is about."""
        return ObjectId("table", QualifiedName(self.schema, self.table_name))


@dataclass(frozen=True, kw_only=True)
class _Server:
    """Hold what TimescaleDB says, by the OID of the relation."""

    dimensions: Mapping[int, Any] = field(default_factory=dict)
    jobs: Mapping[tuple[int, str], Any] = field(default_factory=dict)
    compression: Mapping[int, Any] = field(default_factory=dict)
    aggregates: Mapping[tuple[str, str], Any] = field(default_factory=dict)


def read_records(conn: Connection[Any], *, timescaledb: str, major: int) -> tuple[Record, ...]:
    """Return the declarations that are in force in the database.

    `timescaledb` is the licence as in `ServerFacts`. A record that the server does not act on any more is
    left out, and what the server does without a record is there as well, marked as such.
    """
    recorded: tuple[Record, ...] = ()
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        if cursor.execute(_IS_THERE).fetchone() is not None:
            rows: list[Any] = cursor.execute(_RECORDS).fetchall()
            # As text: frameworks teach their connections to leave JSON alone.
            told = [Record(**{**row._asdict(), "definition": json.loads(row.definition)}) for row in rows]
            columns = columns_of(cursor, {r.relation for r in told if r.kind == "rollup"})
            series = [r for r in told if r.kind == "time_series" and r.key]
            moved = {r.relation for r in series if r.definition["column"] != time_of(r)}
            recorded = tuple(as_named(_with_parts(cursor, r, major), moved, columns) for r in told)
        if not timescaledb:
            return tuple(r for r in recorded if r.kind != "time_series" or r.relkind == "p")

        def ask(name: str) -> list[Any]:
            return cursor.execute(load_sql("pgwright.kinds.timeseries", name, major).encode()).fetchall()

        server = _Server(
            dimensions={r.relation: r for r in ask("policy_dimensions")},
            jobs={(r.relation, r.procedure): r for r in ask("policy_jobs")},
            compression={r.relation: r for r in ask("policy_compression")},
            aggregates={(r.schema, r.name): r for r in ask("policy_aggregates")},
        )
    known = {(r.relation, r.kind) for r in recorded}
    kept = dict(_kept(recorded))
    true = (_held_against(r, server, kept.get((r.schema, r.table_name))) for r in recorded)
    return (*(r for r in true if r is not None), *_unrecorded(server, known))


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
    return dataclasses.replace(record, definition={**record.definition, **shown}, lacks=lacks)


def _kept(recorded: Iterable[Record]) -> Iterator[tuple[tuple[str, str], Span]]:
    """Yield how long the rows of tables and rollups are kept."""
    for r in recorded:
        if r.kind == "retention":
            yield (r.schema, r.table_name), Span.of(r.definition["keep"])
        elif r.kind == "rollup" and r.definition.get("retain"):
            yield (r.schema, r.name), Span.of(r.definition["retain"])


def _held_against(record: Record, server: _Server, kept: Span | None) -> Record | None:
    """Return the record as the server acts on it; None where it does not. `kept` is how long its rows are."""
    definition = dict(record.definition)
    if record.kind == "time_series":
        return _series_as_it_is(record, server)
    if definition.get("by") != COMMUNITY:
        return record
    if record.kind == "rollup":
        return _continuous_as_it_is(record, server, kept)
    procedure, told = _JOBS[record.kind]
    job = server.jobs.get((record.relation, procedure))
    if job is None:
        return None
    definition[told] = _same(definition[told], job.after_text)
    if record.kind == "compression":
        settings = server.compression.get(record.relation)
        definition["segment_by"] = list(settings.segment_by) if settings else []
        definition["packed"] = bool(settings and settings.packed)
        time = server.dimensions[record.relation].column_name
        if settings and not _same_order(definition["order_by"], settings.order_by, time):
            definition["order_by"] = settings.order_by
    return dataclasses.replace(record, definition=definition)


def _series_as_it_is(record: Record, server: _Server) -> Record | None:
    """Return the record of a time series with the column and the interval of a hypertable's chunks."""
    if record.relkind == "p":
        return record
    definition, dimension = dict(record.definition), server.dimensions.get(record.relation)
    if dimension is None:
        return None
    if Span.of(definition["interval"]).approximate_seconds != dimension.seconds:
        definition["interval"] = str(_span(dimension.seconds))
    return dataclasses.replace(record, definition={**definition, "column": dimension.column_name})


def _continuous_as_it_is(record: Record, server: _Server, kept: Span | None) -> Record | None:
    """Return the record of a continuous aggregate with what its jobs do, and from when on one looks at rows.

    A job that looks further back than rows are kept would delete the history of those that are gone: it
    counts as none.
    """
    found = server.aggregates.get((record.schema, record.name))
    if found is None:
        return None
    definition = dict(record.definition)
    job = server.jobs.get((found.relation, "policy_refresh_continuous_aggregate"))
    since = _text_span(job.after_text) if job and job.after_text else None
    if job is None or (kept and (since is None or since.approximate_seconds > kept.approximate_seconds)):
        definition["refresh"] = ""
    else:
        definition["refresh"] = _same(definition["refresh"], job.every_text)
        definition["since"] = str(since or "")
    retention = server.jobs.get((found.relation, "policy_retention"))
    definition["retain"] = _same(definition["retain"], retention.after_text) if retention else ""
    definition["realtime"] = definition["realtime"] and not found.materialized_only
    return dataclasses.replace(record, definition=definition)


def _same_order(declared: str, told: str, time: str) -> bool:
    """Tell whether rows are ordered as declared; TimescaleDB puts the time column behind, latest first."""
    wanted, here = order_terms(declared), order_terms(told)
    return not declared or here in (wanted, [*wanted, (time, "DESC", "FIRST")])


# The procedure of TimescaleDB behind a kind of policy, and the field that says after which time it acts.
_JOBS = {"retention": ("policy_retention", "keep"), "compression": ("policy_compression", "after")}


def _unrecorded(server: _Server, known: set[tuple[int, str]]) -> Iterator[Record]:
    """Yield what somebody set up in TimescaleDB without pgwright."""
    for relation, dimension in server.dimensions.items():
        where: dict[str, Any] = {
            "relation": relation,
            "schema": dimension.schema,
            "table_name": dimension.name,
            "relkind": "r",
            "recorded": False,
        }
        if (relation, "time_series") not in known:
            series = {"column": dimension.column_name, "interval": str(_span(dimension.seconds))}
            yield Record(kind="time_series", name="time_series", definition=series, **where)
        for kind, (procedure, told) in _JOBS.items():
            job = server.jobs.get((relation, procedure))
            if job is None or (relation, kind) in known:
                continue
            definition: dict[str, Any] = {told: str(_text_span(job.after_text)), "by": COMMUNITY}
            if kind == "compression" and relation in server.compression:
                settings = server.compression[relation]
                definition |= {"segment_by": settings.segment_by, "order_by": settings.order_by}
            yield Record(kind=kind, name=kind, definition=definition, **where)


def _span(seconds: int) -> Span:
    return Span(days=seconds // 86400) if seconds % 86400 == 0 else Span(seconds=seconds)


def _same(declared: str, told: str) -> str:
    """Return what is declared where the server says the same in other words, else what the server says."""
    here = _text_span(told)
    return declared if declared and Span.of(declared) == here else str(here)


def _text_span(text: str) -> Span:
    """Read an interval as PostgreSQL prints it: ``1 mon``, ``30 days``, ``01:00:00``."""
    if ":" in text:
        hours, minutes, seconds = (int(float(part)) for part in text.rpartition(" ")[2].split(":"))
        return Span(seconds=hours * 3600 + minutes * 60 + seconds)
    return Span.of(text.replace("mons", "months"))


def made_relations(records: Iterable[Record]) -> frozenset[QualifiedName]:
    """Return the names of the tables and views that rollups brought with them."""
    made: set[QualifiedName] = set()
    for r in records:
        if r.kind == "rollup":
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
    definition = {f.name: getattr(o, f.name) for f in o.defining_fields()} | more
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
