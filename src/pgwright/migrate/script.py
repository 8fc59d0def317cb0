"""The SQL that a project's migrations would run, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgwright.errors import RevisionError
from pgwright.migrate.messages import Order
from pgwright.migrate.process import OrderFailed, migration_process
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.state import DJANGO, MigrationState, state_of
from pgwright.migrate.tools import tool_of
from pgwright.pg.connect import connect

if TYPE_CHECKING:
    from pgwright.config import Project
    from pgwright.migrate.revisions.graph import Revisions


def script_of(project: Project, url: str, *, target: str | None = None, start: str | None = None) -> str:
    """Return the statements from `start` (default: where the database stands) up to `target`.

    Raises `RevisionError` for a revision that no file has, and `MigrationError` where a migration asks the
    database something and can therefore not be written down.
    """
    tool, files = tool_of(project), files_of(project)
    target = target or tool.newest
    at = None if start in ("base", "zero") else _state(project, url, files)
    if tool.name == DJANGO:
        wanted = _wanted(files, at, target, start)
        order = Order(verb="sql", url=url, options={**tool.options, "revisions": wanted})
        return _asked(project, url, order)
    begin = start or ",".join(at.current if at else ()) or tool.oldest
    if at is not None and not at.pending and start is None:
        return ""
    order = Order(verb="sql", url=url, target=f"{begin}:{target}", options=tool.options)
    return _asked(project, url, order)


def _asked(project: Project, url: str, order: Order) -> str:
    with migration_process(tool_of(project), url=url, live=True) as process:
        try:
            return str(process.run(order))
        except OrderFailed as exc:
            raise exc.error() from exc


def _state(project: Project, url: str, files: Revisions) -> MigrationState:
    with connect(url, autocommit=True) as conn:
        return state_of(conn, project, files)


def _wanted(files: Revisions, at: MigrationState | None, target: str, start: str | None) -> list[str]:
    ends = [id for id in files.heads if id == target or id.startswith(f"{target}.") or not target]
    ends = ends or [id for id in files.by_id if id == target or id.startswith(target)]
    if not ends:
        raise RevisionError(
            f"no migration is called {target}",
            detail="nothing was run",
            hint="see them all: pgwright migrate history",
        )
    here = files.ancestors(files.heads)
    pending = {revision.id for revision in at.pending} if at is not None else set(here)
    if start and start != "zero":
        pending = set(here) - files.ancestors([start])
    return [revision.id for revision in files.in_order(pending & files.ancestors(ends))]
