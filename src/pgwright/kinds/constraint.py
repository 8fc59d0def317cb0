"""Primary key, unique, foreign key, check and exclusion constraints of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.index_steps import index_settings, option_steps
from pgwright.kinds.relations import with_partitions
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import alter_parent, name_of, parent_of, short_name, step
from pgwright.kinds.table import Table
from pgwright.kinds.tables.partition_foreign_key import add_by_partitions
from pgwright.kinds.timeseries.compressed import is_compressed
from pgwright.kinds.timeseries.engines import has_chunks
from pgwright.kinds.timeseries.partition_steps import becomes_series
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, deparsed

_NOT_VALID = " NOT VALID"
_DEFERRAL = re.compile(r" (?:NOT )?DEFERRABLE(?: INITIALLY (?:DEFERRED|IMMEDIATE))?\Z| INITIALLY DEFERRED\Z")
_KEY = re.compile(r"(?:PRIMARY KEY|UNIQUE)(?P<nulls> NULLS NOT DISTINCT)? (?P<columns>\(.*\))\Z", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Constraint(CatalogObject):
    """Define a constraint of a table.

    `type` is PostgreSQL's letter: ``p`` primary key, ``u`` unique, ``f`` foreign key, ``c`` check, ``x``
    exclusion. `definition` is as `pg_get_constraintdef` prints it, without NOT VALID. The settings of the
    index behind a key belong to the constraint. `target` is the table that a foreign key refers to.
    """

    type: str
    definition: str
    validated: bool = True
    index_options: tuple[str, ...] = ()
    index_tablespace: str | None = None
    replica_identity: bool = False
    clustered: bool = False
    columns: tuple[str, ...] = fact(())
    target: ObjectId | None = fact(None)

    @property
    def is_key(self) -> bool:
        """Tell whether an index enforces the constraint."""
        return self.type in "pux"

    @property
    def shape(self) -> object:
        """Return the definition: a key that is checked at another time is adopted, but stays what it was."""
        return (self.type, self.definition)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the constraints of the tables being read; those that come from a parent are marked derived."""
    for r in reading.defined("constraint"):
        table = reading.id_of(SystemCatalog.CLASS, r.relid)
        if table is None:
            continue
        target = reading.id_of(SystemCatalog.CLASS, r.target) if r.target else None
        constraint = Constraint(
            id=ObjectId("constraint", QualifiedName(None, r.name), table),
            derived=r.derived,
            type=r.type,
            definition=settled(r.definition.removesuffix(_NOT_VALID)),
            validated=r.validated,
            index_options=tuple(sorted(r.index_options or ())),
            index_tablespace=r.index_tablespace,
            replica_identity=r.replica_identity,
            clustered=r.clustered,
            columns=reading.column_names(r.relid, r.column_numbers or ()),
            target=target,
        )
        addresses = [Address(SystemCatalog.CONSTRAINT, r.oid)]
        if r.index_oid:
            addresses.append(Address(SystemCatalog.CLASS, r.index_oid))
        yield Found(constraint, tuple(addresses))


def inline(o: Constraint, context: Context) -> sql.Composable | None:
    """Return the clause for CREATE TABLE, unless the constraint refers to others or has settings."""
    if o.type == "f" or not o.validated or index_settings(o):
        return None
    return sql.SQL("CONSTRAINT {} {}").format(Name(o.id.name.name), deparsed(o.definition))


def create(o: Constraint, context: Context) -> tuple[Step, ...]:
    """Return the steps that add the constraint; on a live table without blocking writers where it can be."""
    table = parent_of(o.id)
    owner = context.after.get(table)
    partitioned = isinstance(owner, Table) and owner.is_partitioned
    key = _KEY.match(_DEFERRAL.sub("", o.definition))
    if table in context.prepared and o.type != "f":
        return ()
    if table in context.prepared and (not partitioned or _takes_not_valid(context)):
        # Its rows are there already: they are checked when everybody can write again.
        return (_add(o, context, valid=False), *([_validate(o, context)] if o.validated else []))
    if table in context.prepared and o.validated:
        return tuple(add_by_partitions(o))
    if context.is_new(table) or not context.online or is_compressed(table, context):
        steps = [_add(o, context, valid=o.validated)]
    elif o.type in "cf" and not (o.type == "f" and partitioned and context.server.major < 18):
        steps = [_add(o, context, valid=False)]
        if o.validated:
            steps.append(_validate(o, context))
    elif o.type in "pu" and key and not has_chunks(table, context) and "WITHOUT OVERLAPS" not in o.definition:
        steps = list(_add_by_parts(o, key, context) if partitioned else _add_by_index(o, key, context))
    else:
        steps = [_add(o, context, valid=o.validated)]
    return (*steps, *option_steps(o, o.id.name.name, context))


def _takes_not_valid(context: Context) -> bool:
    """Tell whether a table with partitions or chunks can get a foreign key that is validated later."""
    return context.server.major >= 18 or bool(context.server.timescaledb)


def _add(o: Constraint, context: Context, *, valid: bool) -> Step:
    """Return ADD CONSTRAINT in one statement."""
    table = parent_of(o.id)
    suffix = sql.SQL("") if valid else sql.SQL(" NOT VALID")
    text = sql.SQL("ADD CONSTRAINT {} {}{}").format(Name(o.id.name.name), deparsed(o.definition), suffix)
    hazards = []
    if valid and not context.is_new(table):
        message = f"existing rows of {table.path} are checked while writers wait; a row that fails stops it"
        hazards = [
            Hazard(code=HazardCode.MAY_FAIL, message=message),
            Hazard(
                code=HazardCode.LOCKS_WRITERS, message=f"writers of {table.path} wait while {o.id} is built"
            ),
        ]
    lock = LockMode.ACCESS_EXCLUSIVE
    also: tuple[ObjectId, ...] = ()
    if o.type == "f":
        # A partition that has the same one brings triggers on the target along, which go then.
        joined = o.id in context.before and becomes_series(table, context)
        lock = LockMode.ACCESS_EXCLUSIVE if joined else LockMode.SHARE_ROW_EXCLUSIVE
        also = (o.target,) if o.target else ()
    return alter_parent(o.id, text, f"add {o.id}", context, lock=lock, also_on=also, hazards=hazards)


def _validate(o: Constraint, context: Context) -> Step:
    """Return VALIDATE CONSTRAINT, which lets reads and writes go on."""
    table = parent_of(o.id)
    hazard = Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"a row of {table.path} that breaks {o.id.name} stops it; new rows are checked already",
    )
    return alter_parent(
        o.id,
        sql.SQL("VALIDATE CONSTRAINT {}").format(Name(o.id.name.name)),
        f"validate {o.id}",
        context,
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        hazards=() if _finds_nulls_only(o, context) else (hazard,),
        phase=Phase.BACKFILL,
        lock_timeout=60.0,
    )


def _finds_nulls_only(o: Constraint, context: Context) -> bool:
    """Tell whether a foreign key has a column that is new and without values, so that no row can break it."""
    if o.type != "f" or "MATCH FULL" in o.definition:
        return False
    for id in (ObjectId("column", QualifiedName(None, name), parent_of(o.id)) for name in o.columns):
        column = context.after.objects[id]
        computed = getattr(column, "identity", "") or getattr(column, "generated", "")
        given = context.after.children(id, "default") or any(d.kind == "domain" for d in column.depends_on)
        if context.is_new(id) and not (computed or given):
            return True
    return False


def _add_by_index(o: Constraint, key: re.Match[str], context: Context) -> Iterator[Step]:
    """Yield a concurrent unique index and the constraint that takes it over."""
    table = parent_of(o.id)
    name = Name(o.id.name.name)
    temporary = Name(short_name(f"pgwright_{o.id.name.name}"))
    body = deparsed(key["columns"] + (key["nulls"] or ""))
    if key["nulls"]:
        columns, _, include = key["columns"].partition(" INCLUDE ")
        tail = f" INCLUDE {include}" if include else ""
        body = deparsed(f"{columns}{tail} NULLS NOT DISTINCT")
    hazard = Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"duplicate values in {table.path} {key['columns']} stop it",
    )
    yield step(
        o.id,
        sql.SQL("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} {}").format(temporary, name_of(table), body),
        f"build the index of {o.id}",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        on=(table,),
        transactional=False,
        ahead=True,
        hazards=(hazard,),
        lock_timeout=None,
    )
    deferral = _DEFERRAL.search(o.definition)
    kind = "PRIMARY KEY" if o.type == "p" else "UNIQUE"
    yield alter_parent(
        o.id,
        sql.SQL("ADD CONSTRAINT {} {} USING INDEX {}{}").format(
            name, deparsed(kind), temporary, deparsed(deferral.group() if deferral else "")
        ),
        f"add {o.id}",
        context,
    )


def _add_by_parts(o: Constraint, key: re.Match[str], context: Context) -> Iterator[Step]:
    """Yield the key of each partition that stands, over an index built beside its writers, and the parent's.

    That takes in the partitions' keys, and has nothing to build but those of new ones.
    """
    leaving = False
    for part in with_partitions(context, parent_of(o.id))[1:]:
        table = context.after.get(part)
        if part not in context.before or context.is_new(part):
            continue
        if not isinstance(table, Table):
            leaving = True
        elif not (table.is_partitioned or table.server or _has_key(o, part, context)):
            for made in _add_by_index(replace(o, id=_key_of_part(o, part, context)), key, context):
                yield replace(made, subject=o.id)
    whole = _add(o, context, valid=True)
    # One that goes, but later, gets its key at once.
    yield whole if leaving else replace(whole, hazards=())


def _has_key(o: Constraint, table: ObjectId, context: Context) -> bool:
    """Tell whether a table has such a key already, which its parent's takes in, deferrable or not."""
    own = (c for c in context.before.children(table, "constraint") if c.id not in context.dropped)
    wanted = _DEFERRAL.sub("", o.definition)
    return any(isinstance(c, Constraint) and _DEFERRAL.sub("", c.definition) == wanted for c in own)


def _key_of_part(o: Constraint, table: ObjectId, context: Context) -> ObjectId:
    """Return what the key of a partition is called in the end, another name where that is taken now."""
    for copy in context.after.children(table, "constraint"):
        if isinstance(copy, Constraint) and copy.derived and copy.definition == o.definition:
            old = context.before.get(copy.id)
            # The old key's, or the partition's own, which goes before this one comes.
            goes = copy.id in context.dropped or (old is not None and old.derived and o.id in context.dropped)
            if goes or copy.id.name.name not in context.names_before:
                return copy.id
    name = short_name(f"{table.name.name}_{o.id.name.name}")
    return ObjectId("constraint", QualifiedName(None, name), table)


def drop(o: Constraint, context: Context) -> tuple[Step, ...]:
    """Return the DROP CONSTRAINT, or nothing where the table goes."""
    if context.goes_with_parent(o.id):
        return ()
    also = (o.target,) if o.type == "f" and o.target else ()
    text = sql.SQL("DROP CONSTRAINT {}").format(Name(o.id.name.name))
    dropped = alter_parent(o.id, text, f"drop {o.id}", context, also_on=also, phase=Phase.CONTRACT)
    # What an heir was given by itself as well stays there when the parent's goes.
    twins = (o.id._replace(parent=heir) for heir in context.with_descendants(parent_of(o.id))[1:])
    left = [twin for twin in twins if o.type == "c" and _is_left(twin, context)]
    return (dropped, *(alter_parent(t, text, f"drop {t}", context, phase=Phase.CONTRACT) for t in left))


def _is_left(id: ObjectId, context: Context) -> bool:
    """Tell whether an heir has the check by itself, where afterwards it has it from its parent alone."""
    before, after = context.before.get(id), context.after.get(id)
    own = before is not None and not before.derived and not context.goes_with_parent(id)
    return own and after is not None and after.derived


def alter(change: Change, context: Context) -> Alteration:
    """Validate, change deferral or index settings in place; replace where the definition differs."""
    before, after = change.before, change.after
    assert isinstance(before, Constraint) and isinstance(after, Constraint)
    steps: list[Step] = []
    if before.type != after.type or (before.validated and not after.validated):
        return REPLACE
    if before.definition != after.definition:
        same = _DEFERRAL.sub("", before.definition) == _DEFERRAL.sub("", after.definition)
        if not same or after.type != "f":
            return REPLACE
        deferral = _DEFERRAL.search(after.definition)
        words = deferral.group().strip() if deferral else "NOT DEFERRABLE"
        text = sql.SQL("ALTER CONSTRAINT {} {}").format(Name(after.id.name.name), deparsed(words))
        steps.append(alter_parent(after.id, text, f"change when {after.id} is checked", context))
    if after.validated and not before.validated:
        if is_compressed(parent_of(after.id), context):
            return REPLACE
        steps.append(_validate(after, context))
    steps.extend(option_steps(after, after.id.name.name, context, before))
    return Alteration(steps=tuple(steps))


def rename(o: Constraint, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the RENAME CONSTRAINT, which renames the index behind it as well.

    The key of a partition, or of a table of a type, which PostgreSQL renames no other way, follows its index.
    """
    table = parent_of(o.id)
    typed = getattr(context.before.get(table), "of_type", None) is not None
    if (o.derived or typed) and o.is_key:
        index = Name(table.name.schema or "public", o.id.name.name)
        text = sql.SQL("ALTER INDEX {} RENAME TO {}").format(index, Name(to.name.name))
        lock = LockMode.SHARE_UPDATE_EXCLUSIVE
        return (step(o.id, text, f"rename {o.id} to {to.name}", lock=lock, on=(table,)),)
    text = sql.SQL("RENAME CONSTRAINT {} TO {}").format(Name(o.id.name.name), Name(to.name.name))
    return (alter_parent(o.id, text, f"rename {o.id} to {to.name}", context),)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name on its table, the place of the primary key, and a relation name for its index."""
    table = parent_of(o.id)
    own: tuple[tuple[str, ...], ...] = (("constraint", str(table.name), o.id.name.name),)
    if o.type == "p":
        own = (*own, ("primary key", str(table.name)))
    if o.is_key:
        return (*own, ("relation", table.name.schema or "", o.id.name.name))
    return own


KIND = Kind(
    name="constraint",
    cls=Constraint,
    rank=45,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    inline=inline,
    rename=rename,
    claims=claims,
)
