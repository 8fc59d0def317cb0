"""Build a database from a source: only where it is empty, or already what the source says."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pgwright.diff.apply import Applied, Manner, apply_plan
from pgwright.diff.build import empty_database
from pgwright.diff.comparison import Comparison, comparable, declared
from pgwright.diff.proposal import Proposal, propose
from pgwright.errors import TargetNotEmpty, UnknownDatabaseError
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.selection import Selection
from pgwright.model.wording import counted, shortened
from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.pg.redact import safe_url
from pgwright.pg.statements import statement_error
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop, is_database

if TYPE_CHECKING:
    from psycopg import Connection

_MODELS = ("sqlalchemy:", "django:")


@dataclass(frozen=True, kw_only=True)
class Creation:
    """Hold what a creation comes to; without a proposal the database is what the source says already."""

    comparison: Comparison
    proposal: Proposal | None


def propose_creation(spec: str, url: str, *, workshop: Workshop, selection: Selection) -> Creation:
    """Plan how the database at `url` comes to hold what `spec` declares, and try it on scratch.

    Unlike a comparison with models, this makes everything that the source makes, extensions among it. Raises
    `TargetNotEmpty` for a database that holds something else, and the errors of loading and planning.
    """
    live = load_catalog(url, workshop)
    wanted = declared(spec, workshop, selection)
    found = held(live)
    if found:
        comparison = comparable(live, wanted, before=url, after=spec, workshop=workshop, selection=selection)
        if comparison.changes:
            raise _refusal(url, spec, found, len(comparison.changes))
        return Creation(comparison=comparison, proposal=None)
    if spec.startswith(_MODELS):
        selection = replace(selection, owners=False, privileges=bool(wanted.of("grant")))
    whole = _over(live, wanted, selection.apply(empty_database(workshop.scratch)))
    comparison = comparable(live, whole, before=url, after="", workshop=workshop, selection=selection)
    if not comparison.changes:
        return Creation(comparison=comparison, proposal=None)
    proposal = propose(comparison, online=False, scratch=workshop.scratch)
    return Creation(comparison=comparison, proposal=proposal)


def build_proposed(url: str, proposal: Proposal, *, manner: Manner | None = None) -> Applied:
    """Apply the proposal of a creation and verify it. Raises the errors of `apply_plan`."""
    return apply_plan(url, proposal.plan, proposal.ends, manner=manner)


def create_database(url: str) -> bool:
    """Create the database that `url` names, from template1; return False where it exists already.

    Raises the `ConnectError` family, and `PrivilegeError` without the right to create databases.
    """
    from psycopg import Error, errors, sql

    address = parse_address(url)
    try:
        connect(url).close()
    except UnknownDatabaseError:
        pass
    else:
        return False
    with _maintenance(address) as conn:
        try:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(address.dbname)))
        except errors.DuplicateDatabase:
            return False
        except Error as exc:
            raise statement_error(exc) from exc
    return True


def _maintenance(address: Address) -> Connection[Any]:
    """Connect to a database that is there to create others from."""
    try:
        return connect(address.with_database("postgres").text, autocommit=True)
    except UnknownDatabaseError:
        return connect(address.with_database("template1").text, autocommit=True)


def held(catalog: Catalog) -> tuple[CatalogObject, ...]:
    """Return what users made in a database, beyond what a new one holds."""
    return tuple(o for o in catalog if not o.derived and not _in_every_database(o))


def _in_every_database(o: CatalogObject) -> bool:
    root = o.id.root
    if root.kind == "schema":
        return root.name.name == "public"
    return root.kind in ("extension", "default_privilege")


def _over(live: Catalog, wanted: Catalog, fresh: Catalog) -> Catalog:
    """Return the wanted catalog over what the database holds already.

    What the source has only because every database has it (the schema public and its grants, which differ
    between versions of PostgreSQL) stays as it is here.
    """
    kept = {id: o for id, o in live.objects.items() if id in wanted or id not in fresh}
    own = {id: o for id, o in wanted.objects.items() if o != fresh.get(id)}
    return replace(wanted, objects={**kept, **own})


def _refusal(url: str, spec: str, found: tuple[CatalogObject, ...], differences: int) -> TargetNotEmpty:
    own = [o.id for o in found if o.id.parent is None]
    return TargetNotEmpty(
        f"the database {safe_url(url)} is not empty, and not what {safe_url(spec)} says",
        detail=f"it holds {shortened(own)}; that is {counted(differences, 'difference')}. "
        "Nothing was changed.",
        hint="choose an empty database, or see what differs: "
        f"pgwright schema diff {shlex.quote(safe_url(spec) if is_database(spec) else spec)}",
    )
