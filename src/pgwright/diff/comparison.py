"""Bring two sources to where their catalogs can be compared: same version, same selection, same reach."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from pgwright.diff.compare import compare
from pgwright.diff.not_nulls import agreed
from pgwright.diff.public_schema import implied, keeping
from pgwright.diff.unread import named
from pgwright.errors import UsageError
from pgwright.kinds.tables.column_types import FIRST_VIRTUAL, Column
from pgwright.kinds.tables.not_null_name import FIRST_NAMED
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.change import Change
from pgwright.model.names import ObjectId
from pgwright.model.policy import POLICY_KINDS
from pgwright.model.selection import BOOKKEEPING, Selection, within
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop, is_database

_MODELS = ("sqlalchemy:", "django:")

# What models can declare; of any other kind they are only asked when they hold one (by DDL events).
_DECLARABLE = frozenset(
    {
        "schema",
        "enum",
        "sequence",
        "sequence_owner",
        "table",
        "column",
        "default",
        "constraint",
        "index",
        "comment",
    }
)

# Of extensions only those that the models themselves make: the others are made for them on scratch.
_NEVER_DECLARED = frozenset({"owner", "extension"})


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Hold two catalogs that may be compared, and what is left out of the comparison.

    `before` is whole: a plan has to know what stands on what it changes. `after` is what the other side
    has within the `selection`, and everything else as it was. `notes` names, for people, what does not take
    part. `server` is where `before` lives, also when it was rebuilt on scratch; None means where it was read.
    """

    before: Catalog
    after: Catalog
    selection: Selection
    notes: tuple[str, ...] = ()
    server: ServerFacts | None = None

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Return what leads from `before` to `after`."""
        return compare(self.selection.apply(self.before), self.selection.apply(self.after))


def compare_sources(
    before: str, after: str, *, workshop: Workshop | None = None, selection: Selection | None = None
) -> Comparison:
    """Load both sources and bring them to comparable form.

    Where the two were deparsed by different major versions of PostgreSQL, the live one is first built on
    scratch: the texts of views and expressions differ between versions. Models are compared only in what
    they can declare. Raises `UsageError` where the selection fits nothing on either side, and the errors of
    `load_catalog`.
    """
    workshop = workshop or Workshop()
    selection = selection or Selection()
    workshop = _with_extensions_of(before, after, workshop)
    # While models are imported and built in a process of their own, the live side is read.
    with ThreadPoolExecutor(max_workers=1) as pool:
        loading = pool.submit(load_catalog, after, workshop)
        old = load_catalog(before, workshop)
        new = loading.result()
    _require_match(selection, old, new)
    return comparable(old, new, before=before, after=after, workshop=workshop, selection=selection)


def comparable(
    old: Catalog,
    new: Catalog,
    *,
    before: str,
    after: str,
    workshop: Workshop,
    selection: Selection,
    own: Collection[str] | None = None,
) -> Comparison:
    """Return the comparison of two catalogs that were loaded from the given specifications.

    `own` is for migrations, which made all that `old` has: what of it the models once declared. They speak
    of that, and of all tables, even where they hold nothing of the kind or in the schema any more.
    """
    notes = list(named((*old.unhandled, *new.unhandled)))
    for spec, side in ((before, old), (after, new)):
        if spec and not is_database(spec):
            selection = replace(selection, exclude=(*selection.exclude, *_undeclared_bookkeeping(side)))
        if spec.startswith(_MODELS):
            selection, said = _reach_of(side, old if side is new else new, selection, own)
            notes.extend(said)
    if old.server.major < FIRST_VIRTUAL and after.startswith(_MODELS):
        new, said = _stored(new, old.server.major)
        notes.extend(said)
    silent = after.startswith(_MODELS) or new.server.major < FIRST_NAMED
    new, said = agreed(old, new, silent=silent)
    notes.extend(said)
    server, defaults = old.server, implied(old, new)
    if old.server.major != new.server.major:
        # Loads the planner, which two of one version, without drift, do without.
        from pgwright.diff.build import rebuilt

        if is_database(before):
            old = rebuilt(old, scratch=workshop.scratch)
        elif is_database(after):
            new = rebuilt(new, scratch=workshop.scratch)
        if old.server.major != new.server.major:
            new = rebuilt(new, scratch=workshop.scratch)
    return Comparison(
        before=old,
        after=within(selection, old, keeping(defaults, old, new)),
        selection=selection,
        notes=tuple(dict.fromkeys(notes)),
        server=server,
    )


def _with_extensions_of(before: str, after: str, workshop: Workshop) -> Workshop:
    """Give the scratch database the extensions of the live side: models cannot say which they need."""
    live = [spec for spec in (before, after) if is_database(spec)]
    models = [spec for spec in (before, after) if spec.startswith(_MODELS)]
    if not (live and models) or workshop.extensions:
        return workshop
    from pgwright.pg.connect import connect

    with connect(live[0]) as conn:
        # What TimescaleDB does is declared, and carried out natively on scratch.
        rows = conn.execute(
            "SELECT extname FROM pg_extension WHERE extname NOT IN ('plpgsql', 'timescaledb')"
        ).fetchall()
    return replace(workshop, extensions=tuple(sorted(name for (name,) in rows)))


def _undeclared_bookkeeping(declared: Catalog) -> list[str]:
    """Return the patterns of migration tools' tables that a source does not hold: it says nothing of them."""
    paths = [o.id.path for o in declared.of("table")]
    return [pattern for pattern in BOOKKEEPING if not any(fnmatchcase(path, pattern) for path in paths)]


def _require_match(selection: Selection, *catalogs: Catalog) -> None:
    """Raise `UsageError` for a choice that neither side has anything of: a name was mistyped."""
    if not (selection.schemas or selection.include):
        return
    chosen = (o.id.root for catalog in catalogs for o in selection.apply(catalog))
    # What is in no schema, such as an extension, is there whatever the schema.
    if any(not selection.schemas or id.kind == "schema" or id.name.schema for id in chosen):
        return
    raise UsageError(
        f"nothing is called {', '.join((*selection.schemas, *selection.include))}"
        f"{' on either side' if len(catalogs) > 1 else ''}",
        detail="nothing was compared" if len(catalogs) > 1 else "nothing was written",
        hint="patterns are written like public.audit_*, names like users; see them: pgwright inspect tables",
    )


def _reach_of(
    models: Catalog, other: Catalog, selection: Selection, own: Collection[str] | None
) -> tuple[Selection, list[str]]:
    """Restrict the selection to what the models can speak of, and say what that leaves out."""
    kinds = (_DECLARABLE | {o.id.kind for o in models}) - _NEVER_DECLARED
    also = {o.id for o in models.of("extension") if o.id not in other}
    if own is not None or kinds & set(POLICY_KINDS):
        # Whoever declares one of them about tables over time speaks of all: the last of a kind may go.
        kinds |= set(POLICY_KINDS)
    if own is not None:
        also |= {o.id for o in other if str(o.id) in own}
    # Of the roles that the models do not name, they say nothing: those may have what others gave them.
    roles = tuple(sorted({o.id.name.name for o in models.of("grant")}))
    speaking = (models,) if own is None else (models, other)
    schemas = {o.id.name.schema for side in speaking for o in side.of("table")} - {None}
    reach = replace(
        selection,
        owners=False,
        roles=roles,
        also=frozenset(also),
        kinds=tuple(sorted(kinds)),
        schemas=selection.schemas or tuple(sorted(str(s) for s in schemas)),
    )
    ignored = _NEVER_DECLARED | {"comment", "grant"}
    left_out: dict[str, list[ObjectId]] = {}
    for o in other:
        if not {o.id.kind} & (kinds | ignored) and o.id not in also and not o.derived:
            left_out.setdefault(o.id.kind, []).append(o.id)
    notes = [
        f"the models declare no {kind.replace('_', ' ')}: "
        f"{', '.join(i.path for i in ids[:3])}{' …' if len(ids) > 3 else ''} left out"
        for kind, ids in sorted(left_out.items())
    ]
    outside = sorted({str(o.id.root.name.schema) for o in other if o.id.kind == "table"} - set(reach.schemas))
    if outside:
        notes.append(f"the models declare nothing in schema {', '.join(outside)}: left out")
    return reach, notes


def _stored(models: Catalog, major: int) -> tuple[Catalog, list[str]]:
    """Return the models as they are made by a server that knows no virtual columns, and what is to be said.

    Where a model says nothing, SQLAlchemy has such a column stored there; on scratch it came to be virtual.
    """
    virtual = [o for o in models.of("column") if isinstance(o, Column) and o.generated == "v"]
    if not virtual:
        return models, []
    stored = {o.id: replace(o, generated="s") for o in virtual}
    names = ", ".join(o.id.path for o in virtual if not o.derived)
    note = (
        f"PostgreSQL {major} has no virtual columns, so {names} of the models is stored there; "
        "persisted=True (SQLAlchemy) or db_persist=True (Django) says so for every version"
    )
    return models.replacing({**models.objects, **stored}.values()), [note]


def declared(spec: str, workshop: Workshop, selection: Selection | None = None) -> Catalog:
    """Return what one source declares: of models, what models can declare; of others, all of it."""
    catalog = load_catalog(spec, workshop)
    selection = selection or Selection()
    if spec.startswith(_MODELS):
        selection = replace(selection, owners=False)
    _require_match(selection, catalog)
    return selection.apply(catalog)
