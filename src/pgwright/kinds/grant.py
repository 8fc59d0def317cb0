"""Privileges on objects and columns, held as what deviates from PostgreSQL's defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from pgwright.kinds.contract import Alteration, Context, Found, Kind, Reading
from pgwright.kinds.owner import PUBLIC_SCHEMA, role_of
from pgwright.kinds.privileges import PUBLIC, Action, Deviation, Privilege, actions, deviation, expanded
from pgwright.kinds.steps import parent_of, step
from pgwright.kinds.targets import RELATIONS, ancestors, privilege_target, subject
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step


@dataclass(frozen=True, kw_only=True)
class Grant(CatalogObject):
    """Define what a role may do with the parent beyond the defaults, and what of the defaults it may not.

    The default is what the owner has, and PUBLIC on routines and types. Who granted is not kept. The
    identity carries the role's name, or PUBLIC.
    """

    granted: tuple[Privilege, ...] = ()
    revoked: tuple[str, ...] = ()

    @property
    def role_names(self) -> tuple[str, ...]:
        """Return the role that must exist; PUBLIC always does."""
        return () if self.id.name.name == PUBLIC else (self.id.name.name,)

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
    whole: set[ObjectId] = set()
    for (classid, objid, subid, grantee), group in groupby(
        rows, key=lambda r: (r.classid, r.objid, r.subid, r.grantee)
    ):
        members = list(group)
        first = members[0]
        on = subject(reading, classid, objid, subid, first.column_name)
        if on is None:
            continue
        found = deviation(members, table=first.object_type == "r", major=reading.server.major)
        needs = [on, *ancestors(on)]
        if on.kind == "column" and grant_id(parent_of(on), grantee) in whole:
            # What is revoked from the table is revoked from its columns: theirs must follow.
            needs.append(grant_id(parent_of(on), grantee))
        grant = Grant(
            id=grant_id(on, grantee), depends_on=tuple(needs), granted=found.granted, revoked=found.revoked
        )
        whole.add(grant.id)
        yield Found(grant, ())


@dataclass(frozen=True, kw_only=True)
class _Writer:
    """Write statements about one grant; `catalog` is the one that holds the object it is on."""

    id: ObjectId
    grantee: str
    catalog: Catalog
    context: Context

    def steps(self, before: Deviation, after: Deviation) -> Iterator[Step]:
        on = parent_of(self.id)
        for action in actions(before, after, self.context.server.major):
            yield self.statement(action)
            if action.revokes and not action.option and on.kind in RELATIONS:
                yield from self._columns(action)

    def statement(self, action: Action) -> Step:
        on = parent_of(self.id)
        whole, column = (parent_of(on), on.name.name) if on.kind == "column" else (on, None)
        text = action.compose(privilege_target(whole, self.catalog), self.grantee, column)
        what = ", ".join(action.privileges)
        if not action.revokes:
            return step(self.id, text, f"let {self.grantee} {what} on {on}")
        if action.option:
            return step(self.id, text, f"let {self.grantee} no longer pass on {what} on {on}")
        summary = f"take {what} on {on} from {self.grantee}"
        if self.context.is_new(on):
            return step(self.id, text, summary)
        return step(self.id, text, summary, hazards=(_loses(self.grantee, what, on),), phase=Phase.CONTRACT)

    def _columns(self, revoke: Action) -> Iterator[Step]:
        """Yield again what stays granted on columns and REVOKE on their table takes along.

        What changes there comes after it.
        """
        major, context = self.context.server.major, self.context
        taken = expanded(revoke.privileges, major)
        for o in context.after.of("grant"):
            if not isinstance(o, Grant) or o.id.name.name != self.grantee:
                continue
            column = parent_of(o.id)
            if column.kind != "column" or column.parent != parent_of(self.id):
                continue
            old = context.before.get(o.id)
            if not isinstance(old, Grant) or context.is_new(column):
                continue
            again = Deviation(granted=tuple(p for p in o.granted if p.name in taken and p in old.granted))
            writer = _Writer(id=o.id, grantee=self.grantee, catalog=context.after, context=context)
            yield from writer.steps(_NOTHING, again)


def lost(id: ObjectId, context: Context) -> tuple[Hazard, ...]:
    """Return what a role no longer may do with an object that is made anew, where it has less then."""
    grantee, on = id.name.name, parent_of(id)
    if grantee == role_of(on.root, context.after, context):
        return ()
    old, new = context.before.get(id), context.after.get(id)
    before = old.deviation if isinstance(old, Grant) else _NOTHING
    after = new.deviation if isinstance(new, Grant) else _NOTHING
    taken = (a for a in actions(before, after, context.server.major) if a.revokes and not a.option)
    return tuple(_loses(grantee, ", ".join(action.privileges), on) for action in taken)


def _loses(grantee: str, what: str, on: ObjectId) -> Hazard:
    return Hazard(code=HazardCode.LOSES_PRIVILEGES, message=f"{grantee} loses {what} on {on}")


def create(o: Grant, context: Context) -> tuple[Step, ...]:
    """Return the GRANT and REVOKE statements that lead from the defaults to the target."""
    writer = _Writer(id=o.id, grantee=o.id.name.name, catalog=context.after, context=context)
    return tuple(writer.steps(_NOTHING, o.deviation))


def drop(o: Grant, context: Context) -> tuple[Step, ...]:
    """Return the statements that lead back to the defaults, or nothing where the object goes."""
    if context.goes_with_parent(o.id) or _lost_column(o, context):
        return ()
    grantee, found = o.id.name.name, o.deviation
    old, new = (role_of(o.id.root, catalog, context) for catalog in (context.before, context.after))
    if old is not None and new is not None and old != new and parent_of(o.id).kind == "column":
        # What the old owner was granted on a column, the new one has now: none of it goes by itself.
        grantee = new if grantee == old else grantee
    elif old is not None and new is not None and old != new:
        # The new owner takes over the old one's entry: a grant to the new owner has become part of
        # it, and what the old owner lacked the new one lacks now.
        if grantee == new:
            return ()
        if grantee == old:
            kept = context.after.get(grant_id(parent_of(o.id), new))
            lacking = kept.revoked if isinstance(kept, Grant) else ()
            found = Deviation(revoked=tuple(p for p in found.revoked if p not in lacking))
            grantee = new
    writer = _Writer(id=o.id, grantee=grantee, catalog=context.before, context=context)
    return tuple(writer.steps(found, _NOTHING))


def _lost_column(o: Grant, context: Context) -> bool:
    """Tell whether the column of a view has gone, which is no object that the plan could drop."""
    column = parent_of(o.id)
    return column.kind == "column" and column in context.before and column not in context.after


def alter(change: Change, context: Context) -> Alteration:
    """Grant and revoke what differs."""
    before, after = change.before, change.after
    assert isinstance(before, Grant) and isinstance(after, Grant)
    writer = _Writer(id=change.id, grantee=change.id.name.name, catalog=context.after, context=context)
    return Alteration(steps=tuple(writer.steps(before.deviation, after.deviation)))


def claims(o: Grant) -> tuple[tuple[str, ...], ...]:
    """Occupy what a role may do with a table: what is revoked from it comes before grants on its columns.

    What the old owner of schema public may do there is granted when another role owns it.
    """
    on = parent_of(o.id)
    if on == PUBLIC_SCHEMA:
        return (("role", str(on)),)
    whole = parent_of(on) if on.kind == "column" else on
    return (("privileges", str(whole), o.id.name.name),) if whole.kind in RELATIONS else ()


KIND = Kind(name="grant", cls=Grant, rank=90, read=read, create=create, drop=drop, alter=alter, claims=claims)
