"""Publications of all tables, or of all in a schema: they send pgwright's own, which subscribers lack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pgwright.model.catalog import Catalog
from pgwright.model.names import QualifiedName
from pgwright.pg.quoting import qualified, render

# Of tables that it was never told to take part in, a subscription asks no more than whether they are there.
REMEDY = (
    "make them there as well, empty, as soon as they are here (pg_dump --schema-only --table=NAME): "
    "replication then goes on with nothing lost, and writes no row into them; or let the publication name "
    "its tables"
)
# What every run writes to.
_LEDGER = (QualifiedName("pgwright", "policy"), QualifiedName("pgwright", "run"))


def sent_along(catalog: Catalog, made: Iterable[QualifiedName]) -> str:
    """Return which subscribers stand still until they have the tables that are `made`, or nothing."""
    told = (*made, *_LEDGER)
    publications: list[Any] = list(catalog.of("publication"))
    sending = [
        o.id.name.name
        for o in publications
        if o.all_tables or {t.schema for t in told} & {s.name.name for s in o.schemas}
    ]
    if not sending:
        return ""
    lacking = ", ".join(render(qualified(name)) for name in told)
    whole = f"subscribers of {', '.join(sending)}, which sends whole schemas"
    return f"{whole}, stand still until they have {lacking}"
