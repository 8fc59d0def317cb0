"""What the way back of a plan cannot bring back, and how far it leads without that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection, sql

from pgwright.diff.compare import compare, summarise
from pgwright.kinds.constraint import Constraint
from pgwright.kinds.contract import reached
from pgwright.kinds.default import Default
from pgwright.kinds.index import Index
from pgwright.kinds.steps import name_of, parent_of
from pgwright.kinds.tables.column_types import Column
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Op
from pgwright.model.names import ObjectId
from pgwright.pg.quoting import Name, deparsed

_CHECK = re.compile(r"CHECK \((?P<condition>.*)\)(?: NO INHERIT)?", re.DOTALL)
_STORED = frozenset({"table", "column", "sequence"})


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """Hold the end that the rows which are there allow, and what it lacks, in words."""

    end: Catalog
    lacks: tuple[str, ...]


def way_back(
    conn: Connection[Any], start: Catalog, end: Catalog, old_names: Mapping[ObjectId, ObjectId]
) -> WayBack:
    """Return how far the way from `start` to `end` leads with what a run has left of the rows.

    What comes back comes back empty. A foreign key to it stays unchecked where rows still refer to what was
    there, and a column without values may be null; a key over such a column is left out, and so is one over a
    column that gets the same value in all rows. `old_names` says
    what objects are still called in the database.
    """
    made = (change.id for change in summarise(compare(start, end)) if change.op is Op.CREATE)
    empty = {id: None for id in made if id.kind in _STORED}.keys()
    lost = [id for id in empty if not getattr(end.objects[id], "generated", "")]
    lacks = [f"{id} comes back without what it held: restore that from a backup" for id in lost]

    def is_filled(table: ObjectId, columns: Iterable[ObjectId] = ()) -> bool:
        return _is_filled(conn, old_names.get(table, table), [old_names.get(c, c) for c in columns])

    def is_repeated(table: ObjectId, columns: Iterable[ObjectId]) -> bool:
        return _is_repeated(conn, old_names.get(table, table), [old_names.get(c, c) for c in columns])

    changed = dict(end.objects)
    for column in _without_values(empty, end):
        if is_filled(parent_of(column.id)):
            changed[column.id] = replace(column, not_null=False)
            lacks.append(f"{column.id} may be null until it has values again, and no primary key has it")
    nullable = {id for id in empty if changed[id] != end.objects[id]}
    left_out = [*_keys_over(nullable, end)]
    for key, table, whole in _unique_over(empty, end):
        if key not in left_out and is_repeated(table, whole):
            left_out.append(key)
            lacks.append(f"{key} is left out: rows of {table.path} come to have the same values in it")
    _leave_out(left_out, start, end, changed)
    for o in _referring(empty, end):
        known = [c for c in _columns(o) if c not in empty]
        if o.id in changed and o.id.root not in empty and is_filled(parent_of(o.id), known):
            changed[o.id] = replace(o, validated=False)
            lacks.append(
                f"{o.id} stays unchecked: rows of {o.id.root.path} refer to rows of {o.target} that are lost"
            )
    for o, own, expression in _given_a_default(empty, end):
        there = _target_column(o)
        found = there and _has(
            conn, old_names.get(there.root, there.root), old_names.get(there, there), expression
        )
        if changed.get(o.id) is o and not found and is_filled(o.id.root):
            changed[o.id] = replace(o, validated=False)
            lacks.append(f"{o.id} stays unchecked: the default of {own.path} refers to no row of {o.target}")
    for check in _refusing_its_default(conn, empty, end):
        if changed.get(check.id) is check and is_filled(check.id.root):
            changed[check.id] = replace(check, validated=False)
            lacks.append(f"{check.id} stays unchecked: it refuses the default that rows come back with")
    partly = len(lacks) > len(lost)
    if partly:
        lacks.append("when that is mended, what is left is done by: pgwright schema resume")
    return WayBack(end=end.replacing(changed.values()) if partly else end, lacks=tuple(lacks))


def _leave_out(
    keys: Iterable[ObjectId], start: Catalog, end: Catalog, changed: dict[ObjectId, CatalogObject]
) -> None:
    """Take keys, with what depends on them, out of what is `changed`, or let it be as it is at the start."""
    for key in keys:
        # Parents come first, so that what is kept knows whether they are.
        for id in reached(key, lambda at: end.dependents.get(at, ())):
            kept = start.get(id)
            if kept is None or not _can_stay(kept, changed):
                changed.pop(id, None)
            else:
                changed[id] = kept


def _without_values(empty: Set[ObjectId], end: Catalog) -> Iterator[Column]:
    """Yield the columns that come back to a table which has stayed, with nothing to put in them."""
    for id in empty:
        column = end.objects[id]
        if isinstance(column, Column) and column.not_null:
            given = column.identity or column.generated or end.children(id, "default")
            if not given:
                yield column


def _can_stay(kept: CatalogObject, end: Mapping[ObjectId, CatalogObject]) -> bool:
    """Tell whether what there is now can be there in the end, too."""
    columns = [end.get(c) for c in _columns(kept)] if isinstance(kept, Constraint) else []
    key = isinstance(kept, Constraint) and kept.type == "p"
    nullable = key and not all(isinstance(c, Column) and c.not_null for c in columns)
    return not nullable and all(id in end for id in kept.depends_on)


def _keys_over(columns: Set[ObjectId], end: Catalog) -> Iterator[ObjectId]:
    for o in end.of("constraint"):
        if isinstance(o, Constraint) and o.type == "p" and not columns.isdisjoint(_columns(o)):
            yield o.id


def _unique_over(empty: Set[ObjectId], end: Catalog) -> Iterator[tuple[ObjectId, ObjectId, list[ObjectId]]]:
    """Yield the unique keys over columns that come back with one value in all rows, that of their default.

    With each goes its table, which has stayed, and its columns that have.
    """
    for o in (*end.of("constraint"), *end.of("index")):
        if isinstance(o, Constraint | Index) and _is_unique(o) and not o.derived and o.id.root not in empty:
            back = [c for c in _columns(o) if c in empty]
            given = [end.children(c, "default") for c in back]
            if back and all(ds and not any(getattr(d, "volatile", True) for d in ds) for ds in given):
                yield o.id, parent_of(o.id), [c for c in _columns(o) if c not in empty]


def _is_unique(o: Constraint | Index) -> bool:
    """Tell whether rows differ in the columns; what expressions and conditions make of them is not asked."""
    if isinstance(o, Constraint):
        return o.type in "pu"
    return o.unique and o.body.endswith(f"({', '.join(o.columns)})")


def _referring(empty: Set[ObjectId], end: Catalog) -> Iterator[Constraint]:
    """Yield the foreign keys to what comes back empty that hold for rows which have stayed."""
    for o in end.of("constraint"):
        if isinstance(o, Constraint) and o.type == "f" and o.validated and not o.derived:
            own = {c for c in _columns(o) if c in empty and not end.children(c, "default")}
            if not _needed(o).isdisjoint(empty) and not own:
                yield o


def _needed(o: Constraint) -> Set[ObjectId | None]:
    return {o.target, *(id for id in o.depends_on if id.root == o.target)}


def _given_a_default(empty: Set[ObjectId], end: Catalog) -> Iterator[tuple[Constraint, ObjectId, str]]:
    """Yield the foreign keys of what comes back with a default to tables that have stayed, with both."""
    for o in end.of("constraint"):
        if isinstance(o, Constraint) and o.type == "f" and o.validated and not o.derived:
            stayed = o.id.root not in empty and (_needed(o) - {*_columns(o)}).isdisjoint(empty)
            for column in (c for c in _columns(o) if stayed and c in empty):
                for default in end.children(column, "default"):
                    if isinstance(default, Default):
                        # What it depends on may not be there yet.
                        simple = default.constant and {*default.depends_on} <= {column, o.id.root}
                        yield o, column, default.expression if simple else "NULL"


def _target_column(o: Constraint) -> ObjectId | None:
    """Return the one column that a foreign key refers to, unless there are more, or it is not clear."""
    own = _columns(o)
    columns = [id for id in o.depends_on if id.kind == "column" and id.root == o.target and id not in own]
    return columns[0] if len(columns) == 1 and len(o.columns) == 1 else None


def _has(conn: Connection[Any], table: ObjectId, column: ObjectId, expression: str) -> bool:
    # Their types may differ as yet.
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {}::text = ({})::text)").format(
        name_of(table), Name(column.name.name), deparsed(expression)
    )
    ((found,),) = conn.execute(query).fetchall()
    return bool(found)


def _refusing_its_default(conn: Connection[Any], empty: Set[ObjectId], end: Catalog) -> Iterator[Constraint]:
    """Yield the checks of what comes back, to a table that has stayed, which no default of it meets."""
    for o in end.of("constraint"):
        found = _CHECK.fullmatch(o.definition) if isinstance(o, Constraint) and o.type == "c" else None
        if found is None or not isinstance(o, Constraint) or not o.validated or o.derived:
            continue
        columns = _columns(o)
        if not columns or o.id.root in empty or not {*columns} <= empty:
            continue
        known = {o.id.root, *columns}
        values = [
            sql.SQL("({})::{} AS {}").format(
                deparsed(default.expression), deparsed(column.type), Name(column.id.name.name)
            )
            for column in (end.objects[id] for id in columns)
            for default in end.children(column.id, "default")
            if isinstance(column, Column)
            and isinstance(default, Default)
            and default.constant
            # Types and functions may not be there yet.
            and known.issuperset((*default.depends_on, *column.depends_on, *o.depends_on))
        ]
        if len(values) == len(columns):
            query = sql.SQL("SELECT ({}) IS FALSE FROM (SELECT {}) AS row").format(
                deparsed(found["condition"]), sql.SQL(", ").join(values)
            )
            if conn.execute(query).fetchone() == (True,):
                yield o


def _columns(o: Constraint | Index) -> list[ObjectId]:
    return [ObjectId("column", o.id.name._replace(name=name), parent_of(o.id)) for name in o.columns]


def _is_repeated(conn: Connection[Any], table: ObjectId, columns: Iterable[ObjectId]) -> bool:
    """Tell whether two rows of a table have the same values in the columns, none of them null."""
    names = [Name(column.name.name) for column in columns]
    conditions = [sql.SQL("{} IS NOT NULL").format(name) for name in names]
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} {} HAVING count(*) > 1)").format(
        name_of(table),
        sql.SQL(" AND ").join([sql.SQL("true"), *conditions]),
        sql.SQL("GROUP BY {}").format(sql.SQL(", ").join(names)) if names else sql.SQL(""),
    )
    ((found,),) = conn.execute(query).fetchall()
    return bool(found)


def _is_filled(conn: Connection[Any], table: ObjectId, columns: Iterable[ObjectId]) -> bool:
    """Tell whether a table has a row with a value in each of the columns."""
    conditions = [sql.SQL("{} IS NOT NULL").format(Name(column.name.name)) for column in columns]
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(
        name_of(table), sql.SQL(" AND ").join([sql.SQL("true"), *conditions])
    )
    ((found,),) = conn.execute(query).fetchall()
    return bool(found)
