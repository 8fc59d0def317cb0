"""Enum types; values are added in place, and taken out or reordered by making the type anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.types.retyping import rebuild
from pgwright.kinds.types.type_steps import claim_type, drop_step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import literal


@dataclass(frozen=True, kw_only=True)
class Enum(CatalogObject):
    """Define an enum type by its labels, in the order by which they sort."""

    labels: tuple[str, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the enum types of the schemas being read."""
    for r in reading.rows("enum"):
        enum = Enum(id=ObjectId("enum", QualifiedName(r.schema, r.name)), labels=tuple(r.labels))
        yield Found(enum, (Address(SystemCatalog.TYPE, r.oid), Address(SystemCatalog.TYPE, r.array_oid)))


def create(o: Enum, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TYPE … AS ENUM."""
    labels = sql.SQL(", ").join(literal(label) for label in o.labels)
    text = sql.SQL("CREATE TYPE {} AS ENUM ({})").format(name_of(o.id), labels)
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: Enum, context: Context) -> tuple[Step, ...]:
    """Return the DROP TYPE."""
    return (drop_step("TYPE", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Add values in place where the others keep their order; else make the type anew."""
    before, after = change.before, change.after
    assert isinstance(before, Enum) and isinstance(after, Enum)
    kept = tuple(label for label in after.labels if label in before.labels)
    if kept == before.labels:
        return Alteration(steps=tuple(_additions(before, after)), additive=True)
    removed = [label for label in before.labels if label not in after.labels]
    what = f"values {', '.join(removed)} are taken out" if removed else "the values get another order"
    hazards = [
        Hazard(
            code=HazardCode.REPLACES_ENUM,
            message=f"{after.id} is made anew because {what}; every column that uses it is converted",
            hint="a value that is no longer given costs nothing if it simply stays",
        )
    ]
    if removed:
        hazards.append(
            Hazard(
                code=HazardCode.MAY_FAIL,
                message=f"a row that still holds {' or '.join(removed)} stops it",
                hint="update those rows to another value first",
            )
        )
    return rebuild(change, context, hazards=hazards)


def _additions(before: Enum, after: Enum) -> Iterator[Step]:
    """Yield one ADD VALUE per new label, each placed next to a neighbour that exists by then.

    Not in a transaction block, because a value added there cannot be used until it is committed.
    """
    present = list(before.labels)
    for position, label in enumerate(after.labels):
        if label in present:
            continue
        place = sql.SQL("")
        following = [later for later in after.labels[position + 1 :] if later in present]
        if following:
            if position == 0:
                place = sql.SQL(" BEFORE {}").format(literal(following[0]))  # type: ignore[assignment]
            else:
                place = sql.SQL(" AFTER {}").format(literal(after.labels[position - 1]))  # type: ignore[assignment]
        present.append(label)
        text = sql.SQL("ALTER TYPE {} ADD VALUE IF NOT EXISTS {}{}").format(
            name_of(after.id), literal(label), place
        )
        yield step(after.id, text, f"add value {label} to {after.id}", transactional=False)


def rename(o: Enum, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE that renames or moves it."""
    return renamed("TYPE", o.id, to)


KIND = Kind(
    name="enum",
    cls=Enum,
    rank=11,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claim_type,
)
