"""What happens around each revision and statement of a project's migrations, in the process that runs them.

The runner of each tool calls the methods here; nothing here knows which tool it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from psycopg import sql

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
    StatementSkipped,
)
from pgwright.migrate.turn import WORK_LOCK
from pgwright.migrate.worker.evidence import before_build, indexes, took_effect, traces
from pgwright.migrate.worker.journal import Journal, Session
from pgwright.migrate.worker.limits import Limits, milliseconds
from pgwright.migrate.worker.onlooker import LineOf, Onlooker
from pgwright.migrate.worker.stand_in import stand_in
from pgwright.migrate.worker.statements import Form, Statement, classify
from pgwright.pg.session import lock_key

_OPEN = (
    "SELECT pg_backend_pid(), current_setting('server_version_num')::int / 10000, "
    "set_config('lock_timeout', %(lock)s::text, false), "
    "set_config('statement_timeout', %(statement)s::text, false), "
    "pg_advisory_lock_shared(%(key)s::bigint)"
)
# Without it, the server would finish the statement of a process that was killed, and only then look.
_CHECK_CLIENT = "SELECT set_config('client_connection_check_interval', '1s', false)"
_RECORD = (
    "WITH run AS (UPDATE pgwright.run SET watermark = %(revision)s::text, heartbeat_at = clock_timestamp() "
    "WHERE id = %(run)s::text) "
    "INSERT INTO pgwright.migration (tool, revision, direction, digest, run, seconds) "
    "VALUES (%(tool)s::text, %(revision)s::text, %(direction)s::text, %(digest)s::text, %(run)s::text, "
    "%(seconds)s::float8)"
)


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
    commits: bool = False
    started: float = field(default_factory=time.perf_counter)
    is_wrapped: bool = False


class Conductor:
    """Carry out one order: tell of progress, keep the journal, have limits set and statements watched."""

    def __init__(self, tool: str, order: Order, channel: Wire, *, line: LineOf | None = None) -> None:
        self._tool = tool
        self._order = order
        self._channel = channel
        self._pid, self._major = 0, 0
        self._number = 0
        self._revision: _Running | None = None
        self._current: _Current | None = None
        self._is_first = True
        self._limits = Limits(order)
        self._onlooker = Onlooker(order=order, line=line)
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
        self._is_first, self._number = False, 0
        self._limits.begin_transaction()
        self._revision = _Running(
            name=name, direction=direction, started=time.perf_counter(), journal=journal
        )
        self._onlooker.begin_revision(session, self._pid, self._major)
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
            if self._onlooker.is_watching:
                self._begin(session, text, parameters, statement)
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
        self._limits.before(session, statement, commits=self._commits(session))
        if self._order.statements:
            self._channel.send(StatementBegan(self._number, text))
        self._begin(session, text, parameters, statement)
        return None

    def statement_ends(self, session: Session, row_count: int) -> None:
        """Note that the statement which began last has ended."""
        current, revision = self._current, self._revision
        if current is None or revision is None:
            return
        self._current = None
        seconds = time.perf_counter() - current.started
        seen = self._onlooker.after(
            self._number, current.text, seconds, commits=current.commits, whole=self._whole
        )
        if seen:
            self._channel.send(seen)
        if current.statement.form is Form.READS:
            return
        if self._journal and current.commits:
            evidence = traces(session) if current.is_wrapped and not current.statement.changes_rows else None
            self._journal.ended(
                session, current.text, current.parameters, row_count=row_count, evidence=evidence
            )
        elif self._journal:
            self._journal.note(current.text, current.parameters, row_count=row_count)
        if current.is_wrapped:
            session.fetch("COMMIT")
        self._limits.after(session, current.statement, seconds, commits=current.commits)

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
        self._limits.transaction_lost()
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
        self._onlooker.close()

    @property
    def _journal(self) -> Journal | None:
        """Return the journal that statements are to be written into."""
        return self._revision.journal if self._revision and not self._whole else None

    def _commits(self, session: Session) -> bool:
        """Tell whether the statement that begins commits by itself."""
        return session.in_autocommit and not self._whole

    def _next_transaction(self) -> None:
        self._limits.begin_transaction()
        self._onlooker.begin_transaction()

    def _begin(self, session: Session, text: str, parameters: Any, statement: Statement) -> None:
        """Begin to follow a statement, and to record it where no transaction does."""
        commits = self._commits(session)
        alone = statement.form is Form.ALONE and commits
        if commits:
            self._next_transaction()
        self._onlooker.before(session, text, statement, alone=alone)
        self._current = _Current(text=text, parameters=parameters, statement=statement, commits=commits)
        if statement.form is Form.READS:
            return
        if alone and self._journal:
            self._journal.begun(session, text, parameters, evidence=before_build(session, statement))
        elif commits and not alone and (self._journal or self._onlooker.is_watching):
            # For its entry to be committed with it, and for its locks to be seen before they end.
            session.fetch("BEGIN")
            self._current.is_wrapped = True

    def _mend(self, session: Session, statement: Statement, after: str | None) -> None:
        """Drop the index that a concurrent build of this name, or an earlier attempt, left when it failed."""
        if statement.table is None or not self._commits(session):
            return
        for schema, name, is_valid, is_being_built in indexes(session, statement, self._major, after=after):
            if not is_valid and not is_being_built:
                self._limits.wait_long(session)
                drop = sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(schema, name))
                session.fetch(drop.as_string())
                self._channel.send(Mended(f"{schema}.{name}"))
