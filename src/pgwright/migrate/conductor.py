"""What happens around each revision and statement of a project's migrations, in the process that runs them.

The runner of each tool calls the methods here; nothing here knows which tool it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from psycopg import sql

from pgwright.diff.witness import Seen, Witness
from pgwright.migrate.evidence import before_build, indexes, took_effect, traces
from pgwright.migrate.journal import Journal, Session
from pgwright.migrate.messages import (
    Connected,
    Demand,
    Mended,
    Order,
    Proceed,
    Report,
    RevisionBegan,
    RevisionEnded,
    StatementBegan,
    StatementEnded,
    StatementSkipped,
)
from pgwright.migrate.stand_in import stand_in
from pgwright.migrate.statements import Form, Statement, classify
from pgwright.migrate.turn import WORK_LOCK
from pgwright.pg.session import lock_key

_OPEN = (
    "SELECT pg_backend_pid(), current_setting('server_version_num')::int / 10000, "
    "set_config('lock_timeout', %(lock)s::text, false), "
    "set_config('statement_timeout', %(statement)s::text, false), "
    "pg_advisory_lock_shared(%(key)s::bigint)"
)
# Without it, the server would finish the statement of a process that was killed, and only then look.
_CHECK_CLIENT = "SELECT set_config('client_connection_check_interval', '1s', false)"
_LIMIT = "SELECT set_config('lock_timeout', %(lock)s::text, false)"
_RECORD = (
    "WITH run AS (UPDATE pgwright.run SET watermark = %(revision)s::text, heartbeat_at = clock_timestamp() "
    "WHERE id = %(run)s::text) "
    "INSERT INTO pgwright.migration (tool, revision, direction, digest, run, seconds) "
    "VALUES (%(tool)s::text, %(revision)s::text, %(direction)s::text, %(digest)s::text, %(run)s::text, "
    "%(seconds)s::float8)"
)
_LEAST_SHARE = 4


class Wire(Protocol):
    """Be the end of the channel to the program that gave the order."""

    def send(self, message: Report) -> None:
        """Tell something."""

    def receive(self) -> Demand:
        """Wait for what to do next."""


@dataclass(kw_only=True)
class _Running:
    """Hold a revision while it runs."""

    name: str
    direction: str
    started: float
    journal: Journal | None
    is_recorded: bool = False


@dataclass(kw_only=True)
class _Current:
    """Hold the statement that runs."""

    text: str
    parameters: Any
    statement: Statement
    line: int = 0
    commits: bool = False
    started: float = field(default_factory=time.perf_counter)
    is_wrapped: bool = False


class Conductor:
    """Carry out one order: tell of progress, set time limits, keep the journal, watch on scratch."""

    def __init__(
        self, tool: str, order: Order, channel: Wire, *, line: Callable[[str], int] | None = None
    ) -> None:
        self._tool = tool
        self._order = order
        self._channel = channel
        self._pid, self._major = 0, 0
        self._number = 0
        self._revision: _Running | None = None
        self._current: _Current | None = None
        self._is_first = True
        self._waited = 0.0  # seconds that statements of this transaction took, waits for locks included
        self._limit = order.lock_timeout
        self._witness: Witness | None = None
        self._line = line  # tells where in the revision's file the statement that is about to run stands
        self._transaction = 0
        self._whole = ""  # what the journal holds as one statement, of which that at work is a part

    @property
    def revision(self) -> str | None:
        """Return the revision that runs."""
        return self._revision.name if self._revision else None

    @property
    def left(self) -> str:
        """Say what state a failure now leaves things in."""
        if self._revision is None:
            return "nothing was run"
        if self.is_partial:
            return f"a part of revision {self._revision.name} is committed, and on record for a resume"
        return f"revision {self._revision.name} was rolled back"

    @property
    def is_partial(self) -> bool:
        """Tell whether a part of the revision is committed."""
        journal = self._revision.journal if self._revision else None
        return bool(journal and journal.is_written)

    def session_begins(self, session: Session) -> None:
        """Prepare a session that the project has opened: its time limits, and the sign that it is at work."""
        values = {
            "lock": milliseconds(self._order.lock_timeout),
            "statement": milliseconds(self._order.statement_timeout),
            "key": lock_key(WORK_LOCK),
        }
        ((self._pid, self._major, *_),) = session.fetch(_OPEN, values)
        if self._major >= 14:
            session.fetch(_CHECK_CLIENT)
        self._channel.send(Connected(self._pid))

    def revision_begins(self, session: Session, name: str, direction: str) -> None:
        """Begin a revision; called outside of its transaction."""
        journal = Journal(tool=self._tool, revision=name, direction=direction) if self._order.run else None
        if journal is not None and self._is_first:
            # Only the first one can have been begun before: the others come after it.
            journal.load(session, self._major)
        self._is_first, self._number, self._waited = False, 0, 0.0
        self._transaction += 1
        self._revision = _Running(
            name=name, direction=direction, started=time.perf_counter(), journal=journal
        )
        if self._order.observe and self._witness is None:
            self._witness = Witness(self._order.url, session.fetch, pid=self._pid, major=self._major)
        self._channel.send(RevisionBegan(name, direction))

    def statement_begins(self, session: Session, text: str, parameters: Any) -> str | None:
        """Prepare for a statement; if it is committed already, return what is to run in its place.

        Raises `MigrationDiverged` where an earlier attempt has committed another statement at this place.
        """
        revision = self._revision
        if revision is None or revision.is_recorded:
            return None
        statement = classify(text)
        if statement.form is Form.READS:
            if self._witness:
                self._watch(session, text, parameters, statement)
            return None
        self._number += 1
        journal = self._journal
        entry = journal.next(text, parameters) if journal else None
        if journal and entry:
            if not entry.is_done and took_effect(session, statement, self._major, after=entry.evidence):
                journal.ended(session, text, parameters)
                entry = replace(entry, is_done=True)
            if entry.is_done:
                self._channel.send(StatementSkipped(self._number, text))
                return stand_in(session, entry.row_count)
        self._mend(session, statement, entry.evidence if entry else None)
        self._set_limit(session, statement)
        if self._order.statements:
            self._channel.send(StatementBegan(self._number, text))
        self._watch(session, text, parameters, statement)
        return None

    def statement_ends(self, session: Session, row_count: int) -> None:
        """Note that the statement which began last has ended."""
        current, revision = self._current, self._revision
        if current is None or revision is None:
            return
        self._current = None
        seconds = time.perf_counter() - current.started
        if self._witness:
            self._tell_end(current, seconds, self._witness.after())
        if current.statement.form is Form.READS:
            return
        if self._journal and current.commits:
            evidence = traces(session) if current.is_wrapped and not current.statement.changes_rows else None
            self._journal.ended(
                session, current.text, current.parameters, row_count=row_count, evidence=evidence
            )
            if current.is_wrapped:
                session.fetch("COMMIT")
        elif self._journal:
            self._journal.note(current.text, current.parameters, row_count=row_count)
        if not current.statement.changes_rows and not current.commits:
            self._waited += seconds
        if current.statement.waits:
            self._set(session, self._order.lock_timeout)

    def statement_failed(self, session: Session) -> None:
        """Take back what was put around a statement that failed."""
        current, self._current = self._current, None
        if current is not None and current.is_wrapped:
            session.fetch("ROLLBACK")

    @contextmanager
    def whole(self, session: Session, text: str) -> Iterator[bool]:
        """Hold what the block runs as one statement, called `text`; yield False if that is committed already.

        For work whose statements follow from the state of the database: after a part of the revision is
        committed, they would be others. The block has to be within one transaction.
        """
        journal = self._journal
        entry = journal.next(text, ()) if journal else None
        if entry and entry.is_done:
            self._number += 1
            self._channel.send(StatementSkipped(self._number, text))
            yield False
            return
        if session.in_autocommit:
            self._next_transaction()
        self._whole = text
        try:
            yield True
        finally:
            self._whole = ""
        if journal and session.in_autocommit:
            journal.ended(session, text, ())
        elif journal:
            journal.note(text, (), row_count=0)

    def transaction_ends(self, session: Session) -> None:
        """Write the journal into the transaction that is about to commit."""
        self._next_transaction()
        if self._revision and self._revision.journal and not self._revision.is_recorded:
            self._revision.journal.write(session)

    def transaction_lost(self) -> None:
        """Forget what a rollback has taken back."""
        self._waited, self._limit = 0.0, self._order.lock_timeout
        if self._revision and self._revision.journal:
            self._revision.journal.forget()

    def revision_ends(self, session: Session) -> None:
        """Write down that the revision ran, in the transaction that commits its version."""
        revision = self._revision
        if revision is None or revision.journal is None:
            return
        revision.is_recorded = True
        values = {
            "tool": self._tool,
            "revision": revision.name,
            "direction": revision.direction,
            "digest": self._order.digests.get(revision.name),
            "run": self._order.run,
            "seconds": time.perf_counter() - revision.started,
        }
        session.fetch(_RECORD, values)
        revision.journal.clear(session)

    def revision_committed(self) -> None:
        """Tell that a revision is committed, and wait for the word to go on where that was asked for."""
        revision, self._revision = self._revision, None
        if revision is None:
            return
        seconds = time.perf_counter() - revision.started
        self._channel.send(RevisionEnded(revision.name, revision.direction, seconds))
        while self._order.pause and not isinstance(self._channel.receive(), Proceed):
            continue

    def close(self) -> None:
        """Let go of what watching needed."""
        if self._witness:
            self._witness.close()

    @property
    def _journal(self) -> Journal | None:
        """Return the journal that statements are to be written into."""
        return self._revision.journal if self._revision and not self._whole else None

    def _commits(self, session: Session) -> bool:
        """Tell whether the statement that begins commits by itself."""
        return session.in_autocommit and not self._whole

    def _next_transaction(self) -> None:
        self._waited = 0.0
        self._transaction += 1
        if self._witness:
            self._witness.begin_transaction()

    def _watch(self, session: Session, text: str, parameters: Any, statement: Statement) -> None:
        """Begin to follow a statement, and to record it where no transaction does."""
        commits = self._commits(session)
        alone = statement.form is Form.ALONE and commits
        if self._witness:
            paths = _paths(session, statement) if alone else None
            if commits:
                self._next_transaction()
            self._witness.before(alone_on=paths)
        line = self._line(text) if self._witness and self._line else 0
        self._current = _Current(
            text=text, parameters=parameters, statement=statement, line=line, commits=commits
        )
        if statement.form is Form.READS or not self._journal:
            return
        if alone:
            self._journal.begun(session, text, parameters, evidence=before_build(session, statement))
        elif commits:
            session.fetch("BEGIN")
            self._current.is_wrapped = True

    def _tell_end(self, current: _Current, seconds: float, seen: Seen) -> None:
        locks = {path: mode.value for path, mode in seen.locks_by_path.items()}
        self._channel.send(
            StatementEnded(
                self._number,
                current.text,
                seconds,
                locks=locks,
                rewrites=seen.rewrites,
                line=current.line,
                transaction=self._transaction,
                commits=current.commits,
                whole=self._whole,
            )
        )

    def _mend(self, session: Session, statement: Statement, after: str | None) -> None:
        """Drop the index that a concurrent build of this name, or an earlier attempt, left when it failed."""
        if statement.table is None or not self._commits(session):
            return
        for schema, name, is_valid, is_being_built in indexes(session, statement, self._major, after=after):
            if not is_valid and not is_being_built:
                self._set(session, self._order.concurrent_wait)
                drop = sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(schema, name))
                session.fetch(drop.as_string())
                self._channel.send(Mended(f"{schema}.{name}"))

    def _set_limit(self, session: Session, statement: Statement) -> None:
        """Choose how long the statement may wait for its locks.

        A concurrent build waits for every older transaction, and giving up costs all of its work. The other
        statements of a transaction share one limit: while the later ones wait, the earlier ones hold locks.
        """
        allowed = self._order.lock_timeout
        if statement.waits:
            self._set(session, self._order.concurrent_wait)
        elif allowed and not self._commits(session):
            left = max(allowed / _LEAST_SHARE, allowed - self._waited)
            if self._limit - left > allowed / 20 or left > self._limit:
                self._set(session, left)
        else:
            self._set(session, allowed)

    def _set(self, session: Session, seconds: float) -> None:
        if seconds != self._limit:
            session.fetch(_LIMIT, {"lock": milliseconds(seconds)})
            self._limit = seconds


def milliseconds(seconds: float) -> str:
    """Return a time limit as a setting of the server; 0 is none."""
    return f"{round(seconds * 1000)}ms"


def _paths(session: Session, statement: Statement) -> list[str]:
    """Return the table of a concurrent build, as the witness names it."""
    query = (
        "SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n "
        "ON n.oid = c.relnamespace WHERE c.oid = coalesce(to_regclass(%(table)s::text), "
        "(SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass(%(index)s::text)))"
    )
    values = {"table": statement.table, "index": statement.drops}
    return [path for (path,) in session.fetch(query, values)]
