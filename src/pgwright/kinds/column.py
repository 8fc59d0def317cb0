"""Columns of tables: what defines one, how it is added and dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import Address, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.default import Default
from pgwright.kinds.default import create as create_default
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import alter_parent, parent_of
from pgwright.kinds.tables.column_changes import alter, rename
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.tables.domains import demands, domains
from pgwright.kinds.tables.identity import add_numbered, identity_options, stands_over_others
from pgwright.kinds.tables.not_null import not_null_follows, set_not_null
from pgwright.kinds.tables.not_null_name import chosen_name, clause, is_special
from pgwright.kinds.tables.rewrite import join, rewrites
from pgwright.kinds.tables.stored_rows import fill, stored_rows
from pgwright.kinds.timeseries.compressed import require_new_column, require_no_use, require_same_storage
from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed


def read(reading: Reading) -> Iterator[Found]:
    """Yield the columns of the tables being read; those that come from a parent are marked derived."""
    for r in reading.rows("column"):
        table = reading.id_of(SystemCatalog.CLASS, r.relid)
        if table is None:
            continue
        column = Column(
            id=ObjectId("column", QualifiedName(None, r.name), table),
            derived=r.inherited,
            type=r.type,
            not_null=r.not_null,
            not_null_name=chosen_name(r.constraint_name),
            not_null_valid=r.constraint_valid,
            not_null_inherits=not r.constraint_no_inherit,
            not_null_constraint=r.constraint_name,
            not_null_local=r.constraint_local,
            identity=r.identity,
            identity_options=identity_options(r),
            generated=r.generated,
            expression=None if r.expression is None else settled(r.expression),
            collation=r.collation,
            storage=r.storage,
            compression=r.compression,
            statistics=r.statistics,
            options=_chosen(r.options) if r.options else (),
            foreign_options=tuple(r.foreign_options or ()),
            position=r.number,
            local=r.local,
            has_default=r.has_default,
            sequence=QualifiedName(r.sequence_schema, r.sequence_name) if r.sequence_name else None,
        )
        addresses = [Address(SystemCatalog.CLASS, r.relid, r.number)]
        if r.identity_sequence:
            addresses.append(Address(SystemCatalog.CLASS, r.identity_sequence))
        if r.expression_oid:
            addresses.append(Address(SystemCatalog.ATTRDEF, r.expression_oid))
        yield Found(column, tuple(addresses))


def _chosen(options: list[str]) -> tuple[str, ...]:
    """Return what somebody set: Debian's PostgreSQL 17.12 notes ``pg_attver`` there for its own use."""
    return tuple(sorted(option for option in options if not option.startswith("pg_")))


def definition(o: Column, context: Context) -> sql.Composable:
    """Compose ``name type …`` as CREATE TABLE and ADD COLUMN take it, with an inlined default."""
    parts: list[sql.Composable] = [Name(o.id.name.name), deparsed(o.type)]
    if o.collation:
        parts.append(deparsed(f"COLLATE {o.collation}"))
    if o.expression is not None:
        kind = {"s": "STORED", "v": "VIRTUAL"}[o.generated]
        parts.append(deparsed(f"GENERATED ALWAYS AS ({o.expression}) {kind}"))
    if o.identity:
        parts.append(o.identity_clause(named=True))
    parts.extend(
        deparsed(f"DEFAULT {part.expression}")
        for part in context.inlined.get(o.id, ())
        if isinstance(part, Default)
    )
    if o.not_null and (o.not_null_valid or not is_special(o, context)):
        parts.append(clause(o, context))
    return sql.SQL(" ").join(parts)


def inline(o: Column, context: Context) -> sql.Composable | None:
    """Return the definition for the CREATE TABLE, which the settings of the column follow."""
    return definition(o, context)


def create(o: Column, context: Context) -> tuple[Step, ...]:
    """Return the ADD COLUMN, and the settings that it cannot carry.

    A column of a live table that gets no value is let be null until it has been filled.
    """
    table = parent_of(o.id)
    new_table = context.is_new(table)
    defaults = [p for p in context.inlined.get(o.id, ()) if isinstance(p, Default)]
    hazards: list[Hazard] = []
    if not new_table:
        require_new_column(o, table, context, constant=all(d.constant for d in defaults))
        require_same_storage(None, o, table, context)
        cause = _why_rewrite(o, defaults, context)
        if cause:
            hazards.append(rewrites(cause, table))
    written = (table,) if hazards else ()
    if defaults and not context.dropped.issuperset(stored_rows(table, context)):
        return _filled_afterwards(o, defaults, context)
    if o.identity and not new_table and stands_over_others(table, context):
        return (add_numbered(o, context, hazards), *_settings(o, context))
    valued = new_table or defaults or o.identity or o.generated
    refusing = None if valued else _refusing_domain(o, context)
    empty = o.not_null and not (valued or refusing)
    later = (empty and context.online) or not_null_follows(o, context)
    if empty and o.not_null_valid:
        hazards.append(_without_values(o, later=later))
    if refusing:
        hazards.append(_without_values(o, domain=refusing))
    text = sql.SQL("ADD COLUMN {}").format(definition(replace(o, not_null=False) if later else o, context))
    steps = [alter_parent(o.id, text, f"add {o.id}", context, rewrites=written, hazards=hazards)]
    steps += _settings(o, context)
    return (*steps, *(set_not_null(o, context) if later else ()))


def _settings(o: Column, context: Context) -> Iterator[Step]:
    for setting, lock in o.settings():
        yield alter_parent(o.id, setting, f"set storage of {o.id}", context, lock=lock)


def _filled_afterwards(o: Column, defaults: list[Default], context: Context) -> tuple[Step, ...]:
    """Return the steps for a column of a table whose rows PostgreSQL gives no default by itself."""
    bare = replace(context, inlined={**context.inlined, o.id: ()})
    text = sql.SQL("ADD COLUMN {}").format(definition(replace(o, not_null=False), bare))
    return (
        alter_parent(o.id, text, f"add {o.id}", context),
        *_settings(o, context),
        *(s for default in defaults for s in create_default(default, context)),
        fill(o, context),
        *(set_not_null(o, context) if o.not_null else ()),
    )


def detach(o: Column, context: Context) -> tuple[ObjectId, ...]:
    """Name the columns with rows of the table that cannot stand while it gets this one with its values."""
    found = stored_rows(parent_of(o.id), context)
    if o.identity or o.generated == "s" or (found and demands(o, context.after)):
        return found
    # A default can be given to the rows by an UPDATE.
    return tuple(id for id in found if id in context.dropped)


def _refusing_domain(o: Column, context: Context) -> ObjectId | None:
    """Return the domain that lets the column have no nulls from the first, unless it gives a default."""
    for domain in domains(o, context.after):
        if getattr(domain, "default", None) is not None:
            return None
        if getattr(domain, "not_null", False):
            return domain.id
    return None


def _without_values(o: Column, *, later: bool = False, domain: ObjectId | None = None) -> Hazard:
    table = parent_of(o.id).path
    if later:
        message = f"code that writes rows of {table} without {o.id.name} fails once nulls are refused"
        return Hazard(code=HazardCode.BREAKS_CODE, message=message)
    return Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"{domain or o.id} is NOT NULL without a default: this fails if {table} has rows",
        hint="give the column a server default, or add it nullable and fill it first"
        if domain is None
        else "give the column a server default, or add it with the type under the domain and fill it first",
    )


def _why_rewrite(o: Column, defaults: list[Default], context: Context) -> str | None:
    if o.generated == "s":
        return "a stored generated column is computed for every row"
    if o.identity:
        return "an identity column numbers every row"
    if any(d.volatile for d in defaults):
        return "the default is volatile, so that each row needs a value of its own"
    if demands(o, context.after):
        return "the constraints of the domain are checked for every row"
    return None


def drop(o: Column, context: Context) -> tuple[Step, ...]:
    """Return the DROP COLUMN, or nothing where the table goes."""
    if context.goes_with_parent(o.id):
        return ()
    recomputed = bool(o.generated) and o.id in context.created
    hazards = []
    # What is computed from other columns is computed again when it comes back.
    lost = [] if o.generated else [_values_deleted(o)]
    if not recomputed:
        hazards.extend(lost)
        hazards.append(
            Hazard(
                code=HazardCode.BREAKS_CODE, message=f"code that still names {o.id.path} fails from here on"
            )
        )
    table = parent_of(o.id)
    require_no_use(o.id, table, context)
    # A partition keeps no column that its parent loses: what does has left by now.
    plain = not getattr(context.before.get(table), "is_partitioned", False)
    heirs = [o.id._replace(parent=child) for child in context.with_descendants(table)[1:]]
    action = sql.SQL("DROP COLUMN {}").format(Name(o.id.name.name))
    left = sql.SQL("DROP COLUMN IF EXISTS {}").format(Name(o.id.name.name))
    return (
        alter_parent(
            o.id,
            action,
            f"drop {o.id}",
            context,
            hazards=hazards,
            reversibility=Reversibility.LOSSLESS if o.generated else Reversibility.DATA_LOST,
            phase=Phase.CONTRACT,
            only=plain and any(_stays(context.after.get(heir)) for heir in heirs),
        ),
        *(
            alter_parent(heir, left, f"drop {heir}", context, hazards=lost, phase=Phase.CONTRACT)
            for heir in heirs
            if plain and _is_left_over(heir, context)
        ),
    )


def _values_deleted(o: Column) -> Hazard:
    return Hazard(code=HazardCode.DELETES_DATA, message=f"the values of {o.id} are deleted")


def _is_left_over(heir: ObjectId, context: Context) -> bool:
    """Tell whether an heir that stays would keep a column that goes with its parent's."""
    column = context.before.get(heir)
    stays = parent_of(heir) in context.after and heir not in context.after
    return stays and isinstance(column, Column) and column.derived and column.local


def _stays(heir: CatalogObject | None) -> bool:
    """Tell whether an inheriting table keeps the column as its own."""
    return heir is not None and not heir.derived


def numbers(o: Any, context: Context) -> ObjectId | None:
    """Name the column where it begins or ends to be an identity."""
    before, after = context.before.get(o.id), context.after.get(o.id)
    return o.id if bool(getattr(before, "identity", "")) != bool(getattr(after, "identity", "")) else None


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name of the identity's sequence among relations."""
    return (("relation", o.sequence.schema, o.sequence.name),) if o.sequence else ()


KIND = Kind(
    name="column",
    cls=Column,
    rank=41,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    inline=inline,
    detach=detach,
    rename=rename,
    claims=claims,
    numbers=numbers,
    join=join,
)
