"""Run migrations on a scratch copy first: what do they lock, where do they lead, what do they delete?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pgwright.diff.compare import compare, summarise
from pgwright.diff.comparison import comparable
from pgwright.errors import PgwrightError, RehearsalFailed, RevisionError
from pgwright.kinds.table import Table
from pgwright.migrate.messages import Order, Report, RevisionBegan, RevisionEnded, StatementEnded
from pgwright.migrate.process import OrderFailed, migration_process
from pgwright.migrate.rehearsal.scratch import Copy, scratch_copy
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.standing import require_runnable
from pgwright.migrate.state import state_of
from pgwright.migrate.tools import Tool, tool_of
from pgwright.migrate.way import UP, RevisionRun, Way
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change, Op
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.selection import Selection
from pgwright.pg.connect import connect
from pgwright.sources.database import read_catalog
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop

if TYPE_CHECKING:
    from pgwright.config import Project


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Record what one statement did on scratch.

    `locks` are the strongest on each relation that stood before, by path, without those that stand in
    nobody's way; `rewrites` the tables whose file was replaced.
    """

    revision: str
    sql: str
    seconds: float
    locks: Mapping[str, LockMode]
    rewrites: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MigrationRehearsal:
    """Hold the outcome of a rehearsal.

    `estimates` are the rows of the live tables by path. `differences` lead from the end to the models, None
    where that was not asked: no models, or not the newest revision. `lost` are the tables and columns that
    stood before and do not stand in the end.
    """

    revisions: tuple[RevisionRun, ...]
    statements: tuple[Observed, ...]
    estimates: Mapping[str, float]
    rows: int
    differences: tuple[Change, ...] | None = None
    lost: tuple[ObjectId, ...] = ()


@dataclass
class _Hearing:
    table: str
    revisions: list[RevisionRun] = field(default_factory=list)
    statements: list[Observed] = field(default_factory=list)
    revision: str = ""

    def __call__(self, report: Report) -> None:
        match report:
            case RevisionBegan(revision):
                self.revision = revision
            case StatementEnded(_, sql, seconds, locks, rewrites):
                modes = {path: LockMode(mode) for path, mode in locks.items()}
                self.statements.append(
                    Observed(
                        revision=self.revision,
                        sql=sql,
                        seconds=seconds,
                        locks={path: mode for path, mode in modes.items() if self._matters(path, mode)},
                        rewrites=rewrites,
                    )
                )
            case RevisionEnded(revision, direction, seconds):
                self.revisions.append(RevisionRun(revision=revision, direction=direction, seconds=seconds))

    def _matters(self, path: str, mode: LockMode) -> bool:
        return mode.rank > LockMode.ROW_EXCLUSIVE.rank and path.rpartition(".")[2] != self.table


def rehearse_migrations(project: Project, url: str, *ways: Way, with_data: int = 0) -> MigrationRehearsal:
    """Run `ways` one after the other on a scratch copy of the database at `url`, which is only read.

    Raises `RehearsalFailed` with what the migration said when it fails, and `RevisionError` where it cannot
    be known what should run.
    """
    tool, files = tool_of(project), files_of(project)
    hearing = _Hearing(tool.table)
    with connect(url, autocommit=True) as conn:
        require_runnable(files, state_of(conn, project, files))
    with scratch_copy(project, tool, url, with_data=with_data) as copy:
        with migration_process(tool, url=copy.url) as process:
            for way in ways:
                try:
                    process.run(_order(tool, copy, way), hear=hearing)
                except OrderFailed as exc:
                    raise _failed(exc.error(), exc.failed.revision) from exc
        with connect(copy.url) as conn:
            end = read_catalog(conn, source="rehearsal")
        newest = ways[-1] == Way(direction=UP, target=tool.newest)
        return MigrationRehearsal(
            revisions=tuple(hearing.revisions),
            statements=tuple(hearing.statements),
            estimates=copy.estimates,
            rows=copy.rows,
            differences=_differences(project, copy.url, end) if newest and project.models else None,
            lost=tuple(_lost(copy.before, end)),
        )


def _order(tool: Tool, copy: Copy, way: Way) -> Order:
    verb = "upgrade" if way.direction == UP else "downgrade"
    # Nobody else is on scratch: whoever is waited for there stands in the way for a look.
    return Order(
        verb=verb, url=copy.url, target=way.target, lock_timeout=30, observe=True, options=tool.options
    )


def _failed(error: PgwrightError, revision: str | None) -> PgwrightError:
    if isinstance(error, RevisionError):
        return error
    where = f"revision {revision} fails" if revision else "the migrations fail"
    detail = f"{error.message}; {error.detail}" if error.detail else error.message
    return RehearsalFailed(
        f"{where} on a scratch copy of the schema",
        detail=f"{detail}; the database itself was not touched",
        hint=error.hint or "correct the migration, then rehearse again: pgwright migrate upgrade --rehearse",
    )


def _differences(project: Project, url: str, end: Catalog) -> tuple[Change, ...]:
    assert project.models is not None
    extensions = tuple(o.id.name.name for o in end.of("extension") if o.id.name.name != "plpgsql")
    workshop = Workshop(root=project.root, scratch=project.scratch, extensions=extensions)
    models = load_catalog(project.models, workshop)
    return comparable(
        end, models, before=url, after=project.models, workshop=workshop, selection=Selection()
    ).changes


def _lost(before: Catalog, end: Catalog) -> list[ObjectId]:
    """Return the tables, and the columns of tables that stay, which hold data before and are gone after."""
    gone = [
        c.id
        for c in summarise(compare(before, end))
        if c.op is Op.DROP and c.id.kind in ("table", "column", "materialized_view")
    ]
    return [id for id in gone if not _is_counted_elsewhere(before.get(id), gone, end)]


def _is_counted_elsewhere(o: Any, gone: Collection[ObjectId], end: Catalog) -> bool:
    """Tell whether the rows of a partition go with its table, or are in that when it is plain again."""
    table = getattr(o, "partition_of", None)
    if table is None:
        return False
    left = end.get(table)
    return table in gone or (o.managed and isinstance(left, Table) and not left.is_partitioned)
