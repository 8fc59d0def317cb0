"""How a rollup follows columns of its source that were renamed: its own get the new names, its rows stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.engines import filling
from pgwright.kinds.timeseries.partition_steps import series_of
from pgwright.kinds.timeseries.policy_records import record
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, qualified


def renamed_columns(before: Any, after: Any, context: Context) -> Mapping[str, str] | None:
    """Return the keys of a rollup that have other names now; None where they are other columns.

    A column that is no more, in whose place there is another, was renamed before the plan: one that the plan
    itself drops is there still.
    """
    if len(before.group_by) != len(after.group_by) or bool(before.column) != bool(after.column):
        return None
    pairs = zip((before.column, *before.group_by), (after.column, *after.group_by), strict=True)
    found = {old: new for old, new in pairs if old != new}
    table = parent_of(before.id)
    had = {column.id.name.name for column in context.before.children(table, "column")}
    follows = _above(table, context)
    for old, new in found.items():
        if follows.get(old) != new and (old in had or new not in had):
            return None
    return found


def only_renamed(before: Any, after: Any, context: Context) -> bool:
    """Tell whether aggregates and conditions are the same, but for columns of the source with other names."""
    names = [name for name, _ in before.aggregates]
    if names != [name for name, _ in after.aggregates]:
        return False
    table = parent_of(before.id)
    had = {column.id.name.name for column in context.before.children(table, "column")}
    follows = _above(table, context)
    old = [before.where, *(text for _, text in before.aggregates)]
    new = [after.where, *(text for _, text in after.aggregates)]
    for one, other in zip(map(_words, old), map(_words, new), strict=True):
        if len(one) != len(other):
            return False
        for was, now in zip(one, other, strict=True):
            if was != now and follows.get(was) != now and (was in had or now not in had):
                return False
    return True


_WORD = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")+\"|\w+|[^\w\s]")


def _words(text: str) -> list[str]:
    """Return names, literals and signs of an expression, names as they are without quotes."""
    found = _WORD.findall(text)
    return [word[1:-1].replace('""', '"') if word[0] == '"' else word for word in found]


def _above(table: ObjectId, context: Context) -> Mapping[str, str]:
    """Return what the plan renames in a rollup that fills the table."""
    old, new = filling(table, context.before), filling(table, context.after)
    if old is None or new is None or old.id != new.id:
        return {}
    return renamed_columns(old, new, context) or {}


def follow_renames(o: Any, made: RollupParts, renamed: Mapping[str, str], context: Context) -> Iterator[Step]:
    """Yield new names for columns of the rollup and its log, and for the time column that is recorded."""
    keys = {old: new for old, new in renamed.items() if old in o.group_by}
    relations = [] if o.adopts else [made.relation]
    if not made.bucket:
        relations.append(ObjectId("table", made.watches[0].log))
    for old, new in keys.items():
        for relation in relations:
            text = sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}").format(
                qualified(relation.name), Name(old), Name(new)
            )
            yield step(
                o.id,
                text,
                f"rename {old} of {relation.name} to {new}, as in {name_of(made.source).as_string()}",
                lock=LockMode.ACCESS_EXCLUSIVE,
                on=(relation,),
            )
    series = series_of(context.after, parent_of(o.id))
    if series is not None:
        yield step(o.id, record(series), f"record the time column of {parent_of(o.id)}")
