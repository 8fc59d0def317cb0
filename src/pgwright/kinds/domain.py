"""Domains: types with a default and constraints of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import name_of, parent_of, renamed, step
from pgwright.kinds.types.retyping import columns_of, keep_parts, rebuild, users
from pgwright.kinds.types.type_steps import claim_type
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed, render

_NOT_VALID = " NOT VALID"


@dataclass(frozen=True, kw_only=True)
class DomainCheck:
    """Define a check constraint of a domain, as `pg_get_constraintdef` prints it without NOT VALID."""

    name: str
    definition: str
    validated: bool = True


@dataclass(frozen=True, kw_only=True)
class Domain(CatalogObject):
    """Define a domain; `collation` is None where it is that of the base type."""

    base: str
    collation: str | None = None
    default: str | None = None
    not_null: bool = False
    checks: tuple[DomainCheck, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the domains of the schemas being read."""
    checks: dict[int, list[Any]] = {}
    for k in reading.defined("domain_check"):
        checks.setdefault(k.domain, []).append(k)
    for r in reading.rows("domain"):
        own = checks.get(r.oid, [])
        domain = Domain(
            id=ObjectId("domain", QualifiedName(r.schema, r.name)),
            base=r.base,
            collation=r.collation,
            default=r.default,
            not_null=r.not_null,
            checks=tuple(
                DomainCheck(
                    name=k.name,
                    definition=settled(k.definition.removesuffix(_NOT_VALID)),
                    validated=k.validated,
                )
                for k in own
            ),
        )
        yield Found(
            domain,
            (
                Address(SystemCatalog.TYPE, r.oid),
                Address(SystemCatalog.TYPE, r.array_oid),
                *(Address(SystemCatalog.CONSTRAINT, k.oid) for k in own),
            ),
        )


def create(o: Domain, context: Context) -> tuple[Step, ...]:
    """Return the CREATE DOMAIN, and checks that are not valid yet."""
    parts: list[sql.Composable] = [sql.SQL("CREATE DOMAIN {} AS").format(name_of(o.id)), deparsed(o.base)]
    if o.collation:
        parts.append(deparsed(f"COLLATE {o.collation}"))
    if o.default is not None:
        parts.append(deparsed(f"DEFAULT {o.default}"))
    if o.not_null:
        parts.append(sql.SQL("NOT NULL"))
    parts += [_clause(check) for check in o.checks if check.validated]
    steps = [step(o.id, sql.SQL(" ").join(parts), f"create {o.id}")]
    for check in o.checks:
        if not check.validated:
            steps.append(_alter(o, _add(check), f"add check {check.name} to {o.id}"))
    return tuple(steps)


def _clause(check: DomainCheck) -> sql.Composable:
    return sql.SQL("CONSTRAINT {} {}").format(Name(check.name), deparsed(check.definition))


def _add(check: DomainCheck) -> sql.Composable:
    return sql.SQL("ADD {} NOT VALID").format(_clause(check))


def _alter(o: Domain, action: sql.Composable, summary: str, **settings: Any) -> Step:
    return step(o.id, sql.SQL("ALTER DOMAIN {} {}").format(name_of(o.id), action), summary, **settings)


def drop(o: Domain, context: Context) -> tuple[Step, ...]:
    """Return the DROP DOMAIN."""
    text = sql.SQL("DROP DOMAIN {}").format(name_of(o.id))
    return (step(o.id, text, f"drop {o.id}", phase=Phase.CONTRACT),)


def alter(change: Change, context: Context) -> Alteration:
    """Change default and constraints in place; make the domain anew for another base type or collation."""
    before, after = change.before, change.after
    assert isinstance(before, Domain) and isinstance(after, Domain)
    stricter = (after.not_null and not before.not_null) or _to_validate(before, after)
    if {"base", "collation"} & set(change.fields) or (stricter and _contained(change.id, context)):
        hazard = Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"a value that is no {after.base}, or breaks a check of {after.id}, stops it",
        )
        return rebuild(change, context, hazards=(hazard,))
    steps: list[Step] = []
    if before.default != after.default:
        action = sql.SQL("DROP DEFAULT")
        if after.default is not None:
            action = deparsed(f"SET DEFAULT {after.default}")  # type: ignore[assignment]
        steps.append(_alter(after, action, f"change the default of {after.id}"))
    if before.not_null and not after.not_null:
        steps.append(_alter(after, sql.SQL("DROP NOT NULL"), f"let {after.id} be null"))
    steps.extend(_change_checks(before, after, context))
    if after.not_null and not before.not_null:
        message = f"a null in a column of type {after.id.path} stops it"
        settings = _scan(after, context, message)
        steps.append(_alter(after, sql.SQL("SET NOT NULL"), f"forbid nulls in {after.id}", **settings))
    return Alteration(steps=tuple(steps))


def _to_validate(before: Domain, after: Domain) -> tuple[str, ...]:
    """Return the names of checks that existing values have to be held against."""
    valid = {(c.name, c.definition) for c in before.checks if c.validated}
    return tuple(c.name for c in after.checks if c.validated and (c.name, c.definition) not in valid)


def _contained(id: ObjectId, context: Context) -> bool:
    """Tell whether a column holds the domain inside an array or another type.

    PostgreSQL then refuses to hold existing values against a new constraint.
    """
    domains = [t for t in users(id, context) if t.kind == "domain"]
    names = {render(name_of(t)) for t in domains}
    return any(c.type not in names for c in columns_of(users(id, context), context))


def _change_checks(before: Domain, after: Domain, context: Context) -> Iterator[Step]:
    old = {c.name: c for c in before.checks}
    new = {c.name: c for c in after.checks}
    for name, check in old.items():
        wanted = new.get(name)
        kept = wanted is not None and wanted.definition == check.definition
        if not kept or (wanted is not None and check.validated and not wanted.validated):
            # It is not there any more where the type under the domain was made anew.
            text = sql.SQL("DROP CONSTRAINT IF EXISTS {}").format(Name(name))
            yield _alter(after, text, f"drop check {name} of {after.id}")
            old = {k: v for k, v in old.items() if k != name}
    for name, check in new.items():
        if name not in old:
            yield _alter(after, _add(check), f"check new values of {after.id} by {name}")
            yield from keep_parts(ObjectId("constraint", QualifiedName(None, name), after.id), context)
        if check.validated and not (name in old and old[name].validated):
            message = f"a value that breaks {name} stops it; new values are checked already"
            yield _alter(
                after,
                sql.SQL("VALIDATE CONSTRAINT {}").format(Name(name)),
                f"validate check {name} of {after.id}",
                phase=Phase.BACKFILL,
                **_scan(after, context, message),
            )


def _scan(o: Domain, context: Context, message: str) -> dict[str, Any]:
    """Return lock and hazards of a statement that looks at every value of the domain."""
    tables = {
        id: None
        for column in columns_of([t for t in users(o.id, context) if t.kind == "domain"], context)
        for id in context.with_descendants(parent_of(column.id))
        if id not in context.dropped
    }
    if not tables:
        return {}
    names = ", ".join(t.path for t in tables)
    waiting = f"writers of {names} wait while the values are read"
    hazards = (
        Hazard(code=HazardCode.MAY_FAIL, message=message),
        Hazard(code=HazardCode.LOCKS_WRITERS, message=waiting),
    )
    return {"lock": LockMode.SHARE, "on": tuple(tables), "hazards": hazards}


def rename(o: Domain, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER DOMAIN that renames or moves it."""
    return renamed("DOMAIN", o.id, to)


KIND = Kind(
    name="domain",
    cls=Domain,
    rank=13,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claim_type,
    queries=("domain_check", "domain"),
)
