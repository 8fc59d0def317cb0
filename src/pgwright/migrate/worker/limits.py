"""How long each statement of a migration may wait for its locks, in the session that runs it."""

from __future__ import annotations

from pgwright.migrate.messages import Order
from pgwright.migrate.worker.journal import Session
from pgwright.migrate.worker.statements import Statement

_LIMIT = "SELECT set_config('lock_timeout', %(lock)s::text, false)"
_LEAST_SHARE = 4


class Limits:
    """Keep the lock_timeout of a session.

    A concurrent build waits for every older transaction, and giving up costs all of its work. The other
    statements of a transaction share one limit: while the later ones wait, the earlier ones hold locks.
    """

    def __init__(self, order: Order) -> None:
        self._allowed = order.lock_timeout
        self._concurrent = order.concurrent_wait
        self._now = order.lock_timeout  # what the session has
        self._waited = 0.0  # seconds that statements of this transaction took, waits for locks included

    def begin_transaction(self) -> None:
        """Count anew."""
        self._waited = 0.0

    def transaction_lost(self) -> None:
        """Count anew: the rollback took the limits of the transaction back as well."""
        self._waited, self._now = 0.0, self._allowed

    def before(self, session: Session, statement: Statement, *, commits: bool) -> None:
        """Set the limit of the statement that is about to run; `commits` says that it commits by itself."""
        if statement.waits:
            self.wait_long(session)
        elif self._allowed and not commits:
            left = max(self._allowed / _LEAST_SHARE, self._allowed - self._waited)
            if self._now - left > self._allowed / 20 or left > self._now:
                self._set(session, left)
        else:
            self._set(session, self._allowed)

    def after(self, session: Session, statement: Statement, seconds: float, *, commits: bool) -> None:
        """Count what the statement took."""
        if not statement.changes_rows and not commits:
            self._waited += seconds
        if statement.waits:
            self._set(session, self._allowed)

    def wait_long(self, session: Session) -> None:
        """Let the next statement wait for all older transactions."""
        self._set(session, self._concurrent)

    def _set(self, session: Session, seconds: float) -> None:
        if seconds != self._now:
            session.fetch(_LIMIT, {"lock": milliseconds(seconds)})
            self._now = seconds


def milliseconds(seconds: float) -> str:
    """Return a time limit as a setting of the server; 0 is none."""
    return f"{round(seconds * 1000)}ms"
