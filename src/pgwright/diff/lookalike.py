"""What is dropped beside something alike that is created may be a rename that nobody told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pgwright.diff.compare import compare, differing_fields
from pgwright.diff.parts import renamed_parts
from pgwright.diff.rename import Rename
from pgwright.kinds.composite import Composite
from pgwright.kinds.default import Default, counters
from pgwright.kinds.enum import Enum
from pgwright.kinds.registry import kind
from pgwright.kinds.types.members import ATTRIBUTE, ENUM_VALUE, member_id
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Op
from pgwright.model.names import ObjectId

_KINDS = frozenset(
    {
        "schema",
        "table",
        "column",
        "enum",
        "domain",
        "composite",
        "sequence",
        "view",
        "materialized_view",
        "index",
        "constraint",
    }
)
_SHARED = 0.6  # of the columns of the larger table


def likely_renames(before: Catalog, after: Catalog) -> tuple[Rename, ...]:
    """Return each pair of a dropped and a created object that differ in little but the name.

    Only pairs that are clear: where two could be meant, none is returned. Parts of such a pair are left out,
    and what a plan renames by itself.
    """
    differences = compare(before, after)
    certain = renamed_parts(differences, before, after)
    changes = [c for c in differences if c.id.kind in _KINDS and kind(c.id.kind).rename]
    dropped = [o for c in changes if c.op is Op.DROP and (o := c.before)]
    created = [o for c in changes if c.op is Op.CREATE and (o := c.after)]
    altered = [(c.before, c.after) for c in changes if c.op is Op.ALTER]
    found = (
        *_pairs(dropped, created, before, after),
        *(r for old, new in altered for r in _members_of(old, new)),
    )
    schemas = {r.old.name.name for r in found if r.old.kind == "schema"}
    return tuple(
        r
        for r in found
        if certain.get(r.new) != r.old and (r.old.kind == "schema" or r.old.root.name.schema not in schemas)
    )


def said(rename: Rename) -> str:
    """Return the sentence that points out a likely rename."""
    return (
        f"{rename.old} is dropped and {rename.new} created, and they look alike: if it is a rename, "
        f"add {rename.option}"
    )


def _members_of(old: CatalogObject | None, new: CatalogObject | None) -> Iterator[Rename]:
    if isinstance(old, Enum) and isinstance(new, Enum):
        yield from _values(old, new)
    elif isinstance(old, Composite) and isinstance(new, Composite):
        yield from _attributes(old, new)


def _attributes(old: Composite, new: Composite) -> Iterator[Rename]:
    """Yield attributes under other names, where all keep their places and types."""
    if [replace(a, name="") for a in old.attributes] == [replace(a, name="") for a in new.attributes]:
        names, others = {a.name for a in old.attributes}, {a.name for a in new.attributes}
        for before, after in zip(old.attributes, new.attributes, strict=True):
            if before.name not in others and after.name not in names:
                yield _member(ATTRIBUTE, old, before.name, new, after.name)


def _values(old: Enum, new: Enum) -> Iterator[Rename]:
    """Yield values under other names: a single one wherever it is, several where all keep their places."""
    gone = [label for label in old.labels if label not in new.labels]
    come = [label for label in new.labels if label not in old.labels]
    if len(gone) != len(come):
        return
    names = dict(zip(gone, come, strict=True))
    if len(gone) == 1 or tuple(names.get(label, label) for label in old.labels) == new.labels:
        for before, after in names.items():
            yield _member(ENUM_VALUE, old, before, new, after)


def _member(sort: str, old: CatalogObject, before: str, new: CatalogObject, after: str) -> Rename:
    return Rename(old=member_id(sort, old.id, before), new=member_id(sort, new.id, after))


def _pairs(
    dropped: Sequence[CatalogObject], created: Sequence[CatalogObject], before: Catalog, after: Catalog
) -> Iterator[Rename]:
    gone = {o.id for o in dropped}
    for new in created:
        twins = _clear(new, [old for old in dropped if _alike(old, new, before, after)], after, before)
        if len(twins) != 1 or (twins[0].id.parent is not None and twins[0].id.parent in gone):
            continue
        others = [other for other in created if _alike(twins[0], other, before, after)]
        if len(_clear(twins[0], others, before, after)) == 1:
            yield Rename(old=twins[0].id, new=new.id)


def _clear(
    one: CatalogObject, twins: Sequence[CatalogObject], catalog: Catalog, others: Catalog
) -> Sequence[CatalogObject]:
    """Return which of the twins may be meant: of sequences, those that number the same columns."""
    columns = _numbered(one, catalog) if one.id.kind == "sequence" and len(twins) > 1 else ()
    return [twin for twin in twins if _numbered(twin, others) == columns] if columns else twins


def _numbered(sequence: CatalogObject, catalog: Catalog) -> set[ObjectId | None]:
    defaults = (o for o in catalog.of("default") if isinstance(o, Default))
    return {o.id.parent for o in defaults if sequence.id in counters(o, catalog)}


def _alike(old: CatalogObject, new: CatalogObject, before: Catalog, after: Catalog) -> bool:
    if old.id.kind != new.id.kind or old.id.parent != new.id.parent:
        return False
    if differing_fields(old, new):
        return False
    if old.id.kind == "table":
        return _share(_columns(old, before), _columns(new, after))
    if old.id.kind == "schema":
        return _share(_members(old, before), _members(new, after))
    if old.id.kind == "sequence":
        # One that a column owns follows its table.
        return not (before.children(old.id, "sequence_owner") or after.children(new.id, "sequence_owner"))
    return True


def _share(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and len(one & other) >= _SHARED * max(len(one), len(other))


def _columns(table: CatalogObject, catalog: Catalog) -> set[str]:
    return {f"{c.id.name.name} {getattr(c, 'type', '')}" for c in catalog.children(table.id, "column")}


def _members(schema: CatalogObject, catalog: Catalog) -> set[str]:
    name = schema.id.name.name
    return {
        f"{o.id.kind} {o.id.name.name}" for o in catalog if o.id.parent is None and o.id.name.schema == name
    }
