"""Run migrations on a live database: one at a time, patient with locks, on record, ready to go on."""

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
from pgwright.migrate.files import files_of
from pgwright.migrate.lookout import Lookout, old_transactions
from pgwright.migrate.messages import (
    Connected,
    Mended,
    Order,
    Report,
    RevisionBegan,
    RevisionEnded,
    StatementBegan,
)
from pgwright.migrate.process import MigrationProcess, OrderFailed, migration_process
from pgwright.migrate.standing import require_runnable
from pgwright.migrate.state import MigrationState, migration_state
from pgwright.migrate.tools import Tool, digests_of, tool_of
from pgwright.migrate.turn import JOB, turn
from pgwright.model.run import Run, RunStatus
from pgwright.model.wording import counted
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.state.ledger import Ledger
from pgwright.state.migrations import MigrationLedger

UP, DOWN = "up", "down"
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


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Say how patient a run is; times in seconds, 0 is no limit.

    `lock_timeout` holds for the locks of a transaction together, and while a statement waits for one, others
    queue behind it. `concurrent_wait` is for what waits for older transactions by design. A revision is tried
    `attempts` times; `turn_wait` is how long another run's end is waited for.
    """

    lock_timeout: float = 2.0
    statement_timeout: float = 0.0
    concurrent_wait: float = 600.0
    attempts: int = 20
    turn_wait: float = 3600.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """Say where a run leads: ``up`` or ``down`` to a revision, as the tool spells it."""

    direction: str
    target: str


@dataclass(frozen=True, kw_only=True)
class RevisionRun:
    """Record one revision that was run."""

    revision: str
    direction: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Report a run: None where there was nothing to do; `state` is where the database stands now."""

    run: Run | None
    done: tuple[RevisionRun, ...]
    state: MigrationState


def migrate(
    project: Project,
    url: str,
    way: Way,
    *,
    pace: Pace | None = None,
    audience: Audience | None = None,
    from_start: bool = False,
) -> Outcome:
    """Run the project's migrations on the database at `url`.

    One run at a time: another one's end is waited for, and where it leaves nothing to do, nothing is done. A
    revision that cannot have its locks is tried again, each time as a whole or from the statement that is not
    committed yet. `from_start` forgets which statements of a half-done revision are committed.

    Raises `LockTimeoutError`, `StatementError`, `MigrationError` for what fails: what came before it stays.
    """
    pace, audience = pace or Pace(), audience or Audience()
    tool = tool_of(project)
    with (
        migration_process(tool, url=url, say=audience.said) as process,
        connect(url, autocommit=True) as conn,
        turn(conn, wait=pace.turn_wait, on_wait=audience.waits_for_turn),
    ):
        files = files_of(project, process)
        state = _state(conn, project, files)
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
            options=tool.options,
        )
        finished = task.carry_out(order, run)
        # Its sessions end before the lock does.
        process.finish()
        return Outcome(run=finished, done=tuple(task.done), state=_state(conn, project, files))


def _state(conn: Connection[Any], project: Project, files: Any) -> MigrationState:
    state = migration_state(conn, project, files)
    assert state is not None
    return state


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
                cause = redact(str(exc)) or type(exc).__name__
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
            case StatementBegan(_, sql, is_skipped):
                self.audience.statement(sql, is_skipped=is_skipped)
            case RevisionEnded(revision, direction, seconds):
                self.done.append(RevisionRun(revision=revision, direction=direction, seconds=seconds))
                self.audience.ended(revision, direction, seconds)
            case Mended(name):
                self.audience.mended(name)

    def _idle(self) -> None:
        if self.pid is None:
            return
        blockers, progress = self.lookout.look(self.pid)
        if blockers:
            self.audience.blocked(blockers)
        if progress:
            self.audience.builds(progress)

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


def last_way(conn: Connection[Any]) -> tuple[Run, Way] | None:
    """Return the newest run of migrations in the ledger and where it led, None where there is none."""
    ledger = Ledger(conn=conn)
    run = ledger.last(JOB) if ledger.exists() else None
    payload = ledger.payload(run.id) if run else None
    if run is None or payload is None:
        return None
    return run, Way(**json.loads(payload))


def ask(project: Project, url: str, order: Order) -> Any:
    """Let the project's process carry out an order that changes nothing, such as ``sql``."""
    with migration_process(tool_of(project), url=url) as process:
        try:
            return process.run(order)
        except OrderFailed as exc:
            raise exc.error() from exc


def record(project: Project, url: str, revisions: tuple[str, ...]) -> MigrationState:
    """Write down that the database is at `revisions`, running nothing; what was on record is replaced."""
    tool = tool_of(project)
    with (
        migration_process(tool, url=url) as process,
        connect(url, autocommit=True) as conn,
        turn(conn, wait=30),
    ):
        ledger, known = Ledger(conn=conn), MigrationLedger(conn=conn, tool=tool.name)
        ledger.prepare()
        known.prepare()
        run = ledger.begin("migrate repair")
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
        return _state(conn, project, files_of(project))
