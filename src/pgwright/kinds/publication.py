"""Publications: what logical replication sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, statement, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed, literal, names

_OPERATIONS = ("insert", "update", "delete", "truncate")
_GENERATED = {"n": "none", "s": "stored"}


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """Name a published table; `columns`, by name, is None for all of them, `condition` filters rows."""

    table: ObjectId
    columns: tuple[str, ...] | None = None
    condition: str | None = None

    def clause(self) -> sql.Composable:
        """Compose the entry as CREATE PUBLICATION takes it, without the tables that inherit."""
        parts: list[sql.Composable] = [sql.SQL("ONLY {}").format(name_of(self.table))]
        if self.columns is not None:
            parts.append(sql.SQL("({})").format(names(self.columns)))
        if self.condition is not None:
            # PostgreSQL deparses the condition with or without parentheses, but takes it with them only.
            parts.append(deparsed(f"WHERE ({self.condition})"))
        return sql.SQL(" ").join(parts)


@dataclass(frozen=True, kw_only=True)
class Publication(CatalogObject):
    """Define a publication by its tables, or schemas, or all tables, and by what it sends of them.

    `generated_columns` is ``none`` or ``stored``.
    """

    all_tables: bool = False
    tables: tuple[PublishedTable, ...] = ()
    schemas: tuple[ObjectId, ...] = ()
    operations: tuple[str, ...] = _OPERATIONS
    via_root: bool = False
    generated_columns: str = "none"


def read(reading: Reading) -> Iterator[Found]:
    """Yield the publications of the database, with the tables and schemas that are being read."""
    tables: dict[int, list[PublishedTable]] = {}
    schemas: dict[int, list[ObjectId]] = {}
    addresses: dict[int, list[Address]] = {}
    for r in reading.rows("publication_table"):
        addresses.setdefault(r.publication, []).append(Address(SystemCatalog.PUBLICATION_REL, r.oid))
        table = reading.id_of(SystemCatalog.CLASS, r.relid)
        if table is not None:
            columns = None if r.columns is None else tuple(r.columns)
            condition = None if r.condition is None else settled(r.condition)
            published = PublishedTable(table=table, columns=columns, condition=condition)
            tables.setdefault(r.publication, []).append(published)
    for r in reading.rows("publication_schema"):
        addresses.setdefault(r.publication, []).append(Address(SystemCatalog.PUBLICATION_NAMESPACE, r.oid))
        schema = reading.id_of(SystemCatalog.NAMESPACE, r.namespace)
        if schema is not None:
            schemas.setdefault(r.publication, []).append(schema)
    for r in reading.rows("publication"):
        publication = Publication(
            id=ObjectId("publication", QualifiedName(None, r.name)),
            all_tables=r.all_tables,
            tables=tuple(tables.get(r.oid, ())),
            schemas=tuple(schemas.get(r.oid, ())),
            operations=tuple(o for o in _OPERATIONS if getattr(r, o)),
            via_root=r.via_root,
            generated_columns=_GENERATED[r.generated_columns],
        )
        own = Address(SystemCatalog.PUBLICATION, r.oid)
        yield Found(publication, (own, *addresses.get(r.oid, ())))


def create(o: Publication, context: Context) -> tuple[Step, ...]:
    """Return the CREATE PUBLICATION."""
    parts: list[sql.Composable] = [sql.SQL("CREATE PUBLICATION {}").format(name_of(o.id))]
    members = [*_tables(o.tables), *_schemas(o.schemas)]
    if o.all_tables:
        parts.append(sql.SQL("FOR ALL TABLES"))
    elif members:
        parts.append(sql.SQL("FOR {}").format(sql.SQL(", ").join(members)))
    options = _options(o, None)
    if options:
        parts.append(sql.SQL("WITH ({})").format(sql.SQL(", ").join(options)))
    return (step(o.id, sql.SQL(" ").join(parts), f"create {o.id}", **_lock(o.tables, context)),)


def _tables(tables: Iterable[PublishedTable]) -> Iterator[sql.Composable]:
    # One TABLE for all of them: versions before 15 take no second.
    for i, table in enumerate(tables):
        yield sql.SQL("{}{}").format(sql.SQL("" if i else "TABLE "), table.clause())


def _schemas(schemas: Iterable[ObjectId]) -> Iterator[sql.Composable]:
    for schema in schemas:
        yield sql.SQL("TABLES IN SCHEMA {}").format(Name(schema.name.name))


def _options(o: Publication, base: Publication | None) -> list[sql.Composable]:
    """Compose the parameters that differ from `base`, or from PostgreSQL's defaults."""
    base = base or Publication(id=o.id)
    options: list[sql.Composable] = []
    if o.operations != base.operations:
        options.append(sql.SQL("publish = {}").format(literal(", ".join(o.operations))))
    if o.via_root != base.via_root:
        options.append(deparsed(f"publish_via_partition_root = {str(o.via_root).lower()}"))
    if o.generated_columns != base.generated_columns:
        options.append(deparsed(f"publish_generated_columns = {o.generated_columns}"))
    return options


def _lock(tables: Iterable[PublishedTable], context: Context) -> dict[str, Any]:
    on = tuple(t.table for t in tables if not context.is_new(t.table))
    return {"lock": LockMode.SHARE_UPDATE_EXCLUSIVE, "on": on} if on else {}


def drop(o: Publication, context: Context) -> tuple[Step, ...]:
    """Return the DROP PUBLICATION."""
    hazard = Hazard(code=HazardCode.BREAKS_CODE, message=f"subscriptions to {o.id} fail from here on")
    return (
        step(
            o.id,
            sql.SQL("DROP PUBLICATION {}").format(name_of(o.id)),
            f"drop {o.id}",
            hazards=(hazard,),
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Add and take out tables and schemas, and set parameters; replace to or from ALL TABLES."""
    before, after = change.before, change.after
    assert isinstance(before, Publication) and isinstance(after, Publication)
    if before.all_tables != after.all_tables:
        return REPLACE
    steps: list[Step] = []
    options = _options(after, before)
    if options:
        action = sql.SQL("SET ({})").format(sql.SQL(", ").join(options))
        steps.append(_alter(after, action, f"change what {after.id} sends"))
    # A table that the plan drops leaves the publication by itself.
    gone = [t for t in before.tables if t not in after.tables and t.table not in context.dropped]
    for published in gone:
        action = sql.SQL("DROP TABLE ONLY {}").format(name_of(published.table))
        summary = f"take {published.table} out of {after.id}"
        again = any(t.table == published.table for t in after.tables)
        hazards = () if again else (_unsent(after, published.table),)
        steps.append(_alter(after, action, summary, hazards=hazards, **_lock((published,), context)))
    for schema in before.schemas:
        if schema not in after.schemas and schema not in context.dropped:
            action = sql.SQL("DROP TABLES IN SCHEMA {}").format(Name(schema.name.name))
            summary = f"take {schema} out of {after.id}"
            steps.append(_alter(after, action, summary, hazards=(_unsent(after, schema),)))
    for published in after.tables:
        if published not in before.tables or published.table in context.dropped:
            action = sql.SQL("ADD TABLE {}").format(published.clause())
            summary = f"add {published.table} to {after.id}"
            steps.append(_alter(after, action, summary, **_lock((published,), context)))
    for schema in after.schemas:
        if schema not in before.schemas:
            action = sql.SQL("ADD TABLES IN SCHEMA {}").format(Name(schema.name.name))
            steps.append(_alter(after, action, f"add {schema} to {after.id}"))
    return Alteration(steps=tuple(steps))


def _unsent(o: Publication, what: ObjectId) -> Hazard:
    message = f"subscribers of {o.id} get no more changes of {what}"
    return Hazard(code=HazardCode.BREAKS_CODE, message=message)


def _alter(o: Publication, action: sql.Composable, summary: str, **settings: Any) -> Step:
    return step(o.id, statement("ALTER PUBLICATION {} {}", name_of(o.id), action), summary, **settings)


def rename(o: Publication, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER PUBLICATION … RENAME TO."""
    hazard = Hazard(code=HazardCode.BREAKS_CODE, message=f"subscriptions to {o.id} fail from here on")
    text = sql.SQL("ALTER PUBLICATION {} RENAME TO {}").format(name_of(o.id), Name(to.name.name))
    return (step(o.id, text, f"rename {o.id} to {to.path}", hazards=(hazard,)),)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among publications."""
    return (("publication", o.id.name.name),)


KIND = Kind(
    name="publication",
    cls=Publication,
    rank=80,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
    queries=("publication_table", "publication_schema", "publication"),
)
