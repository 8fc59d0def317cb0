"""A session holds a lock that others have been waiting for; the root of the chain is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import PG_MONITOR, Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity
from pgwright.model.wording import counted
from pgwright.observe.locks import LockSession, tree

# Locks are waited for all the time; only a wait that lasts is a trouble.
LEAST_SECONDS = 1.0
CRITICAL_SECONDS = 30.0


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    sessions = tree(rows)
    for position, root in enumerate(sessions):
        if not root.root or not root.victims:
            continue
        below = sessions[position + 1 : position + 1 + root.victims]
        waited = max((victim.state_seconds or 0.0 for victim in below), default=0.0)
        if waited < LEAST_SECONDS:
            continue
        tables = sorted({victim.relation for victim in below if victim.relation})
        about = f" over {', '.join(tables[:3])}" if tables else ""
        yield CHECK.finding(
            f"pid {root.pid}",
            f"{_who(root)} blocks {counted(root.victims, 'session')}{about}, the longest for {span(waited)}",
            severity=Severity.CRITICAL if waited >= CRITICAL_SECONDS else Severity.WARNING,
            hint=_end(root),
            pid=root.pid,
            role=root.role,
            application=root.application,
            state=root.state,
            transaction_seconds=root.transaction_seconds,
            query=root.query,
            waited_seconds=waited,
            victims=[victim.pid for victim in below],
        )


def _who(root: LockSession) -> str:
    if root.pid == 0:
        return "a prepared transaction"
    known = [text for text in (root.role, root.application) if text]
    state = f"{root.state} for {span(root.state_seconds)}" if root.state else "state hidden from this role"
    return f"pid {root.pid} ({', '.join([*known, state])})"


def _end(root: LockSession) -> str:
    if root.pid == 0:
        return "SELECT gid, prepared FROM pg_prepared_xacts; then: ROLLBACK PREPARED 'gid'"
    if root.state == "active":
        return f"SELECT pg_cancel_backend({root.pid}); see all of it with: pgwright inspect locks"
    return f"SELECT pg_terminate_backend({root.pid}); see all of it with: pgwright inspect locks"


CHECK = Check(
    id="blocking_chain",
    title="sessions wait for a lock that another one holds",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    requires=(PG_MONITOR,),
    query="pgwright.observe:locks",
    evaluate=_evaluate,
)
