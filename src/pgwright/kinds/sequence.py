"""Sequences that stand on their own; those of identity columns belong to their column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, parent_of, renamed, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed, literal, render

INTEGERS = frozenset({"smallint", "integer", "bigint"})
_RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


@dataclass(frozen=True, kw_only=True)
class SequenceOptions:
    """Hold what defines the numbers that a sequence gives."""

    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool

    def clauses(self, type: str, base: SequenceOptions | None = None) -> list[sql.Composable]:
        """Return the option clauses that differ from `base`, or from PostgreSQL's defaults for `type`.

        A new sequence starts at the limit that it counts from, and that is not always the default one.
        """
        start = self.minimum if self.increment > 0 else self.maximum
        base = base or replace(default_options(type, self.increment), start=start)
        result: list[sql.Composable] = []
        for keyword, field in _CLAUSES:
            if getattr(self, field) != getattr(base, field):
                result.append(deparsed(f"{keyword} {getattr(self, field)}"))
        if self.cycle != base.cycle:
            result.append(sql.SQL("CYCLE") if self.cycle else sql.SQL("NO CYCLE"))
        return result

    def retyped(self, before: str, after: str) -> SequenceOptions:
        """Return what another type makes of the options: the limits of the old become those of the new."""
        standard = default_options(after, self.increment)
        limit = _RANGES[before]
        return replace(
            self,
            minimum=standard.minimum if self.minimum == -limit else self.minimum,
            maximum=standard.maximum if self.maximum == limit - 1 else self.maximum,
        )

    def narrows(self, before: SequenceOptions) -> bool:
        """Tell whether a sequence with the options `before` may stand outside of the range."""
        return self.minimum > before.minimum or self.maximum < before.maximum


_CLAUSES = (
    ("INCREMENT BY", "increment"),
    ("MINVALUE", "minimum"),
    ("MAXVALUE", "maximum"),
    ("START WITH", "start"),
    ("CACHE", "cache"),
)


def default_options(type: str, increment: int) -> SequenceOptions:
    """Return what CREATE SEQUENCE assumes for a data type and the sign of its increment."""
    limit = _RANGES[type]
    low, high = (1, limit - 1) if increment > 0 else (-limit, -1)
    start = low if increment > 0 else high
    return SequenceOptions(start=start, increment=1, minimum=low, maximum=high, cache=1, cycle=False)


@dataclass(frozen=True, kw_only=True)
class Sequence(CatalogObject):
    """Define a sequence; where it stands now is data, not structure."""

    type: str
    options: SequenceOptions
    unlogged: bool = False


def read(reading: Reading) -> Iterator[Found]:
    """Yield the sequences of the schemas being read."""
    for r in reading.rows("sequence"):
        options = SequenceOptions(
            start=r.start,
            increment=r.increment,
            minimum=r.minimum,
            maximum=r.maximum,
            cache=r.cache,
            cycle=r.cycle,
        )
        sequence = Sequence(
            id=ObjectId("sequence", QualifiedName(r.schema, r.name)),
            type=r.type,
            options=options,
            unlogged=r.persistence == "u",
        )
        yield Found(sequence, (Address(SystemCatalog.CLASS, r.oid),))


def name_literal(sequence: ObjectId) -> sql.Composable:
    """Compose the name of a sequence as the functions for sequences take it."""
    return literal(render(name_of(sequence)))


def continue_numbering(
    subject: ObjectId,
    column: ObjectId,
    sequence: sql.Composable,
    options: SequenceOptions,
    *,
    shared: bool = False,
    held: bool = False,
) -> Step:
    """Return the step that lets the sequence of a column go on after the greatest number in it.

    One that is `shared` with other columns is never set back. Where the position of an older one is `held`
    (`hold_position`), it goes on after that, if it is greater.
    """
    number = sql.SQL("max({})").format(Name(column.name.name))
    if held:
        position = sql.SQL("nullif(pg_catalog.current_setting({}, true), '')::bigint").format(
            _held_as(column)
        )
        number = sql.SQL("greatest({}, {})").format(number, position)
    least: sql.Composable = deparsed(str(options.minimum))
    if shared:
        least = sql.SQL("coalesce(pg_catalog.pg_sequence_last_value({}), {})").format(sequence, least)
    text = sql.SQL("SELECT pg_catalog.setval({}, {}::bigint) FROM {} HAVING {} BETWEEN {} AND {}").format(
        sequence,
        number,
        name_of(parent_of(column)),
        number,
        least,
        deparsed(str(options.maximum)),
    )
    return step(subject, text, f"go on numbering {column} after its greatest value")


def is_taken_up(sequence: ObjectId, column: ObjectId, context: Context) -> bool:
    """Tell whether an identity takes the place of the sequence of the column's default."""
    old, new = context.before.get(column), context.after.get(column)
    counter, options = context.before.get(sequence), getattr(new, "identity_options", None)
    return (
        sequence in context.dropped
        and column not in context.dropped
        and not getattr(old, "identity", "")
        and any(sequence in default.depends_on for default in context.before.children(column, "default"))
        and isinstance(counter, Sequence)
        and options is not None
        and min(counter.options.increment, options.increment) > 0
    )


def hold_position(sequence: ObjectId, column: ObjectId) -> Step:
    """Return the step that keeps in mind where a sequence stands, until the end of the transaction."""
    text = sql.SQL("SELECT pg_catalog.set_config({}, last_value::text, true) FROM {} WHERE is_called").format(
        _held_as(column), name_of(sequence)
    )
    return step(column, text, f"remember where {sequence} stands")


def _held_as(column: ObjectId) -> sql.Composable:
    table = column.root.name
    parts = (table.schema or "public", table.name, column.name.name)
    return literal("pgwright." + re.sub(r"\W", "_", "_".join(parts), flags=re.ASCII))


def into_range(
    alteration: sql.Composable, sequence: sql.Composable, options: SequenceOptions
) -> sql.Composable:
    """Compose a change of options that lets a sequence start again where it stands outside of its new range.

    PostgreSQL refuses the range otherwise, and its ALTER SEQUENCE takes no value that is computed.
    """
    return sql.SQL(
        "DO $pgwright$\nBEGIN\n"
        "IF (SELECT last_value BETWEEN {} AND {} FROM {}) THEN\n    {};\nELSE\n    {} RESTART;\nEND IF;\n"
        "END $pgwright$"
    ).format(deparsed(str(options.minimum)), deparsed(str(options.maximum)), sequence, alteration, alteration)


def starts_again(what: ObjectId, options: SequenceOptions) -> Hazard:
    """Return the hazard of a range that the position may be outside of."""
    message = f"where the numbers of {what.path} have left the new range, they start again at {options.start}"
    return Hazard(code=HazardCode.BREAKS_CODE, message=message)


def create(o: Sequence, context: Context) -> tuple[Step, ...]:
    """Return the CREATE SEQUENCE; ownership by a column is an object of its own."""
    clauses = o.options.clauses(o.type)
    if o.type != "bigint":
        clauses.insert(0, deparsed(f"AS {o.type}"))
    head = sql.SQL("CREATE UNLOGGED SEQUENCE {}") if o.unlogged else sql.SQL("CREATE SEQUENCE {}")
    text = sql.SQL(" ").join([head.format(name_of(o.id)), *clauses])
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: Sequence, context: Context) -> tuple[Step, ...]:
    """Return the DROP SEQUENCE, or nothing where the owning column takes it along."""
    for link in context.before.children(o.id, "sequence_owner"):
        column: ObjectId = getattr(link, "column")  # noqa: B009 - that kind is read after this one
        if column in context.dropped or context.goes_with_parent(column):
            return ()
    users = (id for id in context.referenced_before.get(o.id, ()) if id.kind == "default")
    lost = not any(is_taken_up(o.id, parent_of(id), context) for id in users)
    hazard = Hazard(code=HazardCode.DELETES_DATA, message=f"the position of {o.id} is lost")
    return (
        step(
            o.id,
            sql.SQL("DROP SEQUENCE {}").format(name_of(o.id)),
            f"drop {o.id}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=(o.id,),
            hazards=(hazard,) if lost else (),
            reversibility=Reversibility.DATA_LOST if lost else Reversibility.LOSSLESS,
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Change options in place; the position is kept."""
    before, after = change.before, change.after
    assert isinstance(before, Sequence) and isinstance(after, Sequence)
    clauses: list[sql.Composable] = []
    if before.type != after.type:
        clauses.append(deparsed(f"AS {after.type}"))
    clauses += after.options.clauses(after.type, before.options)
    steps: list[Step] = []
    if clauses:
        text: sql.Composable = sql.SQL(" ").join(
            [sql.SQL("ALTER SEQUENCE {}").format(name_of(after.id)), *clauses]
        )
        narrower = after.options.narrows(before.options)
        what = f"change {after.id} from {before.type} to {after.type}"
        steps.append(
            step(
                after.id,
                into_range(text, name_of(after.id), after.options) if narrower else text,
                what if before.type != after.type else f"change the options of {after.id}",
                lock=LockMode.SHARE_ROW_EXCLUSIVE,
                on=(after.id,),
                hazards=(starts_again(after.id, after.options),) if narrower else (),
                reversibility=Reversibility.DATA_LOST if narrower else Reversibility.LOSSLESS,
            )
        )
    if before.unlogged != after.unlogged:
        template = "ALTER SEQUENCE {} SET UNLOGGED" if after.unlogged else "ALTER SEQUENCE {} SET LOGGED"
        text = sql.SQL(template).format(name_of(after.id))
        steps.append(
            step(
                after.id,
                text,
                f"change the persistence of {after.id}",
                lock=LockMode.ACCESS_EXCLUSIVE,
                on=(after.id,),
                rewrites=(after.id,),
            )
        )
    return Alteration(steps=tuple(steps)) if steps else REPLACE


def rename(o: Sequence, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER SEQUENCE that renames or moves it."""
    return renamed("SEQUENCE", o.id, to, LockMode.ACCESS_EXCLUSIVE)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among relations."""
    return (("relation", o.id.name.schema, o.id.name.name),)


KIND = Kind(
    name="sequence",
    cls=Sequence,
    rank=30,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
