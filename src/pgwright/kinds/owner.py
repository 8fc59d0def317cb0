"""Owners, apart from what they own: a comparison may leave them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.kinds.contract import Alteration, Context, Found, Kind, Reading
from pgwright.kinds.default_privilege import surplus
from pgwright.kinds.sequence_owner import SequenceOwner
from pgwright.kinds.steps import parent_of, step
from pgwright.kinds.targets import RELATIONS, subject, target
from pgwright.model.catalog import Catalog, CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import Name

PUBLIC_SCHEMA = ObjectId("schema", QualifiedName(None, "public"))


@dataclass(frozen=True, kw_only=True)
class Owner(CatalogObject):
    """Define the role that owns the parent.

    `bootstrap` is the superuser that the server was made with, who owns schema public before version 15.
    """

    role: str
    bootstrap: str = fact("")

    @property
    def role_names(self) -> tuple[str, ...]:
        """Return the roles that must exist."""
        return (self.role,)


def owner_id(of: ObjectId) -> ObjectId:
    """Return the identity of the owner of an object."""
    return ObjectId("owner", QualifiedName(None, "owner"), of)


def role_of(owned: ObjectId, catalog: Catalog, context: Context) -> str | None:
    """Return the role that owns an object of the catalog, None where owners were left out.

    Schema public that is as a new database has it belongs to the standard owner.
    """
    here, *either = (c.get(owner_id(owned)) for c in (catalog, context.before, context.after))
    if isinstance(here, Owner):
        return here.role
    known = [o for o in either if isinstance(o, Owner)]
    return _standard(context.server.major, known[0].bootstrap) if owned == PUBLIC_SCHEMA and known else None


def read(reading: Reading) -> Iterator[Found]:
    """Yield the owners of what was found; schema public has none while it is as a new database has it."""
    for r in reading.rows("owner"):
        owned = subject(reading, r.classid, r.objid)
        if owned is None:
            continue
        if owned == PUBLIC_SCHEMA and r.role == _standard(reading.server.major, r.bootstrap):
            continue
        owner = Owner(id=owner_id(owned), depends_on=(owned,), role=r.role, bootstrap=r.bootstrap)
        yield Found(owner, ())


def _standard(major: int, bootstrap: str) -> str:
    return "pg_database_owner" if major >= 15 else bootstrap


def _give(o: Owner, role: str, catalog: Catalog, context: Context) -> Step:
    owned = parent_of(o.id)
    text = sql.SQL("ALTER {} OWNER TO {}").format(target(owned, catalog), Name(role))
    summary = f"let {role} own {owned}"
    if context.is_new(owned) or context.before.get(o.id) == context.after.get(o.id):
        # The role that makes something, for the first time or anew, owns it.
        return replace(step(o.id, text, summary), rehearsal_only=role == context.server.role)
    on: tuple[ObjectId, ...] = ()
    if owned.kind in RELATIONS:
        on = (owned, *_linked_sequences(owned, context))
    hazard = Hazard(
        code=HazardCode.CHANGES_ACCESS, message=f"{owned} belongs to {role} from here on, with all rights"
    )
    return step(
        o.id,
        text,
        summary,
        lock=LockMode.ACCESS_EXCLUSIVE if on else None,
        on=on,
        hazards=(hazard,),
    )


def _linked_sequences(table: ObjectId, context: Context) -> Iterator[ObjectId]:
    """Yield the sequences that columns of the table own: they follow its owner."""
    for link in context.before.of("sequence_owner"):
        if isinstance(link, SequenceOwner) and parent_of(link.column) == table:
            yield parent_of(link.id)


def create(o: Owner, context: Context) -> tuple[Step, ...]:
    """Return the OWNER TO, which does nothing where the role that runs the plan is the owner.

    A new object also loses here what default privileges gave it and the target does not have.
    """
    owned = context.after.get(parent_of(o.id))
    steps = [_give(o, o.role, context.after, context)]
    if owned is not None and context.is_new(owned.id):
        steps.extend(_surplus(owned, o, context))
    return tuple(steps)


def _surplus(owned: CatalogObject, o: Owner, context: Context) -> Iterator[Step]:
    for text, grantee in surplus(owned.id, o.role, context):
        yield step(o.id, text, f"undo what default privileges give {grantee} on {owned.id}")


def drop(o: Owner, context: Context) -> tuple[Step, ...]:
    """Return nothing, except for schema public, which goes back to the owner of a new database's."""
    owned = parent_of(o.id)
    if owned != PUBLIC_SCHEMA or owned in context.dropped:
        return ()
    return (_give(o, _standard(context.server.major, o.bootstrap), context.before, context),)


def alter(change: Change, context: Context) -> Alteration:
    """Give the object to the other role."""
    assert isinstance(change.after, Owner)
    return Alteration(steps=(_give(change.after, change.after.role, context.after, context),))


def claims(o: Owner) -> tuple[tuple[str, ...], ...]:
    """Occupy the role of the object: a sequence that a column comes to own must have the same."""
    return (("role", str(parent_of(o.id))),)


KIND = Kind(name="owner", cls=Owner, rank=85, read=read, create=create, drop=drop, alter=alter, claims=claims)
