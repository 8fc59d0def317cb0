"""Carry out a run of migrations with a process of the project's own."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from pgwright.config import Project
from pgwright.errors import LockTimeoutError, MigrationError, PgwrightError
from pgwright.migrate.audience import Audience
from pgwright.migrate.lookout import Lookout, old_transactions
from pgwright.migrate.messages import (
    Connected,
    Mended,
    Order,
    Report,
    RevisionBegan,
    RevisionEnded,
    StatementBegan,
    StatementSkipped,
)
from pgwright.migrate.process import MigrationProcess, OrderFailed
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.standing import require_runnable
from pgwright.migrate.state import state_of
from pgwright.migrate.tools import Tool, digests_of, tool_of
from pgwright.migrate.turn import JOB, turn
from pgwright.migrate.way import UP, Outcome, Pace, RevisionRun, Way
from pgwright.model.run import Run, RunStatus
from pgwright.model.wording import counted
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.state.ledger import Ledger
from pgwright.state.migrations import MigrationLedger

# A lock timeout, a deadlock that the server broke, a serialization failure: the same may go well next time.
_PASSING = frozenset({"55P03", "40P01", "40001"})
_DUPLICATE = frozenset({"42P07", "42710", "42P06", "42701"})
_LOST = (
    "the database may have been migrated already and have lost its record; find the revision that its schema "
    "matches: pgwright migrate repair"
)
_THERE = (
    "if the schema has all of it already, record that: pgwright migrate repair; if not, mend the "
    "revision, then go on: pgwright migrate resume"
)
_LONGEST_PAUSE = 20.0


def carry_out(
    project: Project,
    process: MigrationProcess,
    url: str,
    way: Way,
    *,
    pace: Pace,
    audience: Audience,
    from_start: bool,
) -> Outcome:
    """Wait for the database's turn, look where it stands, and go where `way` leads; see `migrate`."""
    tool = tool_of(project)
    with (
        connect(url, autocommit=True) as conn,
        turn(conn, wait=pace.turn_wait, on_wait=audience.waits_for_turn),
    ):
        files = files_of(project, process)
        state = state_of(conn, project, files)
        require_runnable(files, state)
        if way == Way(direction=UP, target=tool.newest) and not state.pending:
            return Outcome(run=None, done=(), state=state)
        if found := old_transactions(conn):
            audience.old_transactions(found)
        task = _Task(conn, tool, process, pace, audience, state.applied)
        run = task.begin(way, from_start=from_start)
        order = Order(
            verb="upgrade" if way.direction == UP else "downgrade",
            url=url,
            target=way.target,
            run=run.id,
            digests=digests_of(files),
            lock_timeout=pace.lock_timeout,
            statement_timeout=pace.statement_timeout,
            concurrent_wait=pace.concurrent_wait,
            statements=audience.wants_statements,
            options=tool.options,
        )
        finished = task.carry_out(order, run)
        # Its sessions end before the lock does.
        process.finish()
        return Outcome(run=finished, done=tuple(task.done), state=state_of(conn, project, files))


def _cause(exc: BaseException) -> str:
    if isinstance(exc, (KeyboardInterrupt, SystemExit)):
        return "the program was told to end"
    return redact(str(exc)) or type(exc).__name__


@dataclass
class _Task:
    """Carry out one order, as often as it takes."""

    conn: Connection[Any]
    tool: Tool
    process: MigrationProcess
    pace: Pace
    audience: Audience
    applied_before: int
    done: list[RevisionRun] = field(default_factory=list)
    pid: int | None = None
    has_begun: bool = False

    def __post_init__(self) -> None:
        self.ledger = Ledger(conn=self.conn)
        self.lookout = Lookout(self.conn)

    def begin(self, way: Way, *, from_start: bool) -> Run:
        """Write the run into the ledger."""
        self.ledger.prepare()
        known = MigrationLedger(conn=self.conn, tool=self.tool.name)
        known.prepare()
        for part in known.unfinished() if from_start else ():
            known.forget(part.revision)
        self.ledger.abandon_running(JOB)
        return self.ledger.begin(JOB, payload=json.dumps(vars(way)).encode())

    def carry_out(self, order: Order, run: Run) -> Run:
        """Run the order until it succeeds or fails for good, and close the run."""
        try:
            self._persist(order)
        except BaseException as exc:
            if isinstance(exc, MigrationError) and not self.has_begun:
                # An order that makes no sense, such as an unknown revision, is nothing to go on with.
                with suppress(Exception):
                    self.ledger.discard(run.id)
                raise
            # A connection that is gone cannot say so; the next run finds this one abandoned.
            with suppress(Exception):
                cause = _cause(exc)
                self.ledger.finish(run.id, RunStatus.FAILED, result=self._result(), error=cause)
            if isinstance(exc, PgwrightError):
                self._explain(exc, run)
            raise
        return self.ledger.finish(run.id, RunStatus.SUCCEEDED, result=self._result())

    def _persist(self, order: Order) -> None:
        tries, before = 0, -1
        while True:
            try:
                self.process.run(order, hear=self._hear, idle=self._idle)
                return
            except OrderFailed as exc:
                error, failed = exc.error(), exc.failed
                # Another revision has its own attempts.
                tries = tries + 1 if len(self.done) == before else 1
                before = len(self.done)
                self._name_blockers(error)
                if failed.sqlstate not in _PASSING or tries >= self.pace.attempts:
                    if failed.sqlstate in _DUPLICATE:
                        error.hint = _THERE if self.applied_before else _LOST
                    raise error from exc
                # Random, so that two who stand in each other's way do not meet again and again.
                pause = random.uniform(0.1, min(_LONGEST_PAUSE, 0.5 * 2**tries))  # noqa: S311
                self.audience.tries_again(failed.revision, error, pause=pause)
                time.sleep(pause)

    def _hear(self, report: Report) -> None:
        match report:
            case Connected(pid):
                self.pid = pid
            case RevisionBegan(revision, direction):
                self.has_begun = True
                self.audience.began(revision, direction)
            case StatementBegan(_, sql):
                self.audience.statement(sql)
            case StatementSkipped(_, sql):
                self.audience.skipped(sql)
            case RevisionEnded(revision, direction, seconds):
                self.done.append(RevisionRun(revision=revision, direction=direction, seconds=seconds))
                self.audience.ended(revision, direction, seconds)
            case Mended(name):
                self.audience.mended(name)

    def _idle(self) -> None:
        if self.pid is None:
            return
        seen = self.lookout.look(self.pid)
        if seen.blockers:
            self.audience.blocked(seen.blockers)
        if seen.build:
            self.audience.builds(seen.build)
        if seen.statement:
            self.audience.works(seen.statement)

    def _name_blockers(self, error: PgwrightError) -> None:
        found, self.lookout.blockers = self.lookout.blockers, ()
        if isinstance(error, LockTimeoutError) and found:
            who = ", ".join(str(blocker) for blocker in found)
            error.detail = f"blocked by {who}; {error.detail}"
            error.hint = (
                f"wait for pid {found[-1].pid} or end it: SELECT pg_terminate_backend({found[-1].pid})"
            )

    def _result(self) -> dict[str, Any]:
        return {"revisions": [vars(done) for done in self.done]}

    def _explain(self, error: PgwrightError, run: Run) -> None:
        """Add to an error where the run stands and how it goes on."""
        stays = (
            f"after {counted(len(self.done), 'revision')}; what is done stays"
            if self.done
            else "before any was done"
        )
        state = f"run {run.id} stopped {stays}"
        error.detail = f"{error.detail}; {state}" if error.detail else state
        onward = "pgwright migrate resume"
        if error.hint == _LOST:
            return
        if onward not in (error.hint or ""):
            error.hint = (
                f"{error.hint}; then go on: {onward}" if error.hint else f"mend that, then go on: {onward}"
            )
