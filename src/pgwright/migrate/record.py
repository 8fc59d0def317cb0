"""Write down where a database stands, running nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgwright.migrate.messages import Order
from pgwright.migrate.process import OrderFailed, migration_process
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.runs import REPAIR
from pgwright.migrate.standing import is_open
from pgwright.migrate.state import MigrationState, state_of
from pgwright.migrate.tools import tool_of
from pgwright.migrate.turn import turn
from pgwright.model.run import RunStatus
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.state.ledger import Ledger
from pgwright.state.migrations import MigrationLedger

if TYPE_CHECKING:
    from pgwright.config import Project


def record(project: Project, url: str, revisions: tuple[str, ...]) -> MigrationState:
    """Write down that the database is at `revisions`; what was on record is replaced.

    The journal of a half-done revision that is now where it was going is forgotten.
    """
    tool = tool_of(project)
    with (
        migration_process(tool, url=url, live=True) as process,
        connect(url, autocommit=True) as conn,
        turn(conn, wait=30),
    ):
        ledger, known = Ledger(conn=conn), MigrationLedger(conn=conn, tool=tool.name)
        ledger.prepare()
        known.prepare()
        ledger.abandon_running(REPAIR)
        run = ledger.begin(REPAIR)
        order = Order(verb="stamp", url=url, target=" ".join(revisions) or tool.oldest, options=tool.options)
        try:
            process.run(order)
        except OrderFailed as exc:
            error = exc.error()
            ledger.finish(run.id, RunStatus.FAILED, error=redact(str(error)))
            raise error from exc
        for revision in revisions:
            known.stamp(revision, run.id)
        ledger.finish(run.id, RunStatus.SUCCEEDED, result={"revisions": list(revisions)})
        process.finish()
        state = state_of(conn, project, files_of(project))
        for part in known.unfinished():
            if not is_open(part, state):
                known.forget(part.revision)
        return state
