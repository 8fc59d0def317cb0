"""Views: a query by name; the rule that PostgreSQL keeps it in counts as the view itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import changed_parameters, held, narrower, parameters, vanishes
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.timeseries.policy_records import made_relations
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change, Op
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed, render


@dataclass(frozen=True, kw_only=True)
class View(CatalogObject):
    """Define a view by its query and its options (``name=value``).

    `columns` pairs names with types. They follow from the query and from what it reads, so they
    do not define the view; they decide whether it can be replaced under its dependents. `reads_itself` tells
    that the query names the view: PostgreSQL lets it be put in place of another.
    """

    definition: str
    options: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = fact(())
    reads_itself: bool = fact(False)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the views of the schemas being read."""
    rows = reading.rows("view")
    made = made_relations(reading.records)
    for r in rows:
        name = QualifiedName(r.schema, r.name)
        view = View(
            id=ObjectId("view", name),
            derived=name in made,
            definition=query_text(r.definition),
            options=tuple(sorted(r.options or ())),
            columns=tuple(zip(r.column_names or (), r.column_types or (), strict=True)),
            reads_itself=r.reads_itself,
        )
        yield Found(view, relation_addresses(r))


def query_text(definition: str) -> str:
    """Return what `pg_get_viewdef` gives without its indent and semicolon, settled."""
    return settled(definition.strip().removesuffix(";"))


def relation_addresses(row: Any) -> tuple[Address, ...]:
    """Return what stands for a view: the relation, its row type, that type's array, and its rule."""
    types = tuple(Address(SystemCatalog.TYPE, oid) for oid in (row.rowtype, row.arraytype) if oid)
    return (
        Address(SystemCatalog.CLASS, row.oid),
        *types,
        Address(SystemCatalog.REWRITE, row.rule),
    )


def _statement(head: str, o: View) -> sql.Composed:
    with_options = sql.SQL(" WITH {}").format(parameters(o.options)) if o.options else sql.SQL("")
    return sql.SQL("{} {}{} AS\n{}").format(
        deparsed(head), name_of(o.id), with_options, deparsed(o.definition)
    )


def create(o: View, context: Context) -> tuple[Step, ...]:
    """Return the CREATE VIEW; what reads itself takes the place of its shell."""
    if o.id in context.shells:
        return (step(o.id, _statement("CREATE OR REPLACE VIEW", o), f"complete {o.id}"),)
    if not o.reads_itself:
        return (step(o.id, _statement("CREATE VIEW", o), f"create {o.id}"),)
    text = _statement("CREATE OR REPLACE VIEW", o)
    return (shell(o, Op.CREATE), step(o.id, text, f"create {o.id}, which reads itself"))


def shell(o: View, op: Op) -> Step:
    """Return the statement that makes a view with the same columns and no rows, or leaves no more of it."""
    nulls = sql.SQL(", ").join(
        sql.SQL("NULL::{} AS {}").format(deparsed(type), Name(name)) for name, type in o.columns
    )
    empty = render(sql.SQL("SELECT {} WHERE false").format(nulls))
    bare = dataclasses.replace(o, definition=empty, options=())
    if op is Op.CREATE:
        return step(o.id, _statement("CREATE VIEW", bare), f"create the columns of {o.id}")
    return step(
        o.id,
        _statement("CREATE OR REPLACE VIEW", bare),
        f"leave the columns of {o.id}",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=(o.id,),
        phase=Phase.CONTRACT,
    )


def drop(o: View, context: Context) -> tuple[Step, ...]:
    """Return the DROP VIEW."""
    hazards = vanishes(o.id, context, f"queries that read {o.id} fail from here on")
    new = context.after.get(o.id)
    if isinstance(new, View):
        hazards = (*hazards, *narrower((n for n, _ in o.columns), o.id, (n for n, _ in new.columns)))
    return (
        step(
            o.id,
            sql.SQL("DROP VIEW {}").format(name_of(o.id)),
            f"drop {o.id}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=(o.id,),
            hazards=hazards,
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Put another query in place where the columns allow it; set options in place."""
    before, after = change.before, change.after
    assert isinstance(before, View) and isinstance(after, View)
    hazards = _access(before, after)
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, after.id)
    if before.definition != after.definition:
        # PostgreSQL lets columns be added at the end only; names, types and order must stay.
        if after.columns[: len(before.columns)] != before.columns:
            return REPLACE
        text = _statement("CREATE OR REPLACE VIEW", after)
        return Alteration(steps=(step(after.id, text, f"change {after.id}", hazards=hazards, **lock),))
    steps = [
        step(
            after.id,
            sql.SQL("ALTER VIEW {} {}").format(name_of(after.id), action),
            f"change options of {after.id}",
            hazards=hazards,
            **lock,
        )
        for action in changed_parameters(before.options, after.options)
    ]
    return Alteration(steps=tuple(steps))


def _access(before: View, after: View) -> tuple[Hazard, ...]:
    changed = {o for o in set(before.options) ^ set(after.options) if o.startswith("security_")}
    if not changed:
        return ()
    message = f"another role's rights, or another order of checks, decide what {after.id} shows"
    return (Hazard(code=HazardCode.CHANGES_ACCESS, message=message),)


def rename(o: View, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER VIEW … RENAME TO, and SET SCHEMA where the schema differs."""
    return renamed("VIEW", o.id, to, LockMode.ACCESS_EXCLUSIVE)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among relations and, by the row type, among types."""
    return (
        ("relation", o.id.name.schema, o.id.name.name),
        ("type", o.id.name.schema, o.id.name.name),
    )


KIND = Kind(
    name="view",
    cls=View,
    rank=50,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
    shell=shell,
)
