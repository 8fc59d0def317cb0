"""What the statements of a migration lock and rewrite, told to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pgwright.diff.witness import Witness
from pgwright.migrate.messages import Order, StatementEnded
from pgwright.migrate.worker.journal import Session
from pgwright.migrate.worker.statements import Statement

LineOf = Callable[[str], int]

_PATHS = (
    "SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n "
    "ON n.oid = c.relnamespace WHERE c.oid = coalesce(to_regclass(%(table)s::text), "
    "(SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass(%(index)s::text)))"
)


@dataclass(kw_only=True)
class Onlooker:
    """Watch the statements of a session; `line` tells where in the revision's file each one stands."""

    order: Order
    line: LineOf | None = None
    _witness: Witness | None = field(default=None, init=False)
    _transaction: int = field(default=0, init=False)
    _stands_at: int = field(default=0, init=False)

    @property
    def is_watching(self) -> bool:
        """Tell whether anybody asked, and there is a revision to watch."""
        return self._witness is not None

    def begin_revision(self, session: Session, pid: int, major: int) -> None:
        """Begin to watch, where that was asked for."""
        self._transaction += 1
        if self.order.observe and self._witness is None:
            self._witness = Witness(self.order.url, session.fetch, pid=pid, major=major)

    def begin_transaction(self) -> None:
        """Forget the locks of the transaction before."""
        self._transaction += 1
        if self._witness:
            self._witness.begin_transaction()

    def before(self, session: Session, text: str, statement: Statement, *, alone: bool) -> None:
        """Begin to watch a statement; one that is `alone` refuses a transaction."""
        if self._witness:
            self._witness.before(alone_on=_paths(session, statement) if alone else None)
            self._stands_at = self.line(text) if self.line else 0

    def after(
        self, number: int, text: str, seconds: float, *, commits: bool, whole: str
    ) -> StatementEnded | None:
        """Return what the statement did, None where nobody asked."""
        if self._witness is None:
            return None
        seen = self._witness.after()
        return StatementEnded(
            number,
            text,
            seconds,
            locks={path: mode.value for path, mode in seen.locks_by_path.items()},
            rewrites=seen.rewrites,
            line=self._stands_at,
            transaction=self._transaction,
            commits=commits,
            whole=whole,
        )

    def close(self) -> None:
        """Let go of what watching needed."""
        if self._witness:
            self._witness.close()


def _paths(session: Session, statement: Statement) -> list[str]:
    """Return the table of a concurrent build, as the witness names it."""
    values = {"table": statement.table, "index": statement.drops}
    return [path for (path,) in session.fetch(_PATHS, values)]
