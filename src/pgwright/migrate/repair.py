"""Find the revision that a live schema matches: all revisions are run on scratch, and compared one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from pgwright.diff.build import rebuilt
from pgwright.diff.compare import compare, summarise
from pgwright.errors import MigrationError
from pgwright.migrate.messages import Order, Report, RevisionEnded
from pgwright.migrate.process import OrderFailed, migration_process
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.state import ALEMBIC, recorded
from pgwright.migrate.tools import tool_of
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change
from pgwright.model.selection import BOOKKEEPING, Selection
from pgwright.pg.connect import connect
from pgwright.pg.redact import safe_url
from pgwright.pg.sqlfiles import load_sql
from pgwright.server.scratch import scratch_database
from pgwright.sources.database import read_catalog

if TYPE_CHECKING:
    from pgwright.config import Project

Tell = Callable[[str, int, int], None]

# To read a catalog takes a tenth of a second, the marks a few milliseconds: only what is near is read.
_NEAR = 20


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Describe a place among the revisions.

    `revision` was run last there, and `record` is what the tool's table holds. `distance` counts the parts of
    the schema that only one side has; `changes` lead from the live schema there, None where it is too far
    away to look.
    """

    revision: str
    record: tuple[str, ...]
    distance: int
    changes: tuple[Change, ...] | None

    @property
    def is_exact(self) -> bool:
        """Tell whether the live schema is that of this place."""
        return self.changes == ()


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Hold what the live database records, and the places nearest to its schema, the best first."""

    recorded: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        """Return the newest place of those that are nearest."""
        return self.candidates[0]

    @property
    def is_right(self) -> bool:
        """Tell whether the record is that of a place with exactly this schema."""
        return any(c.is_exact and set(c.record) == set(self.recorded) for c in self.candidates)


def diagnose(project: Project, url: str, *, tell: Tell | None = None) -> Diagnosis:
    """Compare the schema of the database at `url` with that of each revision; it is only read.

    `tell` hears (revision, number, of how many). Branches are visited one after the other, so a database that
    has the second branch without the first is found only by its nearest place. Raises `MigrationError` when
    the revisions cannot be run from the beginning.
    """
    tool, files = tool_of(project), files_of(project)
    with connect(url, autocommit=True) as conn:
        live, marks, record = (
            read_catalog(conn, source=safe_url(url)),
            _marks(conn),
            recorded(conn, tool.table),
        )
    with (
        scratch_database(server=project.scratch) as place,
        migration_process(tool, url=place.url) as process,
        connect(place.url, autocommit=True) as conn,
    ):
        major = conn.info.server_version // 10000
        search = _Search(_comparable(live, major, project.scratch), marks, conn, tool.table)
        total = len(files.by_id)

        def hear(report: Report) -> None:
            if isinstance(report, RevisionEnded):
                search.look(report.revision)
                if tell:
                    tell(report.revision, len(search.found), total)
                process.proceed()

        search.look("")
        target = "heads" if tool.name == ALEMBIC else ""
        order = Order(
            verb="upgrade", url=place.url, target=target, lock_timeout=30, pause=True, options=tool.options
        )
        try:
            process.run(order, hear=hear)
        except OrderFailed as exc:
            error = exc.error()
            raise MigrationError(
                f"the revisions cannot be run from the beginning: {error.message}",
                detail=f"{error.detail}; the database itself was only read",
                hint="; or ".join(
                    filter(None, [error.hint, "name the revision yourself: pgwright migrate repair REVISION"])
                ),
            ) from exc
    # Of equals, the newest: revisions that only change rows have the schema of the one before.
    ranked = sorted(enumerate(search.found), key=lambda pair: (_rank(pair[1]), -pair[0]))
    return Diagnosis(recorded=record or (), candidates=tuple(candidate for _, candidate in ranked))


def _rank(candidate: Candidate) -> tuple[int, int]:
    changes = candidate.distance if candidate.changes is None else len(summarise(candidate.changes))
    return changes, candidate.distance


class _Search:
    """Measure how far a scratch database is from the live one, revision by revision."""

    def __init__(self, live: Catalog, marks: frozenset[str], conn: Connection[Any], table: str) -> None:
        self._live = live
        self._marks = marks
        self._conn = conn
        self._table = table
        self.found: list[Candidate] = []

    def look(self, revision: str) -> None:
        """Remember where the scratch database is now."""
        distance = len(self._marks ^ _marks(self._conn))
        changes = None
        if distance <= _NEAR:
            changes = compare(self._live, _SELECTION.apply(read_catalog(self._conn, source="scratch")))
        record = recorded(self._conn, self._table) or ()
        self.found.append(
            Candidate(revision=revision, record=tuple(record), distance=distance, changes=changes)
        )


_SELECTION = Selection(owners=False, privileges=False, exclude=BOOKKEEPING)


def _comparable(live: Catalog, major: int, scratch: str) -> Catalog:
    """Return the live catalog as the scratch server would deparse it, without what migrations leave alone."""
    return _SELECTION.apply(live if live.server.major == major else rebuilt(live, scratch=scratch))


def _marks(conn: Connection[Any]) -> frozenset[str]:
    query = load_sql("pgwright.migrate", "marks", conn.info.server_version // 10000)
    return frozenset(mark for (mark,) in conn.execute(query.encode()).fetchall())
