"""From a catalog to a data model: every object finds the table and the section where it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from pgwright.kinds.aggregate import Aggregate
from pgwright.kinds.comment import Comment
from pgwright.kinds.composite import Composite
from pgwright.kinds.constraint import Constraint
from pgwright.kinds.default import Default
from pgwright.kinds.domain import Domain
from pgwright.kinds.enum import Enum
from pgwright.kinds.function import Function
from pgwright.kinds.index import Index
from pgwright.kinds.materialized_view import MaterializedView
from pgwright.kinds.range import Range
from pgwright.kinds.row_policy import RowPolicy
from pgwright.kinds.table import Table
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.trigger import Trigger
from pgwright.kinds.view import View
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId
from pgwright.observe.docs.modules import Rules, divide
from pgwright.observe.docs.nouns import (
    ColumnDoc,
    DataModel,
    Definition,
    Reference,
    Size,
    TableDoc,
    TypeDoc,
    ViewDoc,
)

# Shown in a section of their table or page; the rest is counted by name in the notes.
_SHOWN = frozenset(
    {
        "aggregate",
        "column",
        "comment",
        "composite",
        "constraint",
        "default",
        "default_privilege",
        "domain",
        "enum",
        "extension",
        "function",
        "grant",
        "index",
        "materialized_view",
        "owner",
        "range",
        "row_policy",
        "row_security",
        "schema",
        "sequence",
        "sequence_owner",
        "statistics",
        "table",
        "trigger",
        "view",
    }
)


def data_model(
    catalog: Catalog,
    *,
    title: str,
    sizes: Mapping[str, Size] | None = None,
    rules: Rules = (),
) -> DataModel:
    """Return what the pages show of a catalog.

    `sizes` maps the paths of tables and materialized views to what they take on a live server. `rules` are
    pairs of a module's name and a pattern over paths, which come before the grouping by name. Partitions are
    shown as part of their parent: they come and go with time.
    """
    sizes = sizes or {}
    tables = [t for t in catalog.of("table") if isinstance(t, Table) and t.partition_of is None]
    bare = len({t.id.name.schema for t in tables}) == 1
    docs = [_table(catalog, t, sizes.get(t.id.path), bare=bare) for t in tables]
    return DataModel(
        title=title,
        modules=divide(docs, rules),
        types=tuple(_types(catalog)),
        views=tuple(_views(catalog, sizes)),
        routines=tuple(_routines(catalog)),
        extensions=tuple(o.id.name.name for o in catalog.of("extension")),
        notes=tuple(_notes(catalog)),
    )


def comment_on(catalog: Catalog, id: ObjectId) -> str | None:
    """Return the comment on an object, None where it has none."""
    found = catalog.children(id, "comment")
    return found[0].text if found and isinstance(found[0], Comment) else None


def _table(catalog: Catalog, table: Table, size: Size | None, *, bare: bool) -> TableDoc:
    name = table.id.name
    constraints = [c for c in catalog.children(table.id, "constraint") if isinstance(c, Constraint)]
    columns = _columns(catalog, table)
    keys = [c for c in constraints if c.is_key]
    primary = next((c.columns for c in keys if c.type == "p"), ())
    triggers = [o for o in catalog.children(table.id, "trigger") if isinstance(o, Trigger) and not o.derived]
    policies = [o for o in catalog.children(table.id, "row_policy") if isinstance(o, RowPolicy)]
    return TableDoc(
        path=table.id.path,
        schema=name.schema or "public",
        name=name.name,
        label=name.name if bare else table.id.path,
        traits=tuple(_traits(table)),
        comment=comment_on(catalog, table.id),
        columns=columns,
        primary_key=primary,
        keys=_definitions(catalog, sorted(keys, key=lambda c: (c.type != "p", c.id.name.name))),
        references=tuple(_references(catalog, constraints)),
        checks=_definitions(catalog, [c for c in constraints if c.type == "c"]),
        indexes=_indexes(catalog, table.id),
        triggers=tuple(
            Definition(name=o.id.name.name, text=o.definition, comment=comment_on(catalog, o.id))
            for o in triggers
        ),
        policies=tuple(
            Definition(name=o.id.name.name, text=_policy(o), comment=comment_on(catalog, o.id))
            for o in policies
        ),
        size=size,
    )


def _traits(table: Table) -> Iterator[str]:
    if table.partition_key:
        yield f"partitioned by {table.partition_key}"
    if table.inherits:
        yield f"inherits from {', '.join(p.path for p in table.inherits)}"
    if table.unlogged:
        yield "unlogged: emptied after a crash"
    if table.server:
        yield f"foreign table on server {table.server}"


def _columns(catalog: Catalog, table: Table) -> tuple[ColumnDoc, ...]:
    found = [c for c in catalog.children(table.id, "column") if isinstance(c, Column)]
    return tuple(
        ColumnDoc(
            name=c.id.name.name,
            type=c.type,
            not_null=c.not_null,
            default=_value(catalog, c),
            comment=comment_on(catalog, c.id),
        )
        for c in sorted(found, key=lambda c: c.position)
    )


def _value(catalog: Catalog, column: Column) -> str | None:
    if column.identity:
        return "identity, always" if column.identity == "a" else "identity"
    if column.expression is not None:
        return f"generated: {column.expression}"
    found = catalog.children(column.id, "default")
    return found[0].expression if found and isinstance(found[0], Default) else None


def _references(catalog: Catalog, constraints: Sequence[Constraint]) -> Iterator[Reference]:
    unique = [set(c.columns) for c in constraints if c.type in "pu"]
    for c in constraints:
        # A foreign key to a partitioned table has copies for each partition, which PostgreSQL made.
        if c.type != "f" or c.target is None or c.derived:
            continue
        yield Reference(
            name=c.id.name.name,
            columns=c.columns,
            target=c.target.path,
            text=c.definition,
            unique=any(key <= set(c.columns) for key in unique),
            comment=comment_on(catalog, c.id),
        )


def _definitions(catalog: Catalog, constraints: Collection[Constraint]) -> tuple[Definition, ...]:
    return tuple(
        Definition(
            name=c.id.name.name,
            text=c.definition + ("" if c.validated else " NOT VALID"),
            comment=comment_on(catalog, c.id),
        )
        for c in constraints
    )


def _indexes(catalog: Catalog, id: ObjectId) -> tuple[Definition, ...]:
    return tuple(
        Definition(
            name=o.id.name.name,
            text=("UNIQUE " if o.unique else "") + o.body + ("" if o.valid else "  -- not valid"),
            comment=comment_on(catalog, o.id),
        )
        for o in catalog.children(id, "index")
        if isinstance(o, Index)
    )


def _policy(o: RowPolicy) -> str:
    text = f"{'' if o.permissive else 'RESTRICTIVE '}FOR {o.command} TO {', '.join(o.roles)}"
    text += f" USING ({o.using})" if o.using is not None else ""
    return text + (f" WITH CHECK ({o.check})" if o.check is not None else "")


def _types(catalog: Catalog) -> Iterator[TypeDoc]:
    for kind in ("enum", "domain", "composite", "range"):
        for o in catalog.of(kind):
            text = ""
            if isinstance(o, Enum):
                text = ", ".join(o.labels)
            elif isinstance(o, Domain):
                text = " ".join(_domain(o))
            elif isinstance(o, Composite):
                text = ", ".join(f"{a.name} {a.type}" for a in o.attributes)
            elif isinstance(o, Range):
                text = f"of {o.subtype}"
            yield TypeDoc(name=o.id.path, kind=kind, text=text, comment=comment_on(catalog, o.id))


def _domain(o: Domain) -> Iterator[str]:
    yield o.base
    if o.not_null:
        yield "NOT NULL"
    if o.default is not None:
        yield f"DEFAULT {o.default}"
    yield from (check.definition for check in o.checks)


def _views(catalog: Catalog, sizes: Mapping[str, Size]) -> Iterator[ViewDoc]:
    for kind in ("view", "materialized_view"):
        for o in catalog.of(kind):
            assert isinstance(o, View | MaterializedView)
            yield ViewDoc(
                name=o.id.path,
                kind=kind.replace("_", " "),
                columns=o.columns if isinstance(o, View) else (),
                definition=o.definition,
                indexes=_indexes(catalog, o.id),
                comment=comment_on(catalog, o.id),
                size=sizes.get(o.id.path),
            )


def _routines(catalog: Catalog) -> Iterator[Definition]:
    words = {"f": "function", "w": "window function", "p": "procedure"}
    for o in (*catalog.of("function"), *catalog.of("aggregate")):
        text = "aggregate"
        if isinstance(o, Function):
            text = words.get(o.prokind, "function")
            text += f" returns {o.result}" if o.result else ""
            text += f", {o.language}"
        else:
            assert isinstance(o, Aggregate)
        yield Definition(name=o.id.path, text=text, comment=comment_on(catalog, o.id))


def _notes(catalog: Catalog) -> Iterator[str]:
    for o in catalog:
        if o.id.kind not in _SHOWN and not o.derived:
            yield str(o.id)
    for unhandled in catalog.unhandled:
        yield f"{unhandled.what} {unhandled.name} (not handled)"
