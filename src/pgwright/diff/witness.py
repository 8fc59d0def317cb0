"""See what a statement locked and rewrote, from inside its session or from beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pgwright.diff.obstacle import Obstacle
from pgwright.model.locks import LockMode
from pgwright.pg.sqlfiles import load_sql

Fetch = Callable[[str, Mapping[str, Any]], list[Any]]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Hold what one statement did, by the OIDs of the relations that stood before.

    `locks` are those that it took beyond what its transaction held already, the strongest on each; `paths`
    are the names that the relations that it may have changed had when it began.
    """

    locks: Mapping[int, LockMode] = field(default_factory=dict)
    rewritten: tuple[int, ...] = ()
    seconds: float = 0.0
    paths: Mapping[int, str] = field(default_factory=dict)

    @property
    def locks_by_path(self) -> dict[str, LockMode]:
        """Return the locks by the path of their relation."""
        return {self.paths[oid]: mode for oid, mode in self.locks.items()}

    @property
    def rewrites(self) -> tuple[str, ...]:
        """Return the paths of the tables whose file was replaced."""
        return tuple(self.paths[oid] for oid in self.rewritten)


class Witness:
    """Observe the statements of one session.

    `fetch` runs a query there. A statement that refuses a transaction lets go of its locks before anybody can
    ask; an `Obstacle` holds it up where it has them all.
    """

    def __init__(self, url: str, fetch: Fetch, *, pid: int, major: int) -> None:
        self._fetch = fetch
        self._pid = pid
        self._lock_query = load_sql("pgwright.diff", "own_locks", major)
        self._file_query = load_sql("pgwright.diff", "file_numbers", major)
        self._obstacle = Obstacle(url, pid, major)
        # By OID: a view that a step drops and the next makes again is no longer the one that stood before.
        self.paths, self._files = self._relations(None)
        self.names = {oid: {path} for oid, path in self.paths.items()}
        self._held: dict[int, LockMode] = {}
        self._is_alone = False
        self._started = 0.0

    def begin_transaction(self) -> None:
        """Forget the locks of the transaction before."""
        self._held = {}

    def before(self, *, alone_on: Iterable[str] | None = None) -> None:
        """Note where a statement begins.

        One that refuses a transaction is held up on the relations whose paths are `alone_on`.
        """
        self._is_alone = alone_on is not None
        if alone_on is not None:
            wanted = set(alone_on)
            self._obstacle.put([oid for oid, path in self.paths.items() if path in wanted])
        self._started = time.perf_counter()

    def after(self) -> Seen:
        """Return what the statement did; called when it has run, before its transaction ends."""
        seconds = time.perf_counter() - self._started
        if self._is_alone:
            rows = self._obstacle.remove()
        else:
            rows = self._fetch(self._lock_query, {"pid": self._pid})
        locks = self._strongest(rows)
        fresh = {oid: mode for oid, mode in locks.items() if self._held.get(oid) != mode}
        self._held.update(locks)
        # What is not locked can have no other file, and no other name; of a statement that was watched from
        # beside it, a short lock may have escaped.
        touched = list(self.names if self._is_alone else locks)
        paths, files = self._relations(touched)
        rewritten = tuple(
            oid for oid, file in files.items() if file and self._files.get(oid) not in (None, file)
        )
        before = {oid: self.paths[oid] for oid in touched}
        self._files.update(files)
        self.paths.update(paths)
        for oid, path in paths.items():
            self.names[oid].add(path)
        return Seen(locks=fresh, rewritten=rewritten, seconds=seconds, paths=before)

    def close(self) -> None:
        """Let go of everything."""
        self._obstacle.close()

    def _strongest(self, rows: list[Any]) -> dict[int, LockMode]:
        found: dict[int, LockMode] = {}
        for oid, mode in rows:
            lock = LockMode.from_pg_locks(mode)
            if oid in self.names and (oid not in found or lock.rank > found[oid].rank):
                found[oid] = lock
        return found

    def _relations(self, oids: list[int] | None) -> tuple[dict[int, str], dict[int, int | None]]:
        """Return the paths and file numbers of these relations, or of all."""
        rows = self._fetch(self._file_query, {"relations": oids})
        return {oid: path for oid, path, _ in rows}, {oid: number for oid, _, number in rows}
