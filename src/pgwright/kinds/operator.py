"""Operators, told apart by the types of their operands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import vanishes
from pgwright.kinds.steps import step
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed, render


@dataclass(frozen=True, kw_only=True)
class Operator(CatalogObject):
    """Define an operator; a missing operand is None.

    `commutator` and `negator` are qualified operators, `restrict` and `join` the functions that estimate
    how many rows it selects. `shells` are partners that are only named so far, as DROP OPERATOR wants them.
    """

    procedure: str
    commutator: str | None = None
    negator: str | None = None
    restrict: str | None = None
    join: str | None = None
    hashes: bool = False
    merges: bool = False
    shells: tuple[str, ...] = ()
    symbol: str = fact("")
    left: str | None = fact(None)
    right: str | None = fact(None)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the operators of the schemas being read."""
    for r in reading.rows("operator"):
        operands = f"{r.left_type or 'NONE'},{r.right_type or 'NONE'}"
        operator = Operator(
            id=ObjectId("operator", QualifiedName(r.schema, f"{r.name}({operands})")),
            procedure=r.procedure,
            commutator=r.commutator,
            negator=r.negator,
            restrict=r.restrict,
            join=r.join,
            hashes=r.hashes,
            merges=r.merges,
            symbol=r.name,
            left=r.left_type,
            right=r.right_type,
            shells=tuple(sorted(r.shells)),
        )
        yield Found(operator, (Address(SystemCatalog.OPERATOR, r.oid),))


def reference(o: Operator) -> sql.Composed:
    """Compose the operator with its operands as DROP, ALTER and COMMENT want it."""
    return sql.SQL("{} ({}, {})").format(_symbol(o), deparsed(o.left or "NONE"), deparsed(o.right or "NONE"))


def _symbol(o: Operator) -> sql.Composed:
    return sql.SQL("{}.{}").format(Name(o.id.name.schema or "public"), deparsed(o.symbol))


def create(o: Operator, context: Context) -> tuple[Step, ...]:
    """Return the CREATE OPERATOR; a partner that is not there yet is only named by it and filled in later."""
    clauses: list[sql.Composable] = [deparsed(f"FUNCTION = {o.procedure}")]
    if o.left:
        clauses.append(deparsed(f"LEFTARG = {o.left}"))
    if o.right:
        clauses.append(deparsed(f"RIGHTARG = {o.right}"))
    clauses += _settings(o)
    text = sql.SQL("CREATE OPERATOR {} (\n    {}\n)").format(_symbol(o), sql.SQL(",\n    ").join(clauses))
    return (step(o.id, text, f"create {o.id}"),)


def _settings(o: Operator, base: Operator | None = None) -> list[sql.Composable]:
    """Return the clauses that differ from `base`, or from an operator without any."""
    clauses: list[sql.Composable] = []
    for word, field in (("COMMUTATOR", "commutator"), ("NEGATOR", "negator")):
        value = getattr(o, field)
        if value and value != getattr(base, field, None):
            clauses.append(deparsed(f"{word} = OPERATOR({value})"))
    for word, field in (("RESTRICT", "restrict"), ("JOIN", "join")):
        value = getattr(o, field)
        if value != getattr(base, field, None):
            clauses.append(deparsed(f"{word} = {value or 'NONE'}"))
    for word, field in (("HASHES", "hashes"), ("MERGES", "merges")):
        if getattr(o, field) and not getattr(base, field, False):
            clauses.append(deparsed(word))
    return clauses


def drop(o: Operator, context: Context) -> tuple[Step, ...]:
    """Return the DROP OPERATOR, also of partners that were only named: they would hold up their types."""
    gone = [reference(o), *(deparsed(shell) for shell in o.shells if _is_last(o, shell, context))]
    return (
        step(
            o.id,
            sql.SQL("DROP OPERATOR {}").format(sql.SQL(", ").join(gone)),
            f"drop {o.id}",
            hazards=vanishes(o.id, context, f"queries that use {o.id} fail from here on"),
            phase=Phase.CONTRACT,
        ),
    )


def _is_last(o: Operator, shell: str, context: Context) -> bool:
    """Tell whether no other operator names the partner that is about to go with this one."""
    others = context.before.of("operator")
    naming = [other.id for other in others if isinstance(other, Operator) and shell in other.shells]
    return context.dropped.issuperset(naming) and o.id == min(naming, key=str)


def alter(change: Change, context: Context) -> Alteration:
    """Set what ALTER OPERATOR can set on this server; everything else makes another operator."""
    before, after = change.before, change.after
    assert isinstance(before, Operator) and isinstance(after, Operator)
    fields = {
        f for f in change.fields if f not in ("commutator", "negator") or not _follows(f, change, context)
    }
    fields.discard("shells")
    # With a partner that goes, PostgreSQL forgets its name: only CREATE OPERATOR names what is not there.
    if not set(after.shells) <= set(before.shells) or not fields <= _settable(before, after, context):
        return REPLACE
    if not fields:
        return Alteration()
    text = sql.SQL("ALTER OPERATOR {} SET ({})").format(
        reference(after), sql.SQL(", ").join(_settings(after, _but_for(fields, before, after)))
    )
    return Alteration(steps=(step(after.id, text, f"change {after.id}"),))


def _but_for(fields: set[str], before: Operator, after: Operator) -> Operator:
    """Return the operator that differs from `after` in `fields` only."""
    return replace(after, **{field: getattr(before, field) for field in fields})


def _follows(field: str, change: Change, context: Context) -> bool:
    """Tell whether PostgreSQL makes the change itself, with the drop or the creation of the partner."""
    old, new = getattr(change.before, field), getattr(change.after, field)
    if old is not None and new is None:
        return _partner(old, context.dropped)
    return old is None and _partner(new, context.created)


def _partner(operator: str, among: Any) -> bool:
    symbol = operator.rpartition(".")[2]
    return any(id.kind == "operator" and id.name.name.startswith(f"{symbol}(") for id in among)


def _settable(before: Operator, after: Operator, context: Context) -> set[str]:
    # Since PostgreSQL 17 these can be added to an operator, but never taken away or changed.
    fields = {"restrict", "join"}
    if context.server.major >= 17:
        fields |= {f for f in ("commutator", "negator", "hashes", "merges") if not getattr(before, f)}
    return fields


def claims(o: Operator) -> tuple[tuple[str, ...], ...]:
    """Occupy its own name, and those of partners that are only named."""
    return tuple(("operator", name) for name in (render(reference(o)), *o.shells))


KIND = Kind(
    name="operator",
    cls=Operator,
    rank=27,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    claims=claims,
)
