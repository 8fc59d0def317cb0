"""Making a type or collation anew under its old name, with the columns that use it changed over.

PostgreSQL takes no value out of an enum, gives no domain another base type, and no collation another
locale. So the old one is renamed, the new one made, every column converted, and the old one dropped. Values
go through their text, or, where attributes of composites change places, through JSON, which names them. Types
built on the type (domains, composites, ranges) are made anew in the same way. What else PostgreSQL does not
let stand meanwhile (views, defaults, checks with constants of the type) is detached: the planner drops it
before and makes it again after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Alteration, Context
from pgwright.kinds.steps import name_of, parent_of, short_name, step
from pgwright.kinds.table import Table
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.tables.rewrite import rebuilds
from pgwright.kinds.targets import ancestors
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed, literal, qualified, render

BUILT_ON_TYPES = frozenset({"domain", "composite", "range"})
TYPES = BUILT_ON_TYPES | {"enum"}
_PARTS = ("owner", "grant", "comment")
# PostgreSQL refuses to change the type of a column that one of these uses.
REFUSING = frozenset(
    {"view", "materialized_view", "rule", "row_policy", "trigger", "column", "function", "publication"}
)

_MOULD = Name("pg_temp", "pgwright_mould")

Conversion = Callable[[Column], "sql.Composable | None"]


def users(root: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return the type and all types built on it that stay, each after those that it needs."""
    order: list[ObjectId] = []
    seen: set[ObjectId] = set()

    def visit(id: ObjectId) -> None:
        if id in seen:
            return
        seen.add(id)
        for dependent in context.referenced_before.get(id, ()):
            if dependent.kind in BUILT_ON_TYPES and dependent not in context.dropped:
                visit(dependent)
        order.append(id)

    visit(root)
    return tuple(reversed(order))


def columns_of(types: Iterable[ObjectId], context: Context) -> tuple[Column, ...]:
    """Return the columns of tables whose type is one of `types` or an array of it."""
    found: dict[ObjectId, Column] = {}
    for type in types:
        for id in context.referenced_before.get(type, ()):
            o = context.before.get(id)
            if isinstance(o, Column):
                found[id] = o
    return tuple(found[id] for id in sorted(found, key=str))


def rebuild(
    change: Change, context: Context, *, hazards: Iterable[Hazard] = (), conversion: Conversion | None = None
) -> Alteration:
    """Return the steps that make the type anew; values of its columns go through text.

    `hazards` are those of the conversion. `conversion` gives the expression for a column
    whose values do not survive the way through text, or None for one that holds the type inside another. The
    new type may be of another kind than the old one.
    """
    assert change.before is not None
    types = users(change.before.id, context)
    columns = columns_of(types, context)
    own = [c for c in columns if not c.derived or _leaves(c, context)]
    moving = [_ending(c, context) for c in own if not (c.generated or _goes(c, context))]
    converted = {c.id: (conversion or through_text)(c) for c in moving}
    holding = [c for c in moving if converted[c.id] is None]
    ranges = [t for t in types if t.kind == "range"]
    if holding and ranges:
        return Alteration(
            unsupported=f"attributes of {change.id} change places or go inside the values of {ranges[0]} in "
            f"{holding[0].id.path}, which PostgreSQL cannot convert: let the order be, with new attributes "
            "last, or give those columns another type first"
        )
    converted.update({c.id: _by_names(c) for c in holding})
    conversions = _convert(moving, converted, context)
    steps = [*_replace_types(change, types, context), *_mould(change.id, holding), *conversions]
    if holding:
        text = sql.SQL("DROP TYPE {}").format(_MOULD)
        steps.append(step(change.id, text, f"remove what moulded values of {change.id}"))
    if hazards:
        at = steps.index(conversions[0]) if conversions else 0
        steps[at] = replace(steps[at], hazards=(*steps[at].hazards, *hazards))
    for id in reversed(types):
        text = sql.SQL("DROP {} {}").format(_keyword(id), _old_name(id))
        steps.append(step(change.id, text, f"drop the old {id}"))
    for id in types:
        steps.extend(keep_parts(id, context))
    keyed = (table for c in columns for table in partitioned_by(c.id, context))
    detach = tuple(dict.fromkeys((*_in_the_way(types, columns, context), *keyed)))
    leaving = tuple(parent_of(c.id) for c in own if c.derived)
    remade = (change.id, *types, *(c.id for c in moving))
    return Alteration(steps=tuple(steps), detach=detach, follows=leaving, remade=remade, atomic=True)


def keep_parts(id: ObjectId, context: Context) -> Iterator[Step]:
    """Yield the steps that give a remade object its owner, privileges and comment again."""
    from pgwright.kinds.registry import kind

    for name in _PARTS:
        for part in context.after.of(name):
            if id in ancestors(part.id):
                yield from kind(name).create(part, context)


def through_text(column: Column) -> sql.Composable:
    """Compose the conversion that goes through the text of the value."""
    return sql.SQL("{}::text::{}").format(Name(column.id.name.name), deparsed(column.type))


def _by_names(column: Column) -> sql.Composable:
    """Compose the conversion of a value that holds composites inside: attributes are found by their names.

    The expression may not query, so that no array can be taken apart; JSON goes in to any depth.
    """
    field = short_name(column.type)
    return sql.SQL(
        "(pg_catalog.json_populate_record(NULL::{}, pg_catalog.json_build_object({}, {}))).{}"
    ).format(_MOULD, literal(field), Name(column.id.name.name), Name(field))


def _mould(subject: ObjectId, columns: Iterable[Column]) -> Iterator[Step]:
    """Yield the making of a type with an attribute for each type that values are converted to by names."""
    types = dict.fromkeys(c.type for c in columns)
    if types:
        attributes = (sql.SQL("{} {}").format(Name(short_name(t)), deparsed(t)) for t in types)
        text = sql.SQL("CREATE TYPE {} AS ({})").format(_MOULD, sql.SQL(", ").join(attributes))
        yield step(subject, text, f"make what moulds values of {subject}")


def as_it_is(column: Column) -> sql.Composable:
    """Compose the value itself, for a column that only comes to be sorted otherwise."""
    return Name(column.id.name.name)


def _ending(column: Column, context: Context) -> Column:
    """Return the column as it is after the plan where it leaves the type for one that is there and stays.

    Whichever of both statements comes first then does the work, and the other nothing.
    """
    after = context.after.get(column.id)
    if (
        isinstance(after, Column)
        and after.type != column.type
        and not context.created & set(after.depends_on)
        and all(
            context.before.get(id) == context.after.get(id)
            for id in after.depends_on
            if id.kind in TYPES | {"collation"}
        )
    ):
        return replace(column, type=after.type, collation=after.collation)
    return column


def _leaves(column: Column, context: Context) -> bool:
    """Tell whether the table stays, and leaves the parent from which it has the column."""
    after = context.after.get(column.id)
    return after is not None and not after.derived and parent_of(column.id) not in context.dropped


def _goes(column: Column, context: Context) -> bool:
    return column.id in context.dropped or context.goes_with_parent(column.id)


def _old_name(id: ObjectId) -> Name:
    return qualified(id.name._replace(name=short_name(f"pgwright_old_{id.name.name}")))


def _keyword(id: ObjectId) -> sql.Composable:
    return deparsed(id.kind.upper() if id.kind in {"domain", "collation"} else "TYPE")


def _aside(name: str) -> Name:
    return Name(short_name(f"pgwright_old_{name}"))


def _replace_types(change: Change, types: tuple[ObjectId, ...], context: Context) -> Iterator[Step]:
    """Yield the renaming of the old types and the making of the new ones."""
    from pgwright.kinds.registry import kind

    for id in types:
        yield from _free_companions(id, context)
    for id in types:
        text = sql.SQL("ALTER {} {} RENAME TO {}").format(_keyword(id), name_of(id), _aside(id.name.name))
        yield step(change.id, text, f"set the old {id} aside")
    for id in types:
        o: Any = change.after if change.before and id == change.before.id else _what_stays(id, context)
        yield from kind(o.id.kind).create(o, context)


def _what_stays(id: ObjectId, context: Context) -> CatalogObject | None:
    """Return one built on the new one, without what its own change takes away, which may name old values."""
    from pgwright.kinds.domain import Domain

    old, new = context.before.get(id), context.after.get(id)
    if not isinstance(old, Domain) or not isinstance(new, Domain):
        return old
    kept = {(check.name, check.definition) for check in new.checks}
    checks = tuple(check for check in old.checks if (check.name, check.definition) in kept)
    return replace(old, checks=checks, default=old.default if old.default == new.default else None)


def _free_companions(id: ObjectId, context: Context) -> Iterator[Step]:
    """Yield the renaming of what a range type takes along under names of its own."""
    from pgwright.kinds.range import Range, companions, renamed_companion

    o = context.before.get(id)
    for companion in companions(o) if isinstance(o, Range) else ():
        aside = companion.name._replace(name=short_name(f"pgwright_old_{companion.name.name}"))
        yield from renamed_companion(id, companion, aside, context)


def _convert(columns: list[Column], converted: dict[ObjectId, Any], context: Context) -> list[Step]:
    """Return one ALTER TABLE for each table, so that it is written anew only once."""
    by_table: dict[ObjectId, list[Column]] = {}
    for column in columns:
        by_table.setdefault(parent_of(column.id), []).append(column)
    steps = []
    for table, members in by_table.items():
        actions = []
        rewriting = [c for c in members if converted[c.id] != Name(c.id.name.name)]
        for column in members:
            action = sql.SQL("ALTER COLUMN {} TYPE {}").format(
                Name(column.id.name.name), deparsed(column.type)
            )
            if column.collation:
                action += deparsed(f" COLLATE {column.collation}")
            actions.append(sql.SQL("{} USING {}").format(action, converted[column.id]))
        names = ", ".join(c.id.name.name for c in members)
        family = context.with_descendants(table)
        rewritten = tuple(
            id for id in family if isinstance(t := context.before.get(id), Table) and not t.is_partitioned
        )
        message = f"converting {names} writes all of {table.path} anew while nobody can read or write it"
        hazard = Hazard(code=HazardCode.REWRITES, message=message)
        if not rewriting:
            hazard = rebuilds(names, table)
        steps.append(
            step(
                table,
                sql.SQL("ALTER TABLE {} {}").format(name_of(table), sql.SQL(", ").join(actions)),
                f"convert {names} of {table}",
                lock=LockMode.ACCESS_EXCLUSIVE,
                on=family,
                rewrites=rewritten if rewriting else (),
                hazards=(hazard,),
                reversibility=Reversibility.LOSSLESS,
            )
        )
    return steps


def partitioned_by(column: ObjectId, context: Context) -> Iterator[ObjectId]:
    """Yield the table of the column, and those under it, that are partitioned by the column.

    PostgreSQL changes the type of no such column: the table has to be made anew.
    """
    name = re.escape(render(Name(column.name.name)))
    for id in context.with_descendants(parent_of(column)):
        table = context.before.get(id)
        key = table.partition_key if isinstance(table, Table) else None
        if key and re.search(rf"(?<![\w\"]){name}(?![\w\"])", key):
            yield id


def _in_the_way(
    types: tuple[ObjectId, ...], columns: tuple[Column, ...], context: Context
) -> Iterator[ObjectId]:
    """Yield what must be gone while types and columns change."""
    seen: set[ObjectId] = set()
    for id in _candidates(types, columns, context):
        o = context.before.get(id)
        if id not in seen and o is not None and not o.derived:
            seen.add(id)
            yield id


def _candidates(
    types: tuple[ObjectId, ...], columns: tuple[Column, ...], context: Context
) -> Iterator[ObjectId]:
    ids = {c.id for c in columns}
    for type in types:
        for id in context.referenced_before.get(type, ()):
            if id in types or id in ids or id.kind in _PARTS or id.kind == "table":
                continue
            if id.parent is None or id.root not in types:
                yield id
    for column in columns:
        if column.generated or _goes(column, context):
            yield column.id
        for part in context.before.children(column.id, "default"):
            yield part.id
        for id in context.referenced_before.get(column.id, ()):
            if id not in ids and _refuses(context.before.get(id), context):
                yield id


def _refuses(o: CatalogObject | None, context: Context) -> bool:
    """Tell whether an object keeps PostgreSQL from changing the type of a column that it uses."""
    if o is None:
        return False
    if o.id.kind in REFUSING:
        return True
    if o.id.kind == "constraint":
        # Both ends of a foreign key change, and in between they do not compare.
        return getattr(o, "type", "") == "f" or context.after.get(o.id) != o
    return o.id.kind in {"index", "statistics"} and context.after.get(o.id) != o
