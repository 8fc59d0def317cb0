"""What a new migration has to do: from where the project's migrations lead to what its models say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pgwright.config import Project
from pgwright.diff.compare import compare
from pgwright.diff.comparison import Comparison, comparable
from pgwright.diff.lookalike import likely_renames
from pgwright.diff.rename import Rename, understand
from pgwright.errors import UsageError
from pgwright.migrate.messages import Order
from pgwright.migrate.process import MigrationProcess, OrderFailed, migration_process
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.tools import Tool, tool_of
from pgwright.migrate.writing.declared import declared_comments, declared_in
from pgwright.migrate.writing.way import Way, way
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.change import Change
from pgwright.model.selection import BOOKKEEPING, Selection, within
from pgwright.pg.connect import connect
from pgwright.server.scratch import ScratchDatabase, ensure_roles, scratch_database
from pgwright.sources.database import read_catalog
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop

_UNKNOWN_ROLE = re.compile(r'role "(?P<name>[^"]+)" does not exist')
_UNDEFINED = "42704"


class Bench:
    """Be a scratch database in which the project's own migrations run."""

    def __init__(self, tool: Tool, place: ScratchDatabase, process: MigrationProcess) -> None:
        self.tool = tool
        self.place = place
        self._process = process

    def run(
        self, verb: str, target: str = "", *, options: Mapping[str, Any] | None = None, **more: Any
    ) -> Any:
        """Carry out an order there; raises the error that it ends with.

        A role that a migration names and the embedded server lacks is made, without login.
        """
        given = {**self.tool.options, **(options or {})}
        hear = more.pop("hear", None)
        order = Order(verb=verb, url=self.place.url, target=target, lock_timeout=0, options=given, **more)
        made: set[str] = set()
        while True:
            try:
                return self._process.run(order, hear=hear)
            except OrderFailed as exc:
                error = exc.error()
                missing = _UNKNOWN_ROLE.search(f"{error.message} {error.detail}")
                if not (self.place.embedded and missing and exc.failed.sqlstate == _UNDEFINED):
                    raise error from exc
                if missing["name"] in made or exc.failed.partial:
                    raise error from exc
                made.add(missing["name"])
                ensure_roles(self.place.url, [missing["name"]])

    def upgrade(self) -> Catalog:
        """Run all migrations and return what stands then."""
        self.run("upgrade", self.newest)
        return self.read()

    @property
    def newest(self) -> str:
        """Return the tool's word for the end of all branches."""
        return "heads" if self.tool.name == "alembic" else self.tool.newest

    def read(self) -> Catalog:
        """Return what stands in the scratch database."""
        with connect(self.place.url) as conn:
            return read_catalog(conn, source="the migrations")


@contextmanager
def bench(project: Project) -> Iterator[Bench]:
    """Give a scratch database in which nothing was run yet.

    Raises `UsageError`, `SourceError` for migrations that cannot be read, and scratch's errors.
    """
    tool = tool_of(project)
    with (
        scratch_database(server=project.scratch) as place,
        migration_process(tool, url=place.url) as process,
    ):
        # What cannot be read is told with its file and line, which the tool itself may not know.
        files_of(project, process)
        yield Bench(tool, place, process)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Hold both ends: what the migrations lead to, and what the models say."""

    comparison: Comparison

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what differs."""
        return self.comparison.changes

    @property
    def likely_renames(self) -> tuple[Rename, ...]:
        """Return what would be dropped beside something alike that is made."""
        return likely_renames(self.comparison.before, self.comparison.after)

    def ways(self, renames: Sequence[str], *, online: bool, scratch: str) -> tuple[Way, Way]:
        """Return the way to the models and the way back. Raises `UsageError` and the errors of planning."""
        before, after, server = self.comparison.before, self.comparison.after, self.comparison.server
        told = understand(renames, before, after)
        settings: dict[str, Any] = {"online": online, "server": server, "scratch": scratch}
        up = way(before, after, told, **settings)
        down = way(after, before, [r.reversed() for r in told], **settings)
        return up, down

    @property
    def declared(self) -> tuple[str, ...]:
        """Return the comments that record what the models declare beside tables."""
        return tuple(declared_comments(self.changes))

    def since(self, here: Catalog) -> Draft:
        """Return what is left from another beginning."""
        before, wanted = _unowned(here), self.comparison.after
        # What nobody looks at stays: the tool's own table is there by now, and perhaps partitions.
        after = within(self.comparison.selection, before, wanted)
        return replace(self, comparison=replace(self.comparison, before=before, after=after))

    def missed(self, end: Catalog) -> tuple[Change, ...]:
        """Return where the end of a trial differs from what the models say."""
        chosen = self.comparison.selection
        return compare(chosen.apply(end), chosen.apply(self.comparison.after))

    def left(self, end: Catalog) -> tuple[Change, ...]:
        """Return where the end of the way back differs from where it began."""
        own = Selection(owners=False, exclude=BOOKKEEPING)
        return compare(own.apply(end), own.apply(self.comparison.before))


def draft(project: Project, here: Catalog, *, server: ServerFacts | None = None) -> Draft:
    """Compare what the migrations lead to with the models.

    `here` was read after all migrations ran in an empty scratch database, and not from a live one: what
    somebody changed there by hand must not come into a migration. `server` is where it will run. Raises
    `UsageError` for a project without models, and what loading them raises.
    """
    models = project.models
    if models is None:
        raise UsageError(
            "this project names no models to compare the migrations with",
            detail="--autogenerate writes what differs between the two",
            hint='set models = "sqlalchemy:app.models:Base" under [project] in pgwright.toml',
        )
    own = declared_in(files_of(project).by_id.values())
    # Models cannot say which they need; those that they declare they make themselves.
    given = (o.id for o in here.of("extension") if str(o.id) not in own)
    workshop = Workshop(
        root=project.root,
        scratch=project.scratch,
        extensions=tuple(sorted(id.name.name for id in given if id.name.name != "plpgsql")),
    )
    wanted = load_catalog(models, workshop)
    found = comparable(
        here,
        wanted,
        before="migrations",
        after=models,
        workshop=workshop,
        selection=Selection(owners=False, exclude=BOOKKEEPING),
        own=own,
    )
    return Draft(
        comparison=replace(
            found,
            before=_unowned(found.before),
            after=_unowned(found.after),
            # In whose time zone a migration will run, nobody knows.
            server=replace(server or found.server or here.server, time_zone=""),
        )
    )


def _unowned(catalog: Catalog) -> Catalog:
    """Return the catalog without owners: on scratch they are whoever ran the migrations there."""
    return catalog.select(lambda o: o.id.kind != "owner")
