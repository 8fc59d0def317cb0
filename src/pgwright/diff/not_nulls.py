"""NOT NULLs of two sides of which one cannot say what PostgreSQL 18 knows of them: name, check, heirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from pgwright.errors import UnsupportedChange
from pgwright.kinds.column_override import ColumnOverride
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.tables.not_null_name import FIRST_NAMED
from pgwright.model.catalog import Catalog, CatalogObject, ServerFacts

_KINDS = ("column", "column_override")


def agreed(old: Catalog, new: Catalog, *, silent: bool) -> tuple[Catalog, list[str]]:
    """Return `new` as it can be on the server of `old`, with what is to be said about it.

    Older servers keep no name. A side that is `silent`, because it is one of these or models, has what the
    other side says. That rows are not checked yet is no matter of silence: a plain NOT NULL is one that was.
    """
    if old.server.major < FIRST_NAMED:
        return _unsaid(new, old.server.major)
    return (_as_said(old, new) if silent else new), []


def _unsaid(new: Catalog, major: int) -> tuple[Catalog, list[str]]:
    said = [o for o in _forbidding(new) if o.not_null_name or not o.not_null_inherits]
    comments = {o.id for o in _comments(new)}
    if not (said or comments):
        return new, []
    plain = {o.id: replace(o, not_null_name=None, not_null_inherits=True) for o in said}
    kept = ({**new.objects, **plain}[id] for id in new.objects if id not in comments)
    columns = [o.id if o.id.kind == "column" else o.id.parent for o in said if not o.derived]
    columns += [id.parent.parent for id in comments if id.parent is not None]
    names = ", ".join(sorted({id.path for id in columns if id is not None}))
    note = f"PostgreSQL {major} knows no name, comment or NO INHERIT of a NOT NULL: those of {names} left out"
    return new.replacing(kept), [note]


def _as_said(old: Catalog, new: Catalog) -> Catalog:
    given: list[CatalogObject] = []
    for o in _forbidding(new):
        theirs = cast("Column | None", old.get(o.id))
        if theirs is not None and theirs.not_null and o.not_null_name is None:
            name, inherits = theirs.not_null_name, theirs.not_null_inherits
            given.append(replace(o, not_null_name=name, not_null_inherits=inherits))
    for comment in _comments(old):
        column = comment.id.parent and new.get(comment.id.parent.parent)  # type: ignore[arg-type]
        if getattr(column, "not_null", False):
            given.append(comment)
    return new.replacing({**new.objects, **{o.id: o for o in given}}.values()) if given else new


def require_validated(after: Catalog, server: ServerFacts) -> None:
    """Raise `UnsupportedChange` for a NOT NULL that checks no row on a server that knows none."""
    if server.major >= FIRST_NAMED:
        return
    for o in _forbidding(after):
        if not o.not_null_valid:
            column = o.id if o.id.kind == "column" else o.id.parent
            assert column is not None
            raise UnsupportedChange(
                f"{column} cannot be NOT NULL without a look at its rows on PostgreSQL {server.major}",
                detail=f"NOT NULL … NOT VALID is known from {FIRST_NAMED} on. Nothing was changed.",
                hint=f"have it as a check: CHECK ({column.name.name} IS NOT NULL) NOT VALID",
            )


def _forbidding(catalog: Catalog) -> Iterator[Column]:
    for kind in _KINDS:
        for o in catalog.of(kind):
            if isinstance(o, Column | ColumnOverride) and o.not_null:
                yield cast("Column", o)


def _comments(catalog: Catalog) -> Iterator[CatalogObject]:
    return (o for o in catalog.of("comment") if o.id.parent is not None and o.id.parent.kind == "not_null")
