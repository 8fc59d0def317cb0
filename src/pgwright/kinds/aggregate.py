"""Aggregates: plain, ordered-set and hypothetical-set, with their moving-window and parallel parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import vanishes
from pgwright.kinds.routines import claims, keeps_names, renamed_routine, routine_id, signature
from pgwright.kinds.steps import step
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import deparsed, literal

_MODIFY = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_PARALLEL = {"s": "SAFE", "r": "RESTRICTED", "u": "UNSAFE"}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Hold how rows become a state and a state becomes the result.

    Functions are qualified names. `size` is the state's size in bytes, 0 where PostgreSQL
    guesses it. `modify` is ``r``, ``s`` or ``w``: what the final function may do to the state.
    """

    transition: str
    state_type: str
    size: int = 0
    final: str | None = None
    final_extra: bool = False
    modify: str = "r"
    initial: str | None = None

    def clauses(self, prefix: str, default_modify: str) -> list[sql.Composable]:
        """Return the clauses of CREATE AGGREGATE; `prefix` is ``M`` for the moving-window part."""
        result: list[sql.Composable] = [
            deparsed(f"{prefix}SFUNC = {self.transition}"),
            deparsed(f"{prefix}STYPE = {self.state_type}"),
        ]
        if self.size:
            result.append(deparsed(f"{prefix}SSPACE = {self.size}"))
        if self.final:
            result.append(deparsed(f"{prefix}FINALFUNC = {self.final}"))
        if self.final_extra:
            result.append(deparsed(f"{prefix}FINALFUNC_EXTRA"))
        if self.modify != default_modify:
            result.append(deparsed(f"{prefix}FINALFUNC_MODIFY = {_MODIFY[self.modify]}"))
        if self.initial is not None:
            result.append(sql.SQL("{} = {}").format(deparsed(f"{prefix}INITCOND"), literal(self.initial)))
        return result


@dataclass(frozen=True, kw_only=True)
class Aggregate(CatalogObject):
    """Define an aggregate; `kind` is ``n`` plain, ``o`` ordered-set, ``h`` hypothetical-set."""

    signature_arguments: str
    stage: Stage
    kind: str = "n"
    result: str | None = None
    combine: str | None = None
    serialize: str | None = None
    deserialize: str | None = None
    moving: Stage | None = None
    moving_inverse: str | None = None
    sort_operator: str | None = None
    parallel: str = "u"
    proname: str = fact("")
    input_names: tuple[str, ...] = fact(())

    @property
    def arguments(self) -> str:
        """Return the arguments as statements want them: a star where there are none."""
        return self.signature_arguments or "*"


def read(reading: Reading) -> Iterator[Found]:
    """Yield the aggregates of the schemas being read."""
    for r in reading.rows("aggregate"):
        aggregate = Aggregate(
            id=routine_id("aggregate", r.schema, r.name, r.types),
            signature_arguments=r.arguments,
            stage=Stage(
                transition=r.transition,
                state_type=r.state_type,
                size=r.state_size,
                final=r.final,
                final_extra=r.final_extra,
                modify=r.final_modify,
                initial=r.initial,
            ),
            kind=r.kind,
            result=r.result,
            combine=r.combine,
            serialize=r.serialize,
            deserialize=r.deserialize,
            moving=_moving(r),
            moving_inverse=r.moving_inverse,
            sort_operator=r.sort_operator,
            parallel=r.parallel,
            proname=r.name,
            input_names=tuple(r.input_names or ()),
        )
        yield Found(aggregate, (Address(SystemCatalog.PROC, r.oid),))


def _moving(r: Any) -> Stage | None:
    if r.moving_transition is None:
        return None
    return Stage(
        transition=r.moving_transition,
        state_type=r.moving_state_type,
        size=r.moving_state_size,
        final=r.moving_final,
        final_extra=r.moving_final_extra,
        modify=r.moving_final_modify,
        initial=r.moving_initial,
    )


def _statement(head: str, o: Aggregate) -> sql.Composed:
    # Ordered-set aggregates are expected to change their state (they sort it), plain ones are not.
    modify = "r" if o.kind == "n" else "w"
    clauses = o.stage.clauses("", modify)
    for word, value in (
        ("COMBINEFUNC", o.combine),
        ("SERIALFUNC", o.serialize),
        ("DESERIALFUNC", o.deserialize),
        ("MINVFUNC", o.moving_inverse),
        ("SORTOP", o.sort_operator and f"OPERATOR({o.sort_operator})"),
        ("PARALLEL", _PARALLEL[o.parallel] if o.parallel != "u" else None),
    ):
        if value:
            clauses.append(deparsed(f"{word} = {value}"))
    if o.moving:
        clauses += o.moving.clauses("M", modify)
    if o.kind == "h":
        clauses.append(sql.SQL("HYPOTHETICAL"))
    return sql.SQL("{} AGGREGATE {} (\n    {}\n)").format(
        deparsed(head), signature(o), sql.SQL(",\n    ").join(clauses)
    )


def create(o: Aggregate, context: Context) -> tuple[Step, ...]:
    """Return the CREATE AGGREGATE."""
    return (step(o.id, _statement("CREATE", o), f"create {o.id}"),)


def drop(o: Aggregate, context: Context) -> tuple[Step, ...]:
    """Return the DROP AGGREGATE."""
    return (
        step(
            o.id,
            sql.SQL("DROP AGGREGATE {}").format(signature(o)),
            f"drop {o.id}",
            hazards=vanishes(o.id, context, f"code that calls {o.id} fails from here on"),
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Put another definition in place unless kind, result or the names of arguments change."""
    before, after = change.before, change.after
    assert isinstance(before, Aggregate) and isinstance(after, Aggregate)
    if (
        before.kind != after.kind
        or before.result != after.result
        or not keeps_names(before.input_names, after.input_names)
        or _direct(before) != _direct(after)
    ):
        return REPLACE
    text = _statement("CREATE OR REPLACE", after)
    return Alteration(steps=(step(after.id, text, f"change {after.id}"),))


def _direct(o: Aggregate) -> int:
    """Return how many direct arguments an ordered-set aggregate takes, by the commas before ORDER BY."""
    direct, _, _ = o.signature_arguments.rpartition("ORDER BY")
    return direct.count(",") + 1 if direct.strip() else 0


def rename(o: Aggregate, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER AGGREGATE … RENAME TO, and SET SCHEMA where the schema differs."""
    return renamed_routine("AGGREGATE", o, to)


KIND = Kind(
    name="aggregate",
    cls=Aggregate,
    rank=26,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
