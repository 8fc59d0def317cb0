"""Renames that were asked for come first, so that the rest is planned on the new names."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from pgwright.diff.build import Copy, copied
from pgwright.diff.compare import compare, differing_fields
from pgwright.diff.execute import execute_steps
from pgwright.errors import UsageError
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import KINDS, kind
from pgwright.kinds.steps import short_name
from pgwright.kinds.types import members
from pgwright.kinds.types.members import with_members
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Op
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.sources.database import read_catalog

_EXAMPLE = "write --rename public.users.mail=public.users.email, or public.clients=public.customers"

# Paths share their beginnings, so that even strangers are two thirds alike.
_ALIKE = 0.8

# What models and people name after its table or column: it follows when that is renamed.
_FOLLOWING = frozenset({"constraint", "index", "sequence", "statistics"})

# These are parts of a table whose names are unique in a schema.
_APART = frozenset({"index", "statistics"})

# Partitions and children have these by inheritance, and are locked for their renaming.
_INHERITED = frozenset({"column", "constraint"})


@dataclass(frozen=True, kw_only=True)
class Rename:
    """Name one object as it is called before and after."""

    old: ObjectId
    new: ObjectId

    def reversed(self) -> Rename:
        """Return the way back."""
        return Rename(old=self.new, new=self.old)

    @property
    def option(self) -> str:
        """Return the option of commands that tells it, as a shell takes it."""
        return f"--rename {shlex.quote(str(self))}"

    def __str__(self) -> str:
        return f"{self.old.path}={self.new.path}"


def renaming(kind_name: str) -> Callable[[Any, ObjectId, Context], tuple[Step, ...]] | None:
    """Return what gives objects of that kind another name, None where PostgreSQL cannot."""
    return members.RENAMES.get(kind_name) or kind(kind_name).rename


def understand(texts: Sequence[str], before: Catalog, after: Catalog) -> tuple[Rename, ...]:
    """Return the renames that people wrote as ``old=new``.

    A path may carry the kind in front where it is not clear (``constraint public.t.a=b``), and the new name
    may stand alone. A part of what is renamed as well may be given under either name of its parent.
    Values of enums and attributes of composite types are parts of their type: ``public.mood.glad=happy``.
    Raises `UsageError` when `before` lacks an old name, `after` a new one, or the new one is taken.
    """
    before, after = with_members(before), with_members(after)
    known: list[Rename] = []
    # What is part of another comes after it, so that the new name of its parent is known.
    for text in sorted(texts, key=lambda t: t.partition("=")[0].count(".")):
        known.append(_understand(text, before, after, known))
    leaving = {r.old for r in known}
    for r in known:
        # A part of what is renamed as well may find its new name taken beside it.
        for taken in (r.new, r.old._replace(name=r.new.name)):
            if taken in before and taken not in leaving and r.old != r.new:
                raise UsageError(f"{taken} is there already: {r.old} cannot take its name", hint=_EXAMPLE)
        if _is_called_alike(before.objects[r.old], after.objects[r.new]):
            raise UsageError(
                f"{r.old} keeps its name in {r.new.path}: other arguments make it another one",
                hint="leave out that rename: the one is dropped, the other created",
            )
    if len(leaving) < len(known) or len({r.new for r in known}) < len(known):
        raise UsageError("two renames are about the same object", detail=", ".join(texts), hint=_EXAMPLE)
    return tuple(known)


def _is_called_alike(old: CatalogObject, new: CatalogObject) -> bool:
    """Tell whether two routines differ by no more than their arguments, which no rename changes."""
    proname = getattr(old, "proname", None)
    return proname is not None and (proname, old.id.name.schema) == (
        getattr(new, "proname", None),
        new.id.name.schema,
    )


def pending(renames: Sequence[Rename], here: Catalog, target: Catalog) -> tuple[Rename, ...]:
    """Return the renames that are still to be done: they share a transaction, so it is all or none."""
    here, target = with_members(here), with_members(target)
    return tuple(renames) if all(r.old in here and r.new in target for r in renames) else ()


def _understand(text: str, before: Catalog, after: Catalog, known: Sequence[Rename]) -> Rename:
    if "=" not in text:
        raise UsageError(f"a rename is written old=new, not {text!r}", hint=_EXAMPLE)
    only, text = _kind_in_front(text)
    halves = [(text[:i], text[i + 1 :]) for i, letter in enumerate(text) if letter == "="]
    found = [
        (o, new)
        for old, new in halves
        for path in _translations(old, {r.new.path: r.old.path for r in known})
        for o in before
        if path in _paths(o.id) and only in (None, o.id.kind) and not o.derived
    ]
    if not found:
        raise _unknown(*halves[0], before, after)
    refused = found[0][0].id.kind
    found = [(o, new) for o, new in found if renaming(o.id.kind) is not None]
    if not found:
        raise UsageError(
            f"a {refused.replace('_', ' ')} cannot be renamed in place", hint="drop and create it"
        )
    ways = {r.old.path: r.new.path for r in known}
    for o, new in found:
        for candidate in _targets(o, new, ways):
            for target in after:
                if target.id.kind == o.id.kind and candidate in _paths(target.id):
                    return Rename(old=o.id, new=target.id)
    o, new = found[0]
    paths = [t.id.path for t in after.of(o.id.kind) if t.id not in before]
    spelt = list(_targets(o, new, ways))
    close = [m for s in spelt for m in difflib.get_close_matches(s, paths, n=1, cutoff=_ALIKE)]
    raise UsageError(
        f"the target has no {o.id.kind.replace('_', ' ')} {new}",
        hint=f"did you mean --rename {o.id.path}={close[0]}"
        if close
        else "a rename leads to a name that the target has, and the database has not",
    )


def _unknown(old: str, new: str, before: Catalog, after: Catalog) -> UsageError:
    """Return the error for an old name that is nowhere, with what was probably meant."""
    paths = [o.id.path for o in before if not o.derived]
    in_schemas = [path for path in paths if path.endswith(f".{old}")]
    close = difflib.get_close_matches(old, paths, n=1, cutoff=_ALIKE)
    if new in paths and any(o.id.path == old for o in after):
        hint = f"the old name comes first: --rename {shlex.quote(f'{new}={old}')}"
    elif len(in_schemas) == 1 or close:
        hint = f"did you mean --rename {shlex.quote(f'{(in_schemas or close)[0]}={new}')}"
    else:
        hint = _EXAMPLE
    return UsageError(f"there is no {old} to rename", hint=hint)


def _paths(id: ObjectId) -> tuple[str, ...]:
    """Return the ways to write what is meant; an index is known to PostgreSQL without its table, too."""
    if id.kind not in _APART:
        return (id.path,)
    return (id.path, f"{id.name.schema or id.root.name.schema}.{id.name.name}")


def _kind_in_front(text: str) -> tuple[str | None, str]:
    for name in sorted((*members.RENAMES, *KINDS), key=len, reverse=True):
        for spelt in (name, name.replace("_", " ")):
            if text.startswith(f"{spelt} "):
                return name, text[len(spelt) + 1 :]
    return None, text


def _translations(path: str, ways: Mapping[str, str]) -> Iterator[str]:
    """Yield the path as it is, and under the other name of what it is part of."""
    yield path
    for one, other in ways.items():
        if path.startswith(f"{one}."):
            yield other + path[len(one) :]


def _targets(o: CatalogObject, new: str, ways: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths that the new name may mean: as written, beside the old one, with its arguments."""
    path = o.id.path
    stem = path[: len(path) - len(o.id.name.name)]
    arguments = o.id.name.name.removeprefix(getattr(o, "proname", o.id.name.name))
    for spelt in (new, stem + new):
        for full in (spelt, spelt + arguments):
            yield from _translations(full, ways)


def rename_first(
    before: Catalog, after: Catalog, renames: Sequence[Rename], *, online: bool, scratch: str
) -> tuple[Catalog, tuple[Step, ...]]:
    """Return the catalog after the renames, and their steps, which share one transaction.

    The renames are carried out on scratch and read back, so that PostgreSQL itself changes every
    definition in which the old names stand. Indexes, constraints and sequences that differ from the target
    in nothing but a name made from the old one follow.
    """
    context = Context(
        before=with_members(before), after=with_members(after), server=before.server, online=online
    )
    steps = list(_steps(renames, context))
    with copied(before, scratch=scratch) as copy:
        renamed = _carry_out(steps, copy, before)
        following = tuple(_following(renamed, after, renames))
        if following:
            more = list(_steps(following, replace(context, before=renamed)))
            renamed = _carry_out(more, copy, before)
            steps += more
    return renamed, tuple(replace(s, id=str(i), batch=1) for i, s in enumerate(steps, start=1))


def _carry_out(steps: Sequence[Step], copy: Copy, before: Catalog) -> Catalog:
    execute_steps(copy.conn, steps, timeouts=False, spelt=copy.spelt)
    return replace(read_catalog(copy.conn, source=before.source), server=before.server)


def _steps(renames: Sequence[Rename], context: Context) -> Iterator[Step]:
    """Yield the steps, parts before wholes, so that each finds its parent under the old name."""
    before, after = context.before, context.after
    old_schema = {r.new.name.name: r.old.name.name for r in renames if r.old.kind == "schema"}
    made: set[str] = set()
    waiting = [(before.objects[r.old], _local(r, context, old_schema)) for r in renames]
    waiting += [(o, _aside(o)) for o in _in_the_way(waiting, before)]
    waiting = [*_crowded_out(waiting, before), *waiting]
    taken = {*before.objects, *(to for _, to in waiting)}
    waiting.sort(key=lambda pair: (pair[0].id.kind == "schema", -pair[0].id.path.count(".")))
    while waiting:
        at = next((i for i in range(len(waiting)) if not _must_wait(*waiting[i], waiting)), None)
        if at is None:
            # A circle: two that swap their names need a third one for a moment.
            o, to = waiting[0]
            yield from renaming(o.id.kind)(o, _aside(o), context)  # type: ignore[misc]
            waiting[0] = (_called(o, _aside(o)), to)
            continue
        o, to = waiting.pop(at)
        schema = to.name.schema
        home = ObjectId("schema", QualifiedName(None, schema or ""))
        if schema is not None and schema not in made and home not in before and home in after:
            made.add(schema)
            yield from kind("schema").create(after.objects[home], context)
        for stage, name in _stages(o, to, taken):
            for step in renaming(o.id.kind)(stage, name, context):  # type: ignore[misc]
                yield _on_descendants(step, context) if o.id.kind in _INHERITED else step


def _stages(o: CatalogObject, to: ObjectId, taken: Set[ObjectId]) -> Iterator[tuple[CatalogObject, ObjectId]]:
    """Yield the object with its new name, first within its schema where the old name is taken elsewhere."""
    moved = _in_schema(o.id, to.name.schema)
    named = to._replace(name=to.name._replace(schema=o.id.name.schema))
    if to not in (moved, named) and moved in taken:
        yield o, named
        o = _called(o, named)
    yield o, to


def _aside(o: CatalogObject) -> ObjectId:
    proname = getattr(o, "proname", o.id.name.name)
    name = short_name(f"pgwright_{proname}") + o.id.name.name.removeprefix(proname)
    return o.id._replace(name=o.id.name._replace(name=name))


def _called(o: CatalogObject, id: ObjectId) -> CatalogObject:
    """Return the object under another name; that of a routine stands beside the one with its arguments."""
    proname = getattr(o, "proname", None)
    if proname is None:
        return replace(o, id=id)
    arguments = o.id.name.name.removeprefix(proname)
    return replace(o, id=id, proname=id.name.name.removesuffix(arguments))  # type: ignore[call-arg]


def _in_the_way(pairs: Sequence[tuple[CatalogObject, ObjectId]], before: Catalog) -> Iterator[CatalogObject]:
    """Yield what goes later in the plan and has a name until then that something else is to get."""
    leaving = {o.id for o, _ in pairs}
    wanted = set().union(*(_claims(replace(o, id=to)) - _claims(o) for o, to in pairs))
    for o in before if wanted else ():
        goes = o.id not in leaving and renaming(o.id.kind) is not None
        if goes and not wanted.isdisjoint(_claims(o)):
            yield o


def _crowded_out(
    pairs: Sequence[tuple[CatalogObject, ObjectId]], before: Catalog
) -> Iterator[tuple[CatalogObject, ObjectId]]:
    """Yield what goes along with a table into a schema where its name is taken, and another name for it."""
    moving = [(o, to) for o, to in pairs if o.id.parent is None and o.id.name.schema != to.name.schema]
    taken = set().union(*map(_claims, before)) if moving else set()
    for o, to in moving:
        owned = (s for s in before.of("sequence") if getattr(_owner(s, before), "root", None) == o.id)
        for part in (*before.children(o.id), *owned):
            claims = _claims(replace(part, id=_in_schema(part.id, to.name.schema)))
            if part.id.kind in _FOLLOWING and not claims.isdisjoint(taken):
                name = short_name(f"pgwright_{o.id.name.schema}_{part.id.name.name}")
                yield part, part.id._replace(name=part.id.name._replace(name=name))
            taken |= claims


def _in_schema(id: ObjectId, schema: str | None) -> ObjectId:
    if id.parent is not None:
        return id._replace(parent=_in_schema(id.parent, schema))
    return id._replace(name=id.name._replace(schema=schema))


def _on_descendants(step: Step, context: Context) -> Step:
    reached = (id for top in step.locks_on for id in context.with_descendants(top))
    return replace(step, locks_on=tuple(dict.fromkeys(reached)))


def _must_wait(o: CatalogObject, to: ObjectId, waiting: Sequence[tuple[CatalogObject, ObjectId]]) -> bool:
    """Tell whether the new name is taken yet, or parts are still to be found under the old one."""
    wanted = _claims(replace(o, id=to)) - _claims(o)
    return any(
        other.id == to or _holds(o.id, other.id) or not wanted.isdisjoint(_claims(other))
        for other, _ in waiting
    )


def _claims(o: CatalogObject) -> set[tuple[str, ...]]:
    return set(kind(o.id.kind).claims(o)) if o.id.kind in KINDS else set()


def _holds(whole: ObjectId, part: ObjectId) -> bool:
    if whole.kind == "schema":
        return part.root.name.schema == whole.name.name
    return part.parent is not None and (part.parent == whole or _holds(whole, part.parent))


def _local(r: Rename, context: Context, old_schema: Mapping[str, str]) -> ObjectId:
    """Return the new identity while parents and schemas still have their old names."""
    schema, name = r.new.name.schema, r.new.name.name
    if schema is not None:
        schema = old_schema.get(schema, schema)
    old, new = context.before.objects[r.old], context.after.objects[r.new]
    proname = getattr(old, "proname", None)
    if proname is not None:
        # The types of the arguments may have new names as well.
        name = f"{getattr(new, 'proname', '')}{r.old.name.name.removeprefix(proname)}"
    return ObjectId(r.old.kind, QualifiedName(schema, name), r.old.parent)


def _following(renamed: Catalog, after: Catalog, renames: Sequence[Rename]) -> Iterator[Rename]:
    """Yield what belongs to a renamed table or column and is alike in the target under another name."""
    roots = {r.new.root for r in renames}
    changes = [c for c in compare(renamed, after) if c.id.kind in _FOLLOWING]
    dropped = [o for c in changes if c.op is Op.DROP and (o := c.before) and _belongs(o, renamed, roots)]
    created = [o for c in changes if c.op is Op.CREATE and (o := c.after) and _belongs(o, after, roots)]
    for o in dropped:
        twins = [t for t in created if _alike(o, t, renamed, after)]
        if len(twins) == 1 and sum(_alike(d, twins[0], renamed, after) for d in dropped) == 1:
            yield Rename(old=o.id, new=twins[0].id)


def _belongs(o: CatalogObject, catalog: Catalog, roots: set[ObjectId]) -> bool:
    owner = _owner(o, catalog)
    tables = {d.root for d in o.depends_on} if o.id.kind == "statistics" else set()
    return o.id.root in roots or bool(tables & roots) or (owner is not None and owner.root in roots)


def _alike(one: CatalogObject, other: CatalogObject, before: Catalog, after: Catalog) -> bool:
    return (
        one.id.kind == other.id.kind
        and one.id.parent == other.id.parent
        and one.id.name.schema == other.id.name.schema
        and _owner(one, before) == _owner(other, after)
        and not differing_fields(one, other)
    )


def _owner(o: CatalogObject, catalog: Catalog) -> ObjectId | None:
    """Return the column that owns a sequence."""
    if o.id.kind != "sequence":
        return None
    links = catalog.children(o.id, "sequence_owner")
    return getattr(links[0], "column", None) if links else None
