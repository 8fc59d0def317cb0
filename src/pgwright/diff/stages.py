"""A plan made in stages: leftovers are cleared, names changed, partitions taken off; the rest is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgwright.diff.leftovers import clear_leftovers, joined
from pgwright.diff.movers import leave_first
from pgwright.diff.planner import make_plan
from pgwright.diff.rename import Rename, rename_first
from pgwright.diff.watchers import without_watchers
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.plan import Plan, Step
from pgwright.model.selection import Selection, within
from pgwright.server.scratch import EMBEDDED


def plan_in_stages(
    before: Catalog,
    after: Catalog,
    *,
    renames: Sequence[Rename] = (),
    online: bool = True,
    server: ServerFacts | None = None,
    scratch: str = EMBEDDED,
    selection: Selection | None = None,
) -> tuple[Plan, Catalog]:
    """Return the plan from one catalog to the other, with leftovers cleared and names changed first.

    Partitions that go to an unlike table leave theirs before anything else is planned.

    The catalog beside it is what `before` is then, before anything is made or dropped.

    Event triggers that go, or are switched off, do so before all else, which they might refuse.

    What a `selection` leaves out is in `after` as it was, and follows the renames.

    `server` is where the plan will run, by default where `before` was read. Raises what
    `make_plan` raises.
    """
    cleared = clear_leftovers(before, after, online=online)
    here, released = without_watchers(cleared.catalog, after, online=online)
    named: tuple[Step, ...] = ()
    if renames:
        here, named = rename_first(here, after, renames, online=online, scratch=scratch)
        # What does not take part has the new names in it, too.
        after = within(selection, here, after) if selection else after
    here, leaving = leave_first(here, after, online=online, scratch=scratch)
    rest = make_plan(here, after, online=online, server=server)
    steps = joined(cleared.steps, released, named, leaving, rest.steps)
    return replace(rest, from_digest=before.digest, steps=steps), here
