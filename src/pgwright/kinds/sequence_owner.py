"""Which column owns a sequence, apart from both because each needs the other to exist first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.sequence import INTEGERS, Sequence, continue_numbering, name_literal
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.tables.held_rows import holds_rows
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name


@dataclass(frozen=True, kw_only=True)
class SequenceOwner(CatalogObject):
    """Define the column that takes the sequence along when it is dropped."""

    column: ObjectId


def read(reading: Reading) -> Iterator[Found]:
    """Yield one link for each sequence that a column owns."""
    for r in reading.rows("sequence_owner"):
        sequence = reading.id_of(SystemCatalog.CLASS, r.sequence)
        table = reading.id_of(SystemCatalog.CLASS, r.relid)
        if sequence is None or table is None:
            continue
        column = ObjectId("column", QualifiedName(None, r.column_name), table)
        link = SequenceOwner(
            id=ObjectId("sequence_owner", QualifiedName(None, "owned by"), sequence),
            depends_on=(sequence, column),
            column=column,
        )
        # No address of its own: pg_depend holds the link as a property of the sequence.
        yield Found(link, ())


def _own(o: SequenceOwner, context: Context) -> Step:
    sequence, table = parent_of(o.id), parent_of(o.column)
    text = sql.SQL("ALTER SEQUENCE {} OWNED BY {}.{}").format(
        name_of(sequence), name_of(table), Name(o.column.name.name)
    )
    # The table is only looked at.
    on = () if context.is_new(sequence) else (sequence,)
    return step(
        o.id,
        text,
        f"let {o.column} own {sequence}",
        lock=LockMode.SHARE_ROW_EXCLUSIVE if on else None,
        on=on,
    )


def create(o: SequenceOwner, context: Context) -> tuple[Step, ...]:
    """Return the OWNED BY, after giving the sequence to the role that owns the table, which it must have.

    A new sequence for a column that holds numbers already goes on after the greatest of them; where the
    table is made anew, the planner lets its rows come back first.
    """
    return (*_same_role(o, context), _own(o, context), *_after_greatest(o, context))


def _after_greatest(o: SequenceOwner, context: Context) -> Iterator[Step]:
    column, sequence = o.column, context.after.get(parent_of(o.id))
    assert isinstance(sequence, Sequence)
    numbers = getattr(context.after.get(column), "type", None) in INTEGERS
    holds = not context.is_new(column) or holds_rows(parent_of(column), context)
    if numbers and context.is_new(sequence.id) and holds:
        defaults = (d for d in context.after.dependents.get(sequence.id, ()) if d.kind == "default")
        shared = any(d.parent != column for d in defaults)
        yield continue_numbering(o.id, column, name_literal(sequence.id), sequence.options, shared=shared)


def _same_role(o: SequenceOwner, context: Context) -> Iterator[Step]:
    sequence, table = parent_of(o.id), parent_of(o.column)
    # A table that changes its role as well has done so by now.
    role = _role(context.after, table)
    if context.is_new(table) or role is None:
        return
    if context.is_new(sequence) or _role(context.before, sequence) != role:
        text = sql.SQL("ALTER SEQUENCE {} OWNER TO {}").format(name_of(sequence), Name(role))
        on = () if context.is_new(sequence) else (sequence,)
        yield step(
            o.id, text, f"let {role} own {sequence}", lock=LockMode.ACCESS_EXCLUSIVE if on else None, on=on
        )


def _role(catalog: Catalog, id: ObjectId) -> str | None:
    # The kind of owners builds on this one, so its objects are known here by their field only.
    return getattr(catalog.get(ObjectId("owner", QualifiedName(None, "owner"), id)), "role", None)


def drop(o: SequenceOwner, context: Context) -> tuple[Step, ...]:
    """Return OWNED BY NONE, or nothing where the sequence goes as well."""
    sequence = parent_of(o.id)
    if sequence in context.dropped:
        return ()
    text = sql.SQL("ALTER SEQUENCE {} OWNED BY NONE").format(name_of(sequence))
    return (
        step(
            o.id, text, f"free {sequence} from {o.column}", lock=LockMode.SHARE_ROW_EXCLUSIVE, on=(sequence,)
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Name the other column, after freeing the sequence from one that the plan drops.

    The new owner may need a name that goes with the old one, which would take the sequence along.
    """
    before, after = change.before, change.after
    assert isinstance(before, SequenceOwner) and isinstance(after, SequenceOwner)
    if {before.column, before.column.root} & context.dropped:
        return REPLACE
    return Alteration(steps=(_own(after, context),))


def claims(o: SequenceOwner) -> tuple[tuple[str, ...], ...]:
    """Occupy the role of the table, which has to be the sequence's."""
    return (("role", str(parent_of(o.column))),)


def numbers(o: SequenceOwner, context: Context) -> ObjectId | None:
    """Name the column whose numbers a new sequence goes on from."""
    return o.column if o.id in context.created else None


KIND = Kind(
    name="sequence_owner",
    cls=SequenceOwner,
    rank=43,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    claims=claims,
    numbers=numbers,
)
