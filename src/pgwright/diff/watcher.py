"""Observe what each step of a plan locks and rewrites on scratch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from psycopg import Connection

from pgwright.diff.witness import Seen, Witness
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
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


# So many locks of a transaction are read again for each step; to look at thousands costs more than a step.
_LOCKS_A_STEP = 64


class Watcher:
    """Observe the locks and rewrites of each step of a plan, and what it took beyond what it declares.

    In a transaction that holds many locks, neighbouring steps are looked at together: what they may lock is
    what any of them declares, and what was seen counts as the doing of the first that declares it.
    """

    def __init__(self, url: str, conn: Connection[Any], steps: Iterable[Step]) -> None:
        self.observations: list[Observation] = []
        self.undeclared: list[str] = []

        def fetch(query: str, parameters: Mapping[str, Any]) -> list[Any]:
            return conn.execute(query.encode(), parameters or None).fetchall()

        major = conn.info.server_version // 10000
        self._witness = Witness(url, fetch, pid=conn.info.backend_pid, major=major)
        self._ends = {step.batch: step.id for step in steps}
        self._batch: int | None = None
        self._started = 0.0
        self._unseen: list[tuple[Step, float]] = []

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
        self._started = time.perf_counter()

    def after(self, conn: Connection[Any], step: Step) -> None:
        """Note what a step did; called when it has run, before its transaction ends."""
        self._unseen.append((step, time.perf_counter() - self._started))
        if step.id == self._ends[step.batch] or self._witness.held <= _LOCKS_A_STEP * len(self._unseen):
            self._look()

    def _look(self) -> None:
        schemas = any(step.subject.kind == "schema" for step, _ in self._unseen)
        seen = self._witness.after(renamed_schema=schemas)
        steps, seconds = zip(*self._unseen, strict=True)
        self._unseen = []
        self._judge(steps, seen)
        locks = [dict[str, LockMode]() for _ in steps]
        rewrites = [list[str]() for _ in steps]
        doer = self._doers((step.locks_on for step in steps), default=len(steps) - 1)
        for oid, mode in seen.locks.items():
            locks[doer(oid)][seen.paths[oid]] = mode
        doer = self._doers((step.rewrites for step in steps), default=len(steps) - 1)
        for oid in seen.rewritten:
            rewrites[doer(oid)].append(seen.paths[oid])
        self.observations.extend(
            Observation(step=step.id, locks=locked, rewrites=tuple(rewritten), seconds=taken)
            for step, locked, rewritten, taken in zip(steps, locks, rewrites, seconds, strict=True)
        )

    def _doers(self, declared: Iterable[Iterable[ObjectId]], *, default: int) -> Callable[[int], int]:
        """Return what tells, by its OID, which step declared something of a relation first."""
        first: dict[str, int] = {}
        for place, ids in enumerate(declared):
            for id in ids:
                first.setdefault(id.path, place)
        names = self._witness.names
        return lambda oid: min((first[name] for name in names[oid] if name in first), default=default)

    def _judge(self, steps: Sequence[Step], seen: Seen) -> None:
        allowed: dict[str, int] = {}
        for step in steps:
            for id in step.locks_on if step.lock else ():
                allowed[id.path] = max(step.lock.rank, allowed.get(id.path, 0))  # type: ignore[union-attr]
        names = self._witness.names
        first, last = steps[0], steps[-1]
        said = (
            f"step {last.id} ({last.summary})"
            if first is last
            else f"one of the steps {first.id} to {last.id}"
        )
        for oid, mode in seen.locks.items():
            if mode.rank <= LockMode.ROW_EXCLUSIVE.rank:
                continue
            # A step may speak of a relation by the name that it had before the batch renamed it.
            if mode.rank > max(allowed.get(name, 0) for name in names[oid]):
                self.undeclared.append(f"{said} took {mode} on {seen.paths[oid]}")
        known = {id.path for step in steps for id in step.rewrites}
        self.undeclared.extend(
            f"{said} rewrote {seen.paths[oid]}" for oid in seen.rewritten if not names[oid] & known
        )
