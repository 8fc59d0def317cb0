"""Row-level-security policies: which rows which role may see and write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import held
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed

EVERYBODY = "public"


@dataclass(frozen=True, kw_only=True)
class RowPolicy(CatalogObject):
    """Define a row policy.

    `command` is ``ALL``, ``SELECT``, ``INSERT``, ``UPDATE`` or ``DELETE``; `roles` are sorted and hold
    ``public`` for everybody; `using` and `check` are conditions, None where the policy has none.
    """

    permissive: bool
    command: str
    roles: tuple[str, ...]
    using: str | None = None
    check: str | None = None

    @property
    def role_names(self) -> tuple[str, ...]:
        """Return the roles that must exist; PUBLIC always does."""
        return tuple(role for role in self.roles if role != EVERYBODY)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the row policies of the tables found before."""
    for r in reading.rows("row_policy"):
        parent = reading.id_of(SystemCatalog.CLASS, r.relid)
        if parent is None:
            continue
        policy = RowPolicy(
            id=ObjectId("row_policy", QualifiedName(None, r.name), parent),
            permissive=r.permissive,
            command=r.command,
            roles=tuple(sorted(r.roles)),
            using=None if r.using is None else settled(r.using),
            check=None if r.check is None else settled(r.check),
        )
        yield Found(policy, (Address(SystemCatalog.POLICY, r.oid),))


def _on(o: RowPolicy) -> sql.Composed:
    return sql.SQL("{} ON {}").format(Name(o.id.name.name), name_of(parent_of(o.id)))


def _roles(o: RowPolicy) -> sql.Composed:
    names = (sql.SQL("PUBLIC") if role == EVERYBODY else Name(role) for role in o.roles)
    return sql.SQL("TO {}").format(sql.SQL(", ").join(names))


def _using(o: RowPolicy) -> sql.Composed:
    return sql.SQL("USING ({})").format(deparsed(o.using or ""))


def _check(o: RowPolicy) -> sql.Composed:
    return sql.SQL("WITH CHECK ({})").format(deparsed(o.check or ""))


def _access(o: RowPolicy) -> Hazard:
    return Hazard(
        code=HazardCode.CHANGES_ACCESS,
        message=f"other rows of {parent_of(o.id)} than before are seen or can be written",
    )


def create(o: RowPolicy, context: Context) -> tuple[Step, ...]:
    """Return the CREATE POLICY."""
    clauses: list[sql.Composable] = [sql.SQL("CREATE POLICY {}").format(_on(o))]
    if not o.permissive:
        clauses.append(sql.SQL("AS RESTRICTIVE"))
    if o.command != "ALL":
        clauses.append(deparsed(f"FOR {o.command}"))
    if o.roles != (EVERYBODY,):
        clauses.append(_roles(o))
    if o.using is not None:
        clauses.append(_using(o))
    if o.check is not None:
        clauses.append(_check(o))
    relation = parent_of(o.id)
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, relation)
    hazards = () if context.is_new(relation) else (_access(o),)
    return (step(o.id, sql.SQL(" ").join(clauses), f"create {o.id}", hazards=hazards, **lock),)


def drop(o: RowPolicy, context: Context) -> tuple[Step, ...]:
    """Return the DROP POLICY."""
    if context.goes_with_parent(o.id):
        return ()
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, parent_of(o.id))
    text = sql.SQL("DROP POLICY {}").format(_on(o))
    return (step(o.id, text, f"drop {o.id}", hazards=(_access(o),), phase=Phase.CONTRACT, **lock),)


def alter(change: Change, context: Context) -> Alteration:
    """Change roles and conditions in place; ALTER POLICY cannot change the rest or take a condition away."""
    before, after = change.before, change.after
    assert isinstance(before, RowPolicy) and isinstance(after, RowPolicy)
    if {"permissive", "command"} & set(change.fields):
        return REPLACE
    clauses: list[sql.Composable] = [sql.SQL("ALTER POLICY {}").format(_on(after))]
    if before.roles != after.roles:
        clauses.append(_roles(after))
    if before.using != after.using:
        if after.using is None:
            return REPLACE
        clauses.append(_using(after))
    if before.check != after.check:
        if after.check is None:
            return REPLACE
        clauses.append(_check(after))
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, parent_of(after.id))
    text = sql.SQL(" ").join(clauses)
    return Alteration(steps=(step(after.id, text, f"change {after.id}", hazards=(_access(after),), **lock),))


def rename(o: RowPolicy, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER POLICY … RENAME TO."""
    text = sql.SQL("ALTER POLICY {} RENAME TO {}").format(_on(o), Name(to.name.name))
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, parent_of(o.id))
    return (step(o.id, text, f"rename {o.id} to {to.path}", **lock),)


KIND = Kind(
    name="row_policy",
    cls=RowPolicy,
    rank=75,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
)
