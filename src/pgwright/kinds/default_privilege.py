"""Default privileges: what roles get on objects that another role will make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby

from psycopg import sql

from pgwright.kinds.contract import Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.privileges import PUBLIC, Action, Deviation, Privilege, actions, deviation, expanded
from pgwright.kinds.steps import step
from pgwright.kinds.targets import privilege_target
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed

_OBJECTS = {
    "r": "TABLES",
    "S": "SEQUENCES",
    "f": "FUNCTIONS",
    "T": "TYPES",
    "n": "SCHEMAS",
    "L": "LARGE OBJECTS",
}
_KINDS = {
    "r": frozenset({"table", "view", "materialized_view"}),
    "S": frozenset({"sequence"}),
    "f": frozenset({"function", "aggregate"}),
    "T": frozenset({"enum", "domain", "composite", "range"}),
    "n": frozenset({"schema"}),
}
# What PostgreSQL itself gives PUBLIC on new objects, which no grant in a catalog names.
_BUILT_IN = {"f": frozenset({"EXECUTE"}), "T": frozenset({"USAGE"})}


@dataclass(frozen=True, kw_only=True)
class DefaultPrivilege(CatalogObject):
    """Define what `grantee` gets, or as PUBLIC or owner does not get, on what `role` makes.

    The parent is a schema, or None where it holds everywhere. `object_type` is PostgreSQL's letter:
    ``r`` tables, ``S`` sequences, ``f`` routines, ``T`` types, ``n`` schemas, ``L`` large objects.
    """

    role: str
    object_type: str
    grantee: str
    granted: tuple[Privilege, ...] = ()
    revoked: tuple[str, ...] = ()

    @property
    def role_names(self) -> tuple[str, ...]:
        """Return the roles that must exist; PUBLIC always does."""
        return tuple(name for name in (self.role, self.grantee) if name != PUBLIC)

    @property
    def deviation(self) -> Deviation:
        """Return granted and revoked together."""
        return Deviation(granted=self.granted, revoked=self.revoked)


_NOTHING = Deviation()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the default privileges, one for each role, schema, type of object and grantee."""
    rows = reading.rows("default_privilege")
    for (_, grantee), group in groupby(rows, key=lambda r: (r.oid, r.grantee)):
        members = list(group)
        first = members[0]
        schema = None
        if first.namespace is not None:
            schema = reading.id_of(SystemCatalog.NAMESPACE, first.namespace)
            if schema is None:
                continue
        found = deviation(members, table=first.object_type == "r", major=reading.server.major)
        name = f"{_OBJECTS[first.object_type].lower()} of {first.role} to {grantee}"
        privilege = DefaultPrivilege(
            id=ObjectId("default_privilege", QualifiedName(None, name), schema),
            depends_on=(schema,) if schema else (),
            role=first.role,
            object_type=first.object_type,
            grantee=grantee,
            granted=found.granted,
            revoked=found.revoked,
        )
        yield Found(privilege, ())


def _steps(o: DefaultPrivilege, before: Deviation, after: Deviation, context: Context) -> Iterator[Step]:
    where = sql.SQL("")
    if o.id.parent is not None:
        where = sql.SQL(" IN SCHEMA {}").format(Name(o.id.parent.name.name))  # type: ignore[assignment]
    for action in actions(before, after, context.server.major):
        text = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {}{} {}").format(
            Name(o.role), where, action.compose(deparsed(_OBJECTS[o.object_type]), o.grantee)
        )
        what = f"{', '.join(action.privileges)} on new {_OBJECTS[o.object_type].lower()} of {o.role}"
        if action.revokes:
            message = f"{o.grantee} no longer gets {what}"
            hazard = Hazard(code=HazardCode.LOSES_PRIVILEGES, message=message)
            summary = f"take {what} from {o.grantee}"
            yield step(o.id, text, summary, hazards=(hazard,), phase=Phase.CONTRACT)
        else:
            yield step(o.id, text, f"give {what} to {o.grantee}")


def create(o: DefaultPrivilege, context: Context) -> tuple[Step, ...]:
    """Return the ALTER DEFAULT PRIVILEGES."""
    return tuple(_steps(o, _NOTHING, o.deviation, context))


def drop(o: DefaultPrivilege, context: Context) -> tuple[Step, ...]:
    """Return the way back to PostgreSQL's defaults, or nothing where the schema goes."""
    if context.goes_with_parent(o.id):
        return ()
    return tuple(_steps(o, o.deviation, _NOTHING, context))


def alter(change: Change, context: Context) -> Alteration:
    """Grant and revoke what differs."""
    before, after = change.before, change.after
    assert isinstance(before, DefaultPrivilege) and isinstance(after, DefaultPrivilege)
    return Alteration(steps=tuple(_steps(after, before.deviation, after.deviation, context)))


def surplus(id: ObjectId, owner: str, context: Context) -> Iterator[tuple[sql.Composable, str]]:
    """Yield statements that undo what default privileges do to a new object and the target does not have.

    Whose defaults apply depends on the role that runs the plan, so all of the fitting ones count: to
    revoke what was not granted, and to grant what is there, changes nothing. Each comes with the grantee.
    """
    sides = (context.before.of("default_privilege"), context.after.of("default_privilege"))
    for o in dict.fromkeys(chain(*sides)):
        if not isinstance(o, DefaultPrivilege) or not _applies(o, id) or o.grantee in {owner, o.role}:
            continue
        wanted = context.after.get(ObjectId("grant", QualifiedName(None, o.grantee), id))
        has = {p.name for p in getattr(wanted, "granted", ())}
        lacks = set(getattr(wanted, "revoked", ()))
        if o.grantee == PUBLIC:
            has |= _BUILT_IN.get(o.object_type, frozenset()) - lacks
        on = privilege_target(id, context.after)
        given = expanded((p.name for p in o.granted), context.server.major)
        extra = tuple(sorted(given - expanded(has, context.server.major)))
        if extra:
            yield Action(privileges=extra, revokes=True).compose(on, o.grantee), o.grantee
        missing = tuple(p for p in o.revoked if p not in lacks)
        if missing:
            yield Action(privileges=missing, revokes=False).compose(on, o.grantee), o.grantee


def _applies(o: DefaultPrivilege, id: ObjectId) -> bool:
    if id.kind not in _KINDS.get(o.object_type, ()):
        return False
    return o.id.parent is None or o.id.parent.name.name == id.name.schema


# After everything else, so that what the plan makes gets the privileges that it names and no others.
KIND = Kind(
    name="default_privilege",
    cls=DefaultPrivilege,
    rank=96,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
)
