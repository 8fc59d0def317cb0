"""How the rows of a table survive when the table has to be made anew.

PostgreSQL changes no partition key, and no type of a column in one. Before such a table is dropped, its rows
are put into a temporary table; when its successor stands with its partitions, they are copied in and counted.
All of that is one transaction, so that no crash finds the rows nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from pgwright.kinds.steps import name_of, short_name, step
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.tables.conversion import converted, what_is_lost
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode, Reversibility
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified, render

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId
    from pgwright.model.plan import Step

_TYPES = frozenset({"enum", "domain", "composite", "range"})
_HINT = "on a large table: fill a new table in batches beside the old one, then let them change names"


def holds_rows(table: ObjectId, context: Context) -> bool:
    """Tell whether the plan makes the table anew in a way that keeps its rows by copying them.

    A partition's rows are held with those of the table that it belongs to before and after.
    """
    if not _is_replaced(table, context) or not _kept(table, context):
        return False
    sides: tuple[Any, ...] = (context.before.get(table), context.after.get(table))
    if any(t.server or t.time_column or t.managed or t.derived for t in sides):
        return False
    above = sides[0].partition_of
    return above is None or above != sides[1].partition_of or not _is_replaced(above, context)


def _is_replaced(table: ObjectId, context: Context) -> bool:
    return table in context.dropped and table in context.created


def _kept(table: ObjectId, context: Context) -> list[tuple[Column, Column]]:
    """Return the columns that both sides have and that can be written, in their order."""
    pairs = []
    for old in context.before.children(table, "column"):
        new = context.after.get(old.id)
        if isinstance(old, Column) and isinstance(new, Column) and not new.generated:
            pairs.append((old, new))
    return sorted(pairs, key=lambda pair: pair[0].position)


def hold(table: ObjectId, context: Context) -> Step:
    """Return the step that puts the rows aside, and where the identities of the table have come to."""
    pairs = _kept(table, context)
    shown = [sql.SQL(_held(old, context)).format(name=Name(old.id.name.name)) for old, _ in pairs]
    whole = getattr(context.before.get(table), "is_partitioned", False)
    statements: list[sql.Composable] = []
    if context.before.children(table, "row_security"):
        # Otherwise row policies could hide rows from an owner who is subject to them.
        statements.append(sql.SQL("SET LOCAL row_security = off"))
    statements += [
        # Nobody may write between the copy and the drop.
        sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(name_of(table)),
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} {}").format(
            Name(_held_name(table)),
            sql.SQL(", ").join(shown),
            sql.SQL("" if whole else "ONLY"),
            name_of(table),
        ),
    ]
    for old, new in pairs:
        if old.identity and new.identity and old.sequence is not None:
            statements.append(
                sql.SQL(
                    "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT last_value, is_called FROM {}"
                ).format(Name(_held_name(old.id)), qualified(old.sequence))
            )
    hazard = Hazard(
        code=HazardCode.REWRITES,
        message=f"{table.path} is made anew: its rows are copied, twice, while nobody can read or write it",
        hint=_HINT,
    )
    lost = tuple(_losses(table, pairs, context))
    return step(
        table,
        sql.SQL(";\n").join(statements),
        f"hold the rows of {table}",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=context.with_descendants(table),
        hazards=(hazard, *lost),
        reversibility=Reversibility.DATA_LOST if lost else Reversibility.LOSSLESS,
    )


def _held(column: Column, context: Context) -> LiteralString:
    if _as_text(column, context):
        return "{name}::text AS {name}"
    # Of what is only held nothing may stand on a collation that is made anew meanwhile.
    return '{name} COLLATE pg_catalog."default" AS {name}' if column.collation else "{name}"


def _losses(table: ObjectId, pairs: list[tuple[Column, Column]], context: Context) -> Iterator[Hazard]:
    gone = [
        c.id.path
        for c in context.before.children(table, "column")
        if isinstance(c, Column) and not c.generated and c.id not in context.after
    ]
    if gone:
        yield Hazard(code=HazardCode.DELETES_DATA, message=f"all values of {', '.join(gone)} are deleted")
    for old, new in pairs:
        loss = what_is_lost(old.type, new.type)
        if loss:
            message = f"{loss} of {old.id.path} are lost in every row"
            yield Hazard(code=HazardCode.DELETES_DATA, message=message)


def refill(table: ObjectId, context: Context) -> Step:
    """Return the step that copies the rows into the new table and counts them."""
    pairs = _kept(table, context)
    columns = names(new.id.name.name for _, new in pairs)
    values = sql.SQL(", ").join(_value(old, new, context) for old, new in pairs)
    held = sql.SQL("pg_temp.{}").format(Name(_held_name(table)))
    lines = [
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {};").format(
            name_of(table), columns, values, held
        ),
        sql.SQL(
            "GET DIAGNOSTICS copied = ROW_COUNT;\n"
            "IF copied <> (SELECT count(*) FROM {}) THEN\n"
            "    RAISE EXCEPTION 'only % rows of % came back', copied, {};\n"
            "END IF;"
        ).format(held, literal(table.path)),
        *(line for old, new in pairs for line in _numbering(old, new, table)),
        sql.SQL("DROP TABLE {};").format(held),
    ]
    hazard = Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"a row of {table.path} that fits no partition, or breaks a new rule, stops it",
    )
    return step(
        table,
        sql.SQL("DO $pgwright$\nDECLARE\n    copied bigint;\nBEGIN\n{}\nEND $pgwright$").format(
            sql.SQL("\n").join(lines)
        ),
        f"copy the rows of {table} back",
        hazards=(hazard,),
    )


def _numbering(old: Column, new: Column, table: ObjectId) -> Iterator[sql.Composable]:
    """Yield what lets an identity go on where the old one stood, or after the greatest value."""
    if not new.identity:
        return
    name = Name(new.id.name.name)
    sequence = sql.SQL("pg_get_serial_sequence({}, {})").format(
        literal(render(name_of(table))), literal(new.id.name.name)
    )
    if old.identity and old.sequence is not None:
        yield sql.SQL("PERFORM setval({}, last_value, is_called) FROM pg_temp.{};").format(
            sequence, Name(_held_name(old.id))
        )
    else:
        yield sql.SQL("PERFORM setval({}, max({}::bigint)) FROM {};").format(sequence, name, name_of(table))


def _held_name(id: ObjectId) -> str:
    return short_name("_".join(("pgwright_held", id.root.name.schema or "public", id.path)))


def _as_text(column: Column, context: Context) -> bool:
    """Tell whether the type of a column is changed by the plan, so that it is not there when rows return."""
    return any(
        id.root.kind in _TYPES and context.before.get(id) != context.after.get(id) for id in column.depends_on
    )


def _value(old: Column, new: Column, context: Context) -> sql.Composable:
    name = Name(new.id.name.name)
    if _as_text(old, context):
        return sql.SQL("{}::{}").format(name, deparsed(new.type))
    if old.type == new.type:
        return name
    return converted(name, old.type, new.type) or name
