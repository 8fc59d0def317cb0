"""A plan made in stages: what was left behind is cleared, names are changed, the rest is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgwright.diff.leftovers import clear_leftovers, joined
from pgwright.diff.planner import make_plan
from pgwright.diff.rename import rename_first
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.plan import Plan
from pgwright.server.scratch import EMBEDDED


def plan_in_stages(
    before: Catalog,
    after: Catalog,
    *,
    renames: Sequence[str] = (),
    online: bool = True,
    server: ServerFacts | None = None,
    scratch: str = EMBEDDED,
) -> Plan:
    """Return the plan from one catalog to the other, with renames understood and leftovers cleared first.

    `server` is where the plan will run, by default where `before` was read. Raises `UsageError` for a
    rename that leads nowhere, and the errors of `make_plan`.
    """
    cleared = clear_leftovers(before, after, online=online)
    here, named = cleared.catalog, ()
    if renames:
        here, named = rename_first(here, after, renames, online=online, scratch=scratch)
    rest = make_plan(here, after, online=online, server=server)
    return replace(rest, from_digest=before.digest, steps=joined(cleared.steps, named, rest.steps))
