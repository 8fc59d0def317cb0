"""Families of operators: what operator classes of different types have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import sql

from pgwright.kinds import operator_members
from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.operator_members import Member, indexing_id, members_of, name_of_indexing, reference
from pgwright.kinds.steps import step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import Name, deparsed

STALE = "indexes that were built with what it held before may miss rows or order them wrongly: REINDEX them"


@dataclass(frozen=True, kw_only=True)
class OperatorFamily(CatalogObject):
    """Define an operator family by the `members` that belong to none of its classes."""

    method: str
    members: tuple[Member, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the operator families of the schemas being read."""
    for oid, group in groupby(reading.rows("operator_family"), key=lambda r: r.oid):
        rows = list(group)
        first = rows[0]
        members, addresses = members_of(rows)
        family = OperatorFamily(
            id=indexing_id("operator_family", first.schema, first.name, first.method),
            method=first.method,
            members=members,
        )
        yield Found(family, (Address(SystemCatalog.OPFAMILY, oid), *addresses))


def create(o: OperatorFamily, context: Context) -> tuple[Step, ...]:
    """Return the CREATE OPERATOR FAMILY, which makes an empty one, and what adds its members."""
    text = sql.SQL("CREATE OPERATOR FAMILY {} USING {}").format(name_of_indexing(o), Name(o.method))
    return (step(o.id, text, f"create {o.id}"), *_change(o, "ADD", [m.clause for m in o.members]))


def _change(
    o: OperatorFamily, verb: str, parts: Iterable[str], hazards: Iterable[Hazard] = ()
) -> Iterator[Step]:
    if listed := ",\n    ".join(parts):
        text = sql.SQL("ALTER OPERATOR FAMILY {} {}\n    {}").format(
            reference(o), deparsed(verb), deparsed(listed)
        )
        yield step(o.id, text, f"{verb.lower()} members of {o.id}", hazards=hazards)


def drop(o: OperatorFamily, context: Context) -> tuple[Step, ...]:
    """Return the DROP OPERATOR FAMILY; its members go with it."""
    return operator_members.dropped("OPERATOR FAMILY", o)


def alter(change: Change, context: Context) -> Alteration:
    """Drop and add members."""
    before, after = change.before, change.after
    assert isinstance(before, OperatorFamily) and isinstance(after, OperatorFamily)
    hazard = Hazard(code=HazardCode.BREAKS_CODE, message=STALE)
    gone = [m.slot for m in before.members if m not in after.members]
    new = [m.clause for m in after.members if m not in before.members]
    return Alteration(
        steps=(*_change(before, "DROP", gone, [hazard]), *_change(after, "ADD", new)), atomic=True
    )


def rename(o: OperatorFamily, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER OPERATOR FAMILY that renames or moves it."""
    return operator_members.renamed("OPERATOR FAMILY", o, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among the families of the access method."""
    return (("operator family", o.id.name.schema, o.id.name.name),)


KIND = Kind(
    name="operator_family",
    cls=OperatorFamily,
    rank=28,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
