"""Observe what each step of a plan locks and rewrites on scratch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from psycopg import Connection

from pgwright.diff.witness import Seen, Witness
from pgwright.model.locks import LockMode
from pgwright.model.plan import Step


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
    """Observe the locks and rewrites of each step, and what it took beyond what it declares."""

    def __init__(self, url: str, conn: Connection[Any]) -> None:
        self.observations: list[Observation] = []
        self.undeclared: list[str] = []

        def fetch(query: str, parameters: Mapping[str, Any]) -> list[Any]:
            return conn.execute(query.encode(), parameters or None).fetchall()

        major = conn.info.server_version // 10000
        self._witness = Witness(url, fetch, pid=conn.info.backend_pid, major=major)
        self._batch: int | None = None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._witness.close()

    def before(self, conn: Connection[Any], step: Step) -> None:
        """Note where a step begins; called before it runs."""
        if step.batch != self._batch:
            self._witness.begin_transaction()
            self._batch = step.batch
        concerned = {step.subject.root.path, *(id.path for id in step.locks_on)}
        self._witness.before(alone_on=None if step.transactional else concerned)

    def after(self, conn: Connection[Any], step: Step) -> None:
        """Note what a step did; called when it has run, before its transaction ends."""
        seen = self._witness.after()
        self._judge(step, seen)
        self.observations.append(
            Observation(step=step.id, locks=seen.locks_by_path, rewrites=seen.rewrites, seconds=seen.seconds)
        )

    def _judge(self, step: Step, seen: Seen) -> None:
        declared = {id.path for id in step.locks_on}
        names = self._witness.names
        for oid, mode in seen.locks.items():
            if mode.rank <= LockMode.ROW_EXCLUSIVE.rank:
                continue
            # A step may speak of a relation by the name that it had before the batch renamed it.
            allowed = step.lock.rank if step.lock and names[oid] & declared else 0
            if mode.rank > allowed:
                self.undeclared.append(f"step {step.id} ({step.summary}) took {mode} on {seen.paths[oid]}")
        known = {id.path for id in step.rewrites}
        self.undeclared.extend(
            f"step {step.id} ({step.summary}) rewrote {seen.paths[oid]}"
            for oid in seen.rewritten
            if not names[oid] & known
        )
