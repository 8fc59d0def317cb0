"""The revisions of a project: read from their files, or told by its tool where that is not enough."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgwright.errors import SourceError
from pgwright.migrate.messages import Order
from pgwright.migrate.process import MigrationProcess, OrderFailed, migration_process
from pgwright.migrate.revisions.graph import Revision, Revisions
from pgwright.migrate.state import DJANGO, migration_files
from pgwright.migrate.tools import Tool, tool_of
from pgwright.sources.subprocess_build import NO_DATABASE

if TYPE_CHECKING:
    from pgwright.config import Project


def files_of(project: Project, process: MigrationProcess | None = None) -> Revisions:
    """Return the revisions on disk.

    Reading takes milliseconds and runs nothing. Where the files do not say which there are (INSTALLED_APPS
    put together by a program, revisions without a literal id), the tool is asked, in `process` or in one of
    its own.
    Raises `UsageError`, `SourceError` and `MigrationError`.
    """
    tool = tool_of(project)
    try:
        files = migration_files(project)
        assert files is not None
        if files.by_id:
            return files
    except SourceError as exc:
        # A file that cannot be read has a cause, and stays unreadable for the tool.
        if tool.name != DJANGO or exc.__cause__ is not None:
            raise
    if process is not None:
        return _told(tool, process)
    with migration_process(tool, url=NO_DATABASE) as own:
        return _told(tool, own)


def _told(tool: Tool, process: MigrationProcess) -> Revisions:
    try:
        found: Any = process.run(Order(verb="revisions", url=NO_DATABASE, options=tool.options))
    except OrderFailed as exc:
        raise exc.error() from exc
    return Revisions(by_id={told["id"]: _revision(told) for told in found})


def _revision(told: Mapping[str, Any]) -> Revision:
    return Revision(
        id=told["id"],
        parents=tuple(told["parents"]),
        message=told["message"],
        path=Path(told["path"]),
        replaces=tuple(told["replaces"]),
    )
