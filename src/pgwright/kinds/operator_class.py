"""Classes of operators: how an access method indexes a type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import sql

from pgwright.kinds import operator_members
from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.operator_members import Member, indexing_id, members_of, name_of_indexing
from pgwright.kinds.steps import step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, deparsed


@dataclass(frozen=True, kw_only=True)
class OperatorClass(CatalogObject):
    """Define an operator class by type, family, and the `members` that it cannot do without.

    Operators and functions that PostgreSQL counts to the family stand there. `storage` is None where the
    index holds the type itself.
    """

    method: str
    type: str
    family: str
    storage: str | None = None
    default: bool = False
    members: tuple[Member, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the operator classes of the schemas being read."""
    for oid, group in groupby(reading.rows("operator_class"), key=lambda r: r.oid):
        rows = list(group)
        first = rows[0]
        members, addresses = members_of(rows)
        found = OperatorClass(
            id=indexing_id("operator_class", first.schema, first.name, first.method),
            method=first.method,
            type=first.type,
            family=first.family,
            storage=first.storage,
            default=first.default,
            members=members,
        )
        yield Found(found, (Address(SystemCatalog.OPCLASS, oid), *addresses))


def create(o: OperatorClass, context: Context) -> tuple[Step, ...]:
    """Return the CREATE OPERATOR CLASS."""
    items = [m.clause for m in o.members]
    if o.storage or not items:
        # The list must not be empty; to store the type itself is what happens anyway.
        items.append(f"STORAGE {o.storage or o.type}")
    text = sql.SQL("CREATE OPERATOR CLASS {} {}FOR TYPE {} USING {} FAMILY {} AS\n    {}").format(
        name_of_indexing(o),
        sql.SQL("DEFAULT " if o.default else ""),
        deparsed(o.type),
        Name(o.method),
        deparsed(o.family),
        deparsed(",\n    ".join(items)),
    )
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: OperatorClass, context: Context) -> tuple[Step, ...]:
    """Return the DROP OPERATOR CLASS."""
    return operator_members.dropped("OPERATOR CLASS", o)


def alter(change: Change, context: Context) -> Alteration:
    """Replace it, and the indexes built with it: ALTER OPERATOR CLASS changes no definition."""
    return REPLACE


def rename(o: OperatorClass, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER OPERATOR CLASS that renames or moves it."""
    return operator_members.renamed("OPERATOR CLASS", o, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name, the places in the family, and that of the type's default."""
    default = (("default operator class", o.method, o.type),) if o.default else ()
    return (
        ("operator class", o.id.name.schema, o.id.name.name),
        *(("operator family member", o.method, o.family, m.slot) for m in o.members),
        *default,
    )


KIND = Kind(
    name="operator_class",
    cls=OperatorClass,
    rank=29,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
