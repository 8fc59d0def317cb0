"""Comments, on whatever was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.composite import Composite
from pgwright.kinds.contract import Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.domain import Domain
from pgwright.kinds.steps import parent_of, step
from pgwright.kinds.tables.not_null_name import as_part, name_afterwards, name_before
from pgwright.kinds.targets import ancestors, lock_of, subject, target
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, literal, qualified


@dataclass(frozen=True, kw_only=True)
class Comment(CatalogObject):
    """Define the comment on the parent."""

    text: str


def read(reading: Reading) -> Iterator[Found]:
    """Yield the comments on what was found, without those that come with PostgreSQL or an extension."""
    for r in reading.rows("comment"):
        on = subject(reading, r.classid, r.objid, r.subid, r.column_name)
        if on is None and r.domain_constraint is not None:
            domain = reading.id_of(r.classid, r.objid)
            if domain is not None and domain.kind == "domain":
                on = ObjectId("constraint", QualifiedName(None, r.domain_constraint), domain)
        if on is None and r.not_null_column is not None:
            column = subject(reading, SystemCatalog.CLASS, r.not_null_relid, 1, r.not_null_column)
            on = None if column is None else as_part(column)
        if on is not None:
            comment = Comment(
                id=ObjectId("comment", QualifiedName(None, "comment"), on),
                depends_on=(on, *ancestors(on)),
                text=r.text,
            )
            yield Found(comment, ())


def _say(id: ObjectId, text: str | None, catalog: Catalog, context: Context) -> Step:
    on = parent_of(id)
    lock, locks_on = lock_of(on)
    about = _not_null(on, catalog, context) if on.kind == "not_null" else target(on, catalog)
    if all(context.is_new(id) for id in locks_on):
        lock, locks_on = None, ()
    words = sql.SQL("NULL") if text is None else literal(text)
    statement = sql.SQL("COMMENT ON {} IS {}").format(about, words)
    summary = f"remove the comment on {on}" if text is None else f"comment on {on}"
    return step(id, statement, summary, lock=lock, on=locks_on)


def _not_null(on: ObjectId, catalog: Catalog, context: Context) -> sql.Composable:
    """Compose how COMMENT ON names the NOT NULL of a column, by the name that it has at that time."""
    column: Any = catalog.get(parent_of(on))
    name = name_before(column) if catalog is context.before else name_afterwards(parent_of(on), context)
    return sql.SQL("CONSTRAINT {} ON {}").format(Name(name), qualified(on.root.name))


def create(o: Comment, context: Context) -> tuple[Step, ...]:
    """Return the COMMENT ON."""
    return (_say(o.id, o.text, context.after, context),)


def drop(o: Comment, context: Context) -> tuple[Step, ...]:
    """Return COMMENT ON … IS NULL, or nothing where what it is on goes."""
    if context.goes_with_parent(o.id) or _lost_part(parent_of(o.id), context):
        return ()
    return (_say(o.id, None, context.before, context),)


def _lost_part(on: ObjectId, context: Context) -> bool:
    """Tell whether an attribute, a domain's check or a NOT NULL has gone, no objects of their own."""
    whole = context.after.get(on.parent) if on.parent else None
    if on.kind == "not_null":
        return not getattr(whole, "not_null", False)
    if isinstance(whole, Composite):
        return on.name.name not in {a.name for a in whole.attributes}
    if isinstance(whole, Domain):
        return on.name.name not in {c.name for c in whole.checks}
    return False


def alter(change: Change, context: Context) -> Alteration:
    """Say the other text."""
    assert isinstance(change.after, Comment)
    return Alteration(steps=(_say(change.id, change.after.text, context.after, context),))


KIND = Kind(name="comment", cls=Comment, rank=95, read=read, create=create, drop=drop, alter=alter)
