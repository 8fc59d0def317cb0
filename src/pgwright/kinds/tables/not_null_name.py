"""What PostgreSQL 18 knows of a NOT NULL beyond that it is one: name, checked rows, heirs.

Before, a NOT NULL was a mark on the column. As a constraint it has a name also where nobody chose one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.steps import default_name, parent_of
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.kinds.tables.column_types import Column

FIRST_NAMED = 18  # the version that made constraints of them

# Of a table and a column, and a number where that was taken.
_GIVEN = re.compile(r".+_.+_not_null\d*", re.DOTALL)


def chosen_name(name: str | None) -> str | None:
    """Return the name of a NOT NULL where somebody chose it, None where it is like PostgreSQL's own.

    Such a name outlives those that it is made of: tables and columns get others, partitions, heirs and tables
    made LIKE another have it from there. So it does not matter which table and column it names.
    """
    return None if name is None or _GIVEN.fullmatch(name) else name


def as_part(column: ObjectId) -> ObjectId:
    """Return the identity by which comments speak of the NOT NULL of a column."""
    return ObjectId("not_null", QualifiedName(None, "not_null"), column)


def name_before(o: Column) -> str:
    """Return the name that the NOT NULL of a column of the catalog has."""
    return o.not_null_constraint or given_name(o)


def given_name(o: Column) -> str:
    """Return the name that PostgreSQL gives to a new NOT NULL of the column without one."""
    return default_name(parent_of(o.id).name.name, o.id.name.name, "not_null")


def name_afterwards(id: ObjectId, context: Context) -> str:
    """Return the name that the NOT NULL of a column has when the column has become as it shall be."""
    wanted: Any = context.after.objects[id]
    old: Any = context.before.get(id)
    if wanted.not_null_name:
        return str(wanted.not_null_name)
    if old is not None and old.not_null and old.not_null_name is None and not context.is_new(id):
        return name_before(old)
    made = wanted.not_null_constraint
    own = made is not None and made.startswith(given_name(wanted))
    return made if own else given_name(wanted)


def is_special(o: Column, context: Context) -> bool:
    """Tell whether the NOT NULL of a column needs more words than that."""
    plain = o.not_null_name is None and o.not_null_valid and o.not_null_inherits
    return context.server.major >= FIRST_NAMED and not plain


def clause(o: Column, context: Context) -> sql.Composable:
    """Compose what the definition of a column says: NOT NULL, with its name where somebody chose that."""
    if not is_special(o, context):
        return sql.SQL("NOT NULL")
    name = sql.SQL("CONSTRAINT {} ").format(Name(o.not_null_name)) if o.not_null_name else sql.SQL("")
    return sql.SQL("{}NOT NULL{}").format(name, sql.SQL("" if o.not_null_inherits else " NO INHERIT"))


def constraint(o: Column, name: str, *, valid: bool) -> sql.Composable:
    """Compose ``ADD CONSTRAINT … NOT NULL …`` of a column that stands."""
    return sql.SQL("ADD CONSTRAINT {} NOT NULL {}{}{}").format(
        Name(name),
        Name(o.id.name.name),
        sql.SQL("" if o.not_null_inherits else " NO INHERIT"),
        sql.SQL("" if valid else " NOT VALID"),
    )
