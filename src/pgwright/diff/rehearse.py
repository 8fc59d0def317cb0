"""Try a plan on a scratch database: does it work, does it lead where it should, what does it lock?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from pgwright.diff.build import build
from pgwright.diff.compare import compare
from pgwright.diff.execute import execute_steps
from pgwright.errors import RehearsalFailed
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.plan import Plan, Step
from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql
from pgwright.server.scratch import EMBEDDED, scratch_database
from pgwright.sources.database import read_catalog


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Record what one step did on scratch.

    `locks` maps the path of a relation that stood before the plan to the strongest lock taken on it;
    `rewrites` lists the paths of tables whose file was replaced; `seconds` means little on empty tables.
    """

    step: str
    locks: Mapping[str, LockMode] = field(default_factory=dict)
    rewrites: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Hold the outcome of a rehearsal.

    `unfaithful` lists where the copy of the starting point differs from it, `differences` where
    the end differs from the target, `undeclared` where a step locked or rewrote more than it says.
    """

    observations: tuple[Observation, ...]
    unfaithful: tuple[Change, ...] = ()
    differences: tuple[Change, ...] = ()
    undeclared: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the plan did what it declares, and nothing else."""
        return not (self.unfaithful or self.differences or self.undeclared)


def rehearse(plan: Plan, before: Catalog, after: Catalog, *, scratch: str = EMBEDDED) -> Rehearsal:
    """Build `before` on scratch, run the plan there, and compare the end with `after`.

    Raises `StatementError` when a step fails, and the errors of building.
    """
    with scratch_database(server=scratch) as place:
        copy = build(before, place)
        with connect(place.url, autocommit=True) as conn:
            watcher = _Watcher(conn)
            execute_steps(
                conn, plan.steps, timeouts=False, before_step=watcher.before, after_step=watcher.after
            )
            end = read_catalog(conn, source="rehearsal")
    return Rehearsal(
        observations=tuple(watcher.observations),
        unfaithful=compare(before, copy),
        differences=compare(end, after),
        undeclared=tuple(watcher.undeclared),
    )


def require_success(rehearsal: Rehearsal) -> None:
    """Raise `RehearsalFailed` with the first reasons, unless the plan did what it declares."""
    if rehearsal.ok:
        return
    reasons = [
        *(f"the copy of the database differs: {c}" for c in rehearsal.unfaithful),
        *(f"the end differs from the target: {c}" for c in rehearsal.differences),
        *rehearsal.undeclared,
    ]
    shown = "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
    raise RehearsalFailed(
        "the plan did not do on scratch what it declares",
        detail=shown,
        hint="nothing was changed; please report this with the output of: pgwright schema plan --json",
    )


class _Watcher:
    """Observe the locks and rewrites of each step from inside its transaction, or from beside it."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.observations: list[Observation] = []
        self.undeclared: list[str] = []
        major = conn.info.server_version // 10000
        self._lock_query = load_sql("pgwright.diff", "own_locks", major).encode()
        self._file_query = load_sql("pgwright.diff", "file_numbers", major).encode()
        # By OID: a view that a step drops and the next makes again is no longer the one that stood before.
        self._paths, self._files = self._relations(conn)
        self._held: dict[str, LockMode] = {}
        self._started = 0.0
        self._batch: int | None = None

    def before(self, conn: Connection[Any], step: Step) -> None:
        if step.batch != self._batch:
            self._held, self._batch = {}, step.batch
        self._started = time.perf_counter()

    def after(self, conn: Connection[Any], step: Step) -> None:
        seconds = time.perf_counter() - self._started
        locks = self._locks(conn) if step.transactional else {}
        _, now = self._relations(conn)
        rewritten = tuple(
            path
            for oid, path in self._paths.items()
            if now.get(oid) is not None and self._files.get(oid) not in (None, now[oid])
        )
        self._files = now
        fresh = {path: mode for path, mode in locks.items() if self._held.get(path) != mode}
        self._held.update(locks)
        self.observations.append(Observation(step=step.id, locks=fresh, rewrites=rewritten, seconds=seconds))
        self._judge(step, fresh, rewritten)

    def _judge(self, step: Step, locks: Mapping[str, LockMode], rewritten: tuple[str, ...]) -> None:
        declared = {id.path for id in step.locks_on}
        for path, mode in locks.items():
            if mode.rank <= LockMode.ROW_EXCLUSIVE.rank:
                continue
            allowed = step.lock.rank if step.lock and path in declared else 0
            if mode.rank > allowed:
                self.undeclared.append(f"step {step.id} ({step.summary}) took {mode} on {path}")
        known = {id.path for id in step.rewrites}
        self.undeclared.extend(
            f"step {step.id} ({step.summary}) rewrote {path}" for path in rewritten if path not in known
        )

    def _locks(self, conn: Connection[Any]) -> dict[str, LockMode]:
        found: dict[str, LockMode] = {}
        for oid, mode in conn.execute(self._lock_query, {"pid": conn.info.backend_pid}).fetchall():
            path, lock = self._paths.get(oid), LockMode.from_pg_locks(mode)
            if path is not None and (path not in found or lock.rank > found[path].rank):
                found[path] = lock
        return found

    def _relations(self, conn: Connection[Any]) -> tuple[dict[int, str], dict[int, int | None]]:
        rows = conn.execute(self._file_query).fetchall()
        return {oid: path for oid, path, _ in rows}, {oid: number for oid, _, number in rows}
