"""Observe what each step of a plan locks and rewrites on scratch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from psycopg import Connection

from pgwright.diff.obstacle import Obstacle
from pgwright.model.locks import LockMode
from pgwright.model.plan import Step
from pgwright.pg.sqlfiles import load_sql


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


class Watcher:
    """Observe the locks and rewrites of each step from inside its transaction, or from beside it.

    A step that refuses a transaction lets go of its locks before anybody can ask; an `Obstacle` holds it up
    where it has them all.
    """

    def __init__(self, url: str, conn: Connection[Any]) -> None:
        self.observations: list[Observation] = []
        self.undeclared: list[str] = []
        major = conn.info.server_version // 10000
        self._lock_query = load_sql("pgwright.diff", "own_locks", major).encode()
        self._file_query = load_sql("pgwright.diff", "file_numbers", major).encode()
        self._obstacle = Obstacle(url, conn.info.backend_pid, major)
        # By OID: a view that a step drops and the next makes again is no longer the one that stood before.
        self._paths, self._files = self._relations(conn)
        self._names = {oid: {path} for oid, path in self._paths.items()}
        self._held: dict[int, LockMode] = {}
        self._started = 0.0
        self._batch: int | None = None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._obstacle.close()

    def before(self, conn: Connection[Any], step: Step) -> None:
        """Note where a step begins; called before it runs."""
        if step.batch != self._batch:
            self._held, self._batch = {}, step.batch
        if not step.transactional:
            self._obstacle.put([oid for oid, path in self._paths.items() if _concerns(step, path)])
        self._started = time.perf_counter()

    def after(self, conn: Connection[Any], step: Step) -> None:
        """Note what a step did; called when it has run, before its transaction ends."""
        seconds = time.perf_counter() - self._started
        if step.transactional:
            rows = conn.execute(self._lock_query, {"pid": conn.info.backend_pid}).fetchall()
        else:
            rows = self._obstacle.remove()
        locks = self._strongest(rows)
        fresh = {oid: mode for oid, mode in locks.items() if self._held.get(oid) != mode}
        self._held.update(locks)
        paths, now = self._relations(conn)
        rewritten = [
            oid
            for oid in self._names
            if now.get(oid) is not None and self._files.get(oid) not in (None, now[oid])
        ]
        self._files = now
        self._judge(step, fresh, rewritten)
        self.observations.append(
            Observation(
                step=step.id,
                locks={self._paths[oid]: mode for oid, mode in fresh.items()},
                rewrites=tuple(self._paths[oid] for oid in rewritten),
                seconds=seconds,
            )
        )
        for oid in self._names.keys() & paths.keys():
            self._paths[oid] = paths[oid]
            self._names[oid].add(paths[oid])

    def _judge(self, step: Step, locks: Mapping[int, LockMode], rewritten: list[int]) -> None:
        declared = {id.path for id in step.locks_on}
        for oid, mode in locks.items():
            if mode.rank <= LockMode.ROW_EXCLUSIVE.rank:
                continue
            # A step may speak of a relation by the name that it had before the batch renamed it.
            allowed = step.lock.rank if step.lock and self._names[oid] & declared else 0
            if mode.rank > allowed:
                self.undeclared.append(f"step {step.id} ({step.summary}) took {mode} on {self._paths[oid]}")
        known = {id.path for id in step.rewrites}
        self.undeclared.extend(
            f"step {step.id} ({step.summary}) rewrote {self._paths[oid]}"
            for oid in rewritten
            if not self._names[oid] & known
        )

    def _strongest(self, rows: list[Any]) -> dict[int, LockMode]:
        found: dict[int, LockMode] = {}
        for oid, mode in rows:
            lock = LockMode.from_pg_locks(mode)
            if oid in self._names and (oid not in found or lock.rank > found[oid].rank):
                found[oid] = lock
        return found

    def _relations(self, conn: Connection[Any]) -> tuple[dict[int, str], dict[int, int | None]]:
        rows = conn.execute(self._file_query).fetchall()
        return {oid: path for oid, path, _ in rows}, {oid: number for oid, _, number in rows}


def _concerns(step: Step, path: str) -> bool:
    return path == step.subject.root.path or any(path == id.path for id in step.locks_on)
