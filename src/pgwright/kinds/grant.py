"""Privileges on objects and columns, held as what deviates from PostgreSQL's defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from pgwright.kinds.contract import Alteration, Context, Found, Kind, Reading
from pgwright.kinds.owner import Owner, owner_id
from pgwright.kinds.privileges import Action, Deviation, Privilege, actions, deviation, every
from pgwright.kinds.steps import parent_of, step
from pgwright.kinds.targets import privilege_target, subject
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Reversibility, Step


@dataclass(frozen=True, kw_only=True)
class Grant(CatalogObject):
    """Define what a role may do with the parent beyond the defaults, and what of the defaults it may not.

    The default is what the owner has, and PUBLIC on routines and types. Who granted is not kept. The
    identity carries the role's name, or PUBLIC.
    """

    granted: tuple[Privilege, ...] = ()
    revoked: tuple[str, ...] = ()

    @property
    def deviation(self) -> Deviation:
        """Return both together."""
        return Deviation(granted=self.granted, revoked=self.revoked)


_NOTHING = Deviation()


def grant_id(of: ObjectId, grantee: str) -> ObjectId:
    """Return the identity of what `grantee` may do with an object."""
    return ObjectId("grant", QualifiedName(None, grantee), of)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the deviations of what was found, one for each object or column and role."""
    rows = reading.rows("grant")
    for (classid, objid, subid, grantee), group in groupby(
        rows, key=lambda r: (r.classid, r.objid, r.subid, r.grantee)
    ):
        members = list(group)
        first = members[0]
        on = subject(reading, classid, objid, subid, first.column_name)
        if on is None:
            continue
        found = deviation(members, table=first.object_type == "r", major=reading.server.major)
        grant = Grant(
            id=grant_id(on, grantee), depends_on=(on,), granted=found.granted, revoked=found.revoked
        )
        yield Found(grant, ())


def _steps(
    id: ObjectId, before: Deviation, after: Deviation, catalog: Catalog, context: Context, grantee: str
) -> Iterator[Step]:
    on = parent_of(id)
    for action in actions(before, after, context.server.major):
        yield _statement(id, action, on, catalog, context, grantee)
        if action.revokes and not action.option and on.kind in {"table", "view", "materialized_view"}:
            yield from _column_grants(on, action, context, grantee)


def _statement(
    id: ObjectId, action: Action, on: ObjectId, catalog: Catalog, context: Context, grantee: str
) -> Step:
    whole, column = (parent_of(on), on.name.name) if on.kind == "column" else (on, None)
    text = action.compose(privilege_target(whole, catalog), grantee, column)
    what = ", ".join(action.privileges)
    if not action.revokes:
        return step(id, text, f"let {grantee} {what} on {on}")
    if action.option:
        return step(id, text, f"let {grantee} no longer pass on {what} on {on}")
    hazards = []
    if not context.is_new(on):
        message = f"{grantee} loses {what} on {on}"
        hazards = [Hazard(code=HazardCode.LOSES_PRIVILEGES, message=message)]
    return step(
        id,
        text,
        f"take {what} on {on} from {grantee}",
        hazards=hazards,
        reversibility=Reversibility.LOSSLESS,
    )


def _column_grants(on: ObjectId, revoke: Action, context: Context, grantee: str) -> Iterator[Step]:
    """Yield again the grants on columns that REVOKE on their table takes along."""
    taken = every(context.server.major) if "ALL" in revoke.privileges else set(revoke.privileges)
    for o in context.after.of("grant"):
        if not isinstance(o, Grant) or o.id.name.name != grantee:
            continue
        column = parent_of(o.id)
        if column.kind == "column" and column.parent == on and context.before.get(o.id) == o:
            again = Deviation(granted=tuple(p for p in o.granted if p.name in taken))
            for action in actions(_NOTHING, again, context.server.major):
                yield _statement(o.id, action, column, context.after, context, grantee)


def create(o: Grant, context: Context) -> tuple[Step, ...]:
    """Return the GRANT and REVOKE statements that lead from the defaults to the target."""
    return tuple(_steps(o.id, _NOTHING, o.deviation, context.after, context, o.id.name.name))


def drop(o: Grant, context: Context) -> tuple[Step, ...]:
    """Return the statements that lead back to the defaults, or nothing where the object goes."""
    if context.goes_with_parent(o.id) or _lost_column(o, context):
        return ()
    grantee, found = o.id.name.name, o.deviation
    old, new = _owner(o.id, context.before), _owner(o.id, context.after)
    if old is not None and new is not None and old != new:
        # The new owner takes over the old one's entry: a grant to the new owner has become part of
        # it, and what the old owner lacked the new one lacks now.
        if grantee == new:
            return ()
        if grantee == old:
            kept = context.after.get(grant_id(parent_of(o.id), new))
            lacking = kept.revoked if isinstance(kept, Grant) else ()
            found = Deviation(revoked=tuple(p for p in found.revoked if p not in lacking))
            grantee = new
    return tuple(_steps(o.id, found, _NOTHING, context.before, context, grantee))


def _owner(id: ObjectId, catalog: Catalog) -> str | None:
    owner = catalog.get(owner_id(id.root))
    return owner.role if isinstance(owner, Owner) else None


def _lost_column(o: Grant, context: Context) -> bool:
    """Tell whether the column of a view has gone, which is no object that the plan could drop."""
    column = parent_of(o.id)
    return column.kind == "column" and column in context.before and column not in context.after


def alter(change: Change, context: Context) -> Alteration:
    """Grant and revoke what differs."""
    before, after = change.before, change.after
    assert isinstance(before, Grant) and isinstance(after, Grant)
    steps = _steps(change.id, before.deviation, after.deviation, context.after, context, change.id.name.name)
    return Alteration(steps=tuple(steps))


KIND: Kind = Kind(name="grant", cls=Grant, rank=90, read=read, create=create, drop=drop, alter=alter)
