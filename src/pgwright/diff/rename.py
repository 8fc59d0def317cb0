"""Renames: done when told, pointed out when a drop and a create look like one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pgwright.diff.build import build
from pgwright.diff.compare import compare, differing_fields
from pgwright.diff.execute import execute_steps
from pgwright.errors import UsageError
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.pg.connect import connect
from pgwright.server.scratch import scratch_database
from pgwright.sources.database import read_catalog

_EXAMPLE = "write --rename public.users.mail=public.users.email, or public.clients=public.customers"


def rename_first(
    before: Catalog, after: Catalog, renames: Sequence[str], *, online: bool, scratch: str
) -> tuple[Catalog, tuple[Step, ...]]:
    """Return the catalog after the renames, and their steps.

    The renames are carried out on scratch and read back, so that PostgreSQL itself changes every
    definition in which the old names stand. Raises `UsageError` when `before` lacks an old name or `after`
    a new one.
    """
    context = Context(before=before, after=after, server=before.server, online=online)
    steps: list[Step] = []
    for rename in renames:
        old, new = _parse(rename, before, after)
        writer = kind(old.id.kind).rename
        if writer is None:
            kind_name = old.id.kind.replace("_", " ")
            raise UsageError(f"a {kind_name} cannot be renamed in place", hint="drop and create it")
        steps.extend(writer(old, new, context))
    numbered = tuple(replace(s, id=str(i), batch=i) for i, s in enumerate(steps, start=1))
    with scratch_database(server=scratch) as place:
        build(before, place)
        with connect(place.url, autocommit=True) as conn:
            execute_steps(conn, numbered, timeouts=False)
            renamed = read_catalog(conn, source=before.source)
    return replace(renamed, server=before.server), numbered


def _parse(rename: str, before: Catalog, after: Catalog) -> tuple[CatalogObject, ObjectId]:
    old_path, equals, new_path = rename.partition("=")
    if not equals:
        raise UsageError(f"a rename is written old=new, not {rename!r}", hint=_EXAMPLE)
    found = [o for o in before if o.id.path == old_path and kind(o.id.kind).rename]
    if not found:
        raise UsageError(f"there is no {old_path} to rename", hint=_EXAMPLE)
    old = found[0]
    if "." not in new_path:
        new_path = old_path.rpartition(".")[0] + "." + new_path
    new = [o.id for o in after if o.id.path == new_path and o.id.kind == old.id.kind]
    if new:
        return old, new[0]
    # A column of a table that is renamed in the same plan stands under the old table until then.
    if old.id.parent is not None:
        return old, ObjectId(old.id.kind, QualifiedName(None, new_path.rpartition(".")[2]), old.id.parent)
    raise UsageError(f"the target has no {new_path}", hint="a rename leads to a name that the target has")


def likely_renames(before: Catalog, after: Catalog) -> tuple[str, ...]:
    """Point out each dropped and created pair that differs in nothing but the name."""
    changes = compare(before, after)
    return tuple(_pairs(changes, before, after))


def _pairs(changes: Sequence[Change], before: Catalog, after: Catalog) -> Iterator[str]:
    dropped = [c.before for c in changes if c.op is Op.DROP and c.id.kind in {"table", "column", "enum"}]
    created = [c.after for c in changes if c.op is Op.CREATE and c.id.kind in {"table", "column", "enum"}]
    for new in created:
        twins = [old for old in dropped if old and new and _alike(old, new, before, after)]
        if len(twins) == 1 and twins[0] and new:
            yield (
                f"{twins[0].id} is dropped and {new.id} created, and they look alike: if it is a rename, "
                f"add --rename {twins[0].id.path}={new.id.path}"
            )


def _alike(old: CatalogObject, new: CatalogObject, before: Catalog, after: Catalog) -> bool:
    if old.id.kind != new.id.kind or old.id.parent != new.id.parent:
        return False
    if differing_fields(old, new):
        return False
    if old.id.kind == "table":
        return _columns(old, before) == _columns(new, after)
    return True


def _columns(table: CatalogObject, catalog: Catalog) -> list[Any]:
    return [(c.id.name.name, getattr(c, "type", "")) for c in catalog.children(table.id, "column")]
