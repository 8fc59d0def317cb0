"""Composite types that stand on their own, without a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.table import Table
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.types.retyping import columns_of, rebuild, through_text, users
from pgwright.kinds.types.type_steps import claim_type, drop_step
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change, Op
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed, render


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """Define an attribute of a composite type; `collation` is None where it is the type's own."""

    name: str
    type: str
    collation: str | None = None

    def definition(self) -> sql.Composable:
        """Compose ``name type COLLATE …``."""
        collation = f" COLLATE {self.collation}" if self.collation else ""
        return sql.SQL("{} {}").format(Name(self.name), deparsed(self.type + collation))


@dataclass(frozen=True, kw_only=True)
class Composite(CatalogObject):
    """Define a composite type by its attributes in order."""

    attributes: tuple[Attribute, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the composite types of the schemas being read."""
    for _, group in groupby(reading.rows("composite"), key=lambda r: r.oid):
        rows = list(group)
        first = rows[0]
        composite = Composite(
            id=ObjectId("composite", QualifiedName(first.schema, first.name)),
            attributes=tuple(
                Attribute(name=r.attribute, type=r.type, collation=r.collation)
                for r in rows
                if r.attribute is not None
            ),
        )
        yield Found(
            composite,
            (
                Address(SystemCatalog.TYPE, first.oid),
                Address(SystemCatalog.TYPE, first.array_oid),
                Address(SystemCatalog.CLASS, first.relid),
            ),
        )


def create(o: Composite, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TYPE … AS; a shell gets its attributes, each by a statement that may run again."""
    if o.id in context.shells:
        return tuple(
            step(
                o.id,
                sql.SQL("ALTER TYPE {} ADD ATTRIBUTE {}").format(name_of(o.id), attribute.definition()),
                f"complete {o.id} with {attribute.name}",
            )
            for attribute in o.attributes
        )
    attributes = sql.SQL(", ").join(a.definition() for a in o.attributes)
    text = sql.SQL("CREATE TYPE {} AS ({})").format(name_of(o.id), attributes)
    return (step(o.id, text, f"create {o.id}"),)


def shell(o: Composite, op: Op) -> Step:
    """Return the statement that makes the type without attributes, or takes them away."""
    if op is Op.CREATE:
        return step(o.id, sql.SQL("CREATE TYPE {} AS ()").format(name_of(o.id)), f"create a shell of {o.id}")
    gone = sql.SQL(", ").join(sql.SQL("DROP ATTRIBUTE {}").format(Name(a.name)) for a in o.attributes)
    text = sql.SQL("ALTER TYPE {} {}").format(name_of(o.id), gone)
    return step(o.id, text, f"leave a shell of {o.id}", phase=Phase.CONTRACT)


def drop(o: Composite, context: Context) -> tuple[Step, ...]:
    """Return the DROP TYPE."""
    return (drop_step("TYPE", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Add and drop attributes in place; make the type anew where stored values have to be converted."""
    before, after = change.before, change.after
    assert isinstance(before, Composite) and isinstance(after, Composite)
    old = {a.name: a for a in before.attributes}
    new = {a.name: a for a in after.attributes}
    kept = [name for name in old if name in new]
    retyped = [name for name in kept if old[name] != new[name]]
    stored = columns_of(users(change.id, context), context)
    in_order = list(new)[: len(kept)] == kept
    following = typed_tables(before.id, context.before)
    if not in_order or (retyped and stored):
        rebuilt = rebuild(
            change,
            context,
            hazards=_conversion_hazards(before, after),
            conversion=lambda column: _converted(column, before, after),
        )
        # A table has its columns in the order of its type.
        return replace(rebuilt, detach=(*rebuilt.detach, *following))
    typed = [id for id in following if id not in context.dropped]
    actions: list[sql.Composable] = []
    hazards: list[Hazard] = []
    tail = sql.SQL(" CASCADE" if typed else "")
    for name in old:
        if name not in new:
            actions.append(sql.SQL("DROP ATTRIBUTE {}{}").format(Name(name), tail))
            if stored or typed:
                message = f"the values of {name} in columns of type {after.id.path} are deleted"
                hazards.append(Hazard(code=HazardCode.DELETES_DATA, message=message))
    for name in retyped:
        attribute = new[name]
        collation = f" COLLATE {attribute.collation}" if attribute.collation else ""
        actions.append(
            sql.SQL("ALTER ATTRIBUTE {} TYPE {}{}").format(
                Name(name), deparsed(attribute.type + collation), tail
            )
        )
    for name, attribute in new.items():
        if name not in old:
            actions.append(sql.SQL("ADD ATTRIBUTE {}{}").format(attribute.definition(), tail))
    text = sql.SQL("ALTER TYPE {} {}").format(name_of(after.id), sql.SQL(", ").join(actions))
    lost = any(h.code is HazardCode.DELETES_DATA for h in hazards)
    gone = [name for name in old if name not in new]
    changed_shape = bool(retyped) or len(kept) < len(old)
    return Alteration(
        steps=(
            step(
                after.id,
                text,
                f"change attributes of {after.id}",
                lock=LockMode.ACCESS_EXCLUSIVE if typed else None,
                on=typed,
                rewrites=typed if retyped else (),
                hazards=hazards,
                reversibility=Reversibility.DATA_LOST if lost else Reversibility.LOSSLESS,
            ),
        ),
        detach=tuple(_in_the_way(change.id, [*gone, *retyped], typed, context)) if changed_shape else (),
    )


def typed_tables(composite: ObjectId, catalog: Catalog) -> tuple[ObjectId, ...]:
    """Return the tables that were made OF a type, whose columns follow its attributes."""
    spelt = render(name_of(composite))
    return tuple(o.id for o in catalog.of("table") if isinstance(o, Table) and o.of_type == spelt)


def _in_the_way(
    id: ObjectId, attributes: list[str], typed: list[ObjectId], context: Context
) -> Iterator[ObjectId]:
    """Yield what uses the type, or a column that a typed table has of it, and cannot follow a change."""
    columns = (ObjectId("column", QualifiedName(None, name), table) for table in typed for name in attributes)
    for used in (id, *columns):
        for dependent in context.referenced_before.get(used, ()):
            if dependent.kind in {"view", "materialized_view", "rule", "row_policy", "function", "trigger"}:
                yield dependent


def _conversion_hazards(before: Composite, after: Composite) -> list[Hazard]:
    message = f"a value that does not fit the new attributes of {after.id} stops it"
    hazards = [Hazard(code=HazardCode.MAY_FAIL, message=message)]
    gone = {a.name for a in before.attributes} - {a.name for a in after.attributes}
    if gone:
        message = f"the values of {', '.join(sorted(gone))} in columns of type {after.id.path} are deleted"
        hazards.append(Hazard(code=HazardCode.DELETES_DATA, message=message))
    return hazards


def _converted(column: Column, before: Composite, after: Composite) -> sql.Composable | None:
    """Compose the new value of a column, attribute by attribute; None where the type is inside another."""
    if [a.name for a in before.attributes] == [a.name for a in after.attributes]:
        return through_text(column)
    if column.type != render(name_of(before.id)):
        return None
    name = Name(column.id.name.name)
    old = {a.name for a in before.attributes}
    fields = [
        sql.SQL("({}).{}::{}").format(name, Name(a.name), deparsed(a.type))
        if a.name in old
        else sql.SQL("NULL::{}").format(deparsed(a.type))
        for a in after.attributes
    ]
    return sql.SQL("CASE WHEN {} IS NOT DISTINCT FROM NULL THEN NULL ELSE ROW({})::{} END").format(
        name, sql.SQL(", ").join(fields), deparsed(column.type)
    )


def rename(o: Composite, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE that renames or moves it."""
    return renamed("TYPE", o.id, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among types and among relations."""
    return (*claim_type(o), ("relation", o.id.name.schema or "", o.id.name.name))


KIND = Kind(
    name="composite",
    cls=Composite,
    rank=14,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
    shell=shell,
)
