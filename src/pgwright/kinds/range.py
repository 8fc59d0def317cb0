"""Range types, with the multirange that PostgreSQL 14 and later make for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.types.retyping import rebuild
from pgwright.kinds.types.type_steps import drop_step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, deparsed, qualified, render


@dataclass(frozen=True, kw_only=True)
class Range(CatalogObject):
    """Define a range type; what is None is as PostgreSQL chooses it for the subtype.

    `canonical` and `subtype_diff` name functions as `regproc` prints them. `multirange` is None before
    PostgreSQL 14, and where the name is the one that PostgreSQL derives from the range's.
    """

    subtype: str
    opclass: str | None = None
    collation: str | None = None
    canonical: str | None = None
    subtype_diff: str | None = None
    multirange: QualifiedName | None = None

    @property
    def multirange_name(self) -> QualifiedName:
        """Return the name of the multirange, derived or not."""
        return self.multirange or QualifiedName(self.id.name.schema, derived_multirange(self.id.name.name))


def derived_multirange(name: str) -> str:
    """Return the name that PostgreSQL gives the multirange of a range type of that name.

    Follows `makeMultirangeTypeName`: the first "range" becomes "multirange", else "_multirange" is added.
    """
    at = name.find("range")
    if at < 0:
        return _clipped(name, "_multirange")
    return name[:at] + "multi" + name[at:]


def _clipped(name: str, suffix: str) -> str:
    room = 63 - len(suffix)
    return name.encode()[:room].decode(errors="ignore") + suffix


def read(reading: Reading) -> Iterator[Found]:
    """Yield the range types of the schemas being read."""
    for r in reading.rows("range"):
        multirange = None
        if r.multirange_name and (r.multirange_schema, r.multirange_name) != (
            r.schema,
            derived_multirange(r.name),
        ):
            multirange = QualifiedName(r.multirange_schema, r.multirange_name)
        range_type = Range(
            id=ObjectId("range", QualifiedName(r.schema, r.name)),
            subtype=r.subtype,
            opclass=r.opclass,
            collation=r.collation,
            canonical=r.canonical,
            subtype_diff=r.subtype_diff,
            multirange=multirange,
        )
        types = (r.oid, r.array_oid, r.multirange_oid, r.multirange_array_oid)
        yield Found(
            range_type,
            (
                *(Address(SystemCatalog.TYPE, oid) for oid in types if oid),
                *(Address(SystemCatalog.PROC, oid) for oid in r.constructors),
            ),
        )


def create(o: Range, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TYPE … AS RANGE."""
    options: list[sql.Composable] = [deparsed(f"subtype = {o.subtype}")]
    for keyword, value in (
        ("subtype_opclass", o.opclass),
        ("collation", o.collation),
        ("canonical", o.canonical),
        ("subtype_diff", o.subtype_diff),
    ):
        if value is not None:
            options.append(deparsed(f"{keyword} = {value}"))
    if o.multirange is not None and context.server.major >= 14:
        options.append(sql.SQL("multirange_type_name = {}").format(qualified(o.multirange)))
    text = sql.SQL("CREATE TYPE {} AS RANGE ({})").format(name_of(o.id), sql.SQL(", ").join(options))
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: Range, context: Context) -> tuple[Step, ...]:
    """Return the DROP TYPE."""
    return (drop_step("TYPE", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Make the type anew and change over the columns that use it: PostgreSQL alters no range type.

    A multirange takes another name in place, and columns of it follow.
    """
    before, after = change.before, change.after
    assert isinstance(before, Range) and isinstance(after, Range)
    if change.fields == ("multirange",):
        named = (c for c in companions(before) if c.name == before.multirange_name)
        renames = (renamed_companion(before.id, c, after.multirange_name, context) for c in named)
        return Alteration(steps=tuple(chain.from_iterable(renames)), atomic=True)
    return rebuild(change, context)


class Companion(NamedTuple):
    """Name what PostgreSQL makes with a range type: a constructor with its arguments, or the multirange.

    `newer` marks what only PostgreSQL 14 and later make.
    """

    name: QualifiedName
    arguments: str | None
    newer: bool


def companions(o: Range) -> Iterator[Companion]:
    """Yield the constructors of a range type, its multirange and the constructors of that."""
    for more in ("", ", text"):
        yield Companion(o.id.name, f"{o.subtype}, {o.subtype}{more}", newer=False)
    range_type = render(name_of(o.id))
    for arguments in ("", range_type, f"VARIADIC {range_type}[]", None):
        yield Companion(o.multirange_name, arguments, newer=True)


def renamed_companion(
    id: ObjectId, companion: Companion, to: QualifiedName, context: Context
) -> Iterator[Step]:
    """Yield the steps that rename or move what was made with a range type.

    Before PostgreSQL 14 there are no multiranges, except where the plan is rehearsed on a newer server.
    """
    of_function = companion.arguments is not None
    keyword = deparsed("FUNCTION" if of_function else "TYPE")
    arguments = deparsed(f"({companion.arguments})" if of_function else "")
    what = f"{'constructor' if of_function else 'multirange'} {companion.name.name}"
    actions = []
    if to.schema != companion.name.schema:
        action = sql.SQL("SET SCHEMA {}").format(Name(to.schema or "public"))
        actions.append((companion.name, action, f"move {what} of {id} to schema {to.schema}"))
    if to.name != companion.name.name:
        at = companion.name._replace(schema=to.schema)
        action = sql.SQL("RENAME TO {}").format(Name(to.name))
        actions.append((at, action, f"rename {what} of {id} to {to.name}"))
    for name, action, summary in actions:
        text: sql.Composable = sql.SQL("ALTER {} {}{} {}").format(keyword, qualified(name), arguments, action)
        here = companion.newer and context.server.major < 14
        if here:
            text = sql.SQL(_WHERE_NEWER).format(text)
        yield replace(step(id, text, summary), rehearsal_only=here)


_WHERE_NEWER = (
    "DO $pgwright$ BEGIN IF current_setting('server_version_num')::int >= 140000 THEN {}; END IF; "
    "END $pgwright$"
)


def with_multirange_renamed(type_name: str, needs: Iterable[ObjectId], context: Context) -> str:
    """Return what a type is called when multiranges have the names that the plan gives them in place."""
    for id in needs:
        before, after = context.before.get(id), context.after.get(id)
        if not isinstance(before, Range) or not isinstance(after, Range):
            continue
        old, new = (render(qualified(o.multirange_name)) for o in (before, after))
        if type_name.removesuffix("[]") == old and replace(before, multirange=after.multirange) == after:
            return new + type_name.removeprefix(old)
    return type_name


def rename(o: Range, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE that renames or moves it, with what PostgreSQL would name after it."""
    derived = QualifiedName(to.name.schema, derived_multirange(to.name.name))
    names = {o.id.name: to.name} | ({} if o.multirange else {o.multirange_name: derived})
    following = (
        step
        for companion in companions(o)
        for step in renamed_companion(o.id, companion, names.get(companion.name, companion.name), context)
    )
    return (*following, *renamed("TYPE", o.id, to))


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the names of range and multirange among types."""
    return (("type", *o.id.name), ("type", *o.multirange_name))


KIND = Kind(
    name="range",
    cls=Range,
    rank=16,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
