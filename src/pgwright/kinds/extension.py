"""Extensions; what belongs to one is never planned for on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import vanishes
from pgwright.kinds.steps import name_of, step
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name

_RELATIONS = {"v": "view", "m": "materialized_view"}


@dataclass(frozen=True, kw_only=True)
class Extension(CatalogObject):
    """Define an installed extension and the schema that holds what it brings.

    `version` is known but not compared: servers offer different ones. `relocatable` tells whether it
    can move to another schema, `keeps_rows` whether it has tables or sequences of its own,
    `relations` are its tables and views.
    """

    schema: str
    version: str = fact("")
    relocatable: bool = fact(False)
    keeps_rows: bool = fact(True)
    relations: tuple[ObjectId, ...] = fact(())


def read(reading: Reading) -> Iterator[Found]:
    """Yield the extensions of the database, without plpgsql."""
    for r in reading.rows("extension"):
        extension = Extension(
            id=ObjectId("extension", QualifiedName(None, r.name)),
            schema=r.schema,
            version=r.version,
            relocatable=r.relocatable,
            keeps_rows=r.keeps_rows,
            relations=tuple(
                ObjectId(_RELATIONS.get(letter, "table"), QualifiedName(schema, name))
                for schema, name, letter in zip(r.schemas, r.names, r.kinds, strict=True)
            ),
        )
        yield Found(extension, (Address(SystemCatalog.EXTENSION, r.oid),))


def create(o: Extension, context: Context) -> tuple[Step, ...]:
    """Return the CREATE EXTENSION, in the version that the server prefers."""
    hazard = Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"the server must offer extension {o.id.name.name} and let this role install it",
    )
    text = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {}").format(name_of(o.id), Name(o.schema))
    return (step(o.id, text, f"install {o.id}", hazards=(hazard,)),)


def drop(o: Extension, context: Context) -> tuple[Step, ...]:
    """Return the DROP EXTENSION, with whatever the extension itself keeps."""
    hazard = Hazard(
        code=HazardCode.DELETES_DATA,
        message=f"what {o.id} keeps in tables of its own is deleted",
    )
    missed = f"code that uses what {o.id} brought fails from here on"
    return (
        step(
            o.id,
            sql.SQL("DROP EXTENSION {}").format(name_of(o.id)),
            f"remove {o.id}",
            lock=LockMode.ACCESS_EXCLUSIVE if o.relations else None,
            on=o.relations,
            hazards=((hazard,) if o.keeps_rows else ()) + vanishes(o.id, context, missed),
            reversibility=Reversibility.DATA_LOST if o.keeps_rows else Reversibility.LOSSLESS,
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Move the extension to another schema, where it allows that."""
    before, after = change.before, change.after
    assert isinstance(before, Extension) and isinstance(after, Extension)
    if not before.relocatable:
        return Alteration(
            unsupported=f"{after.id} cannot move from schema {before.schema} to {after.schema}: "
            "it has to be dropped and installed again, with all that uses it"
        )
    hazard = Hazard(
        code=HazardCode.BREAKS_CODE,
        message=f"code that finds {after.id} through schema {before.schema} fails from here on",
    )
    text = sql.SQL("ALTER EXTENSION {} SET SCHEMA {}").format(name_of(after.id), Name(after.schema))
    return Alteration(
        steps=(step(after.id, text, f"move {after.id} to schema {after.schema}", hazards=(hazard,)),)
    )


KIND = Kind(name="extension", cls=Extension, rank=5, read=read, create=create, drop=drop, alter=alter)
