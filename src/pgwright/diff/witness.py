"""See what a statement locked and rewrote, from inside its session or from beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pgwright.diff.obstacle import Obstacle
from pgwright.model.locks import LockMode
from pgwright.pg.sqlfiles import load_sql

# As a row says it, which has no room for the epoch.
_NEXT_TRANSACTION = "SELECT txid_snapshot_xmax(txid_current_snapshot()) & 4294967295"

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


class Relation(NamedTuple):
    """Name a relation and the file behind it; what has none, as a view, has no number."""

    path: str
    number: int | None

    def was_rewritten(self, before: Relation) -> bool:
        """Tell whether another file stands behind it than before."""
        return self.number is not None and before.number not in (None, self.number)


class Witness:
    """Observe the statements of one session.

    `fetch` runs a query there. A statement that refuses a transaction lets go of its locks before anybody can
    ask; an `Obstacle` holds it up where it has them all. `held` is how many locks its transaction held when
    they were last read.
    """

    def __init__(self, url: str, fetch: Fetch, *, pid: int, major: int) -> None:
        self._fetch = fetch
        self._pid = pid
        self._lock_query = load_sql("pgwright.diff", "own_locks", major)
        self._file_query = load_sql("pgwright.diff", "file_numbers", major)
        self._obstacle = Obstacle(url, pid, major)
        # By OID: a view that a step drops and the next makes again is no longer the one that stood before.
        self._relations = {
            oid: Relation(path, number) for oid, path, number in fetch(self._file_query, {"since": None})
        }
        self.names = {oid: {relation.path} for oid, relation in self._relations.items()}
        self.held = 0
        self._held: dict[int, LockMode] = {}
        self._is_alone = False
        self._since = 0
        self._started = 0.0

    def begin_transaction(self) -> None:
        """Forget the locks of the transaction before."""
        self._held, self.held = {}, 0

    def before(self, *, alone_on: Iterable[str] | None = None) -> None:
        """Note where a statement begins.

        One that refuses a transaction is held up on the relations whose paths are `alone_on`.
        """
        self._is_alone = alone_on is not None
        if alone_on is not None:
            wanted = set(alone_on)
            self._obstacle.put([oid for oid, relation in self._relations.items() if relation.path in wanted])
            ((self._since,),) = self._fetch(_NEXT_TRANSACTION, {})
        self._started = time.perf_counter()

    def after(self, *, renamed_schema: bool = False) -> Seen:
        """Return what the statement did; called when it has run, before its transaction ends.

        `renamed_schema` tells that relations may have other names although nothing locked them.
        """
        seconds = time.perf_counter() - self._started
        if self._is_alone:
            locks = self._strongest(self._obstacle.remove())
            # Watched from beside it, a short lock may have escaped: any relation may have another file.
            rows = self._fetch(self._file_query, {"since": self._since})
            now = {oid: Relation(path, number) for oid, path, number in rows}
        else:
            # What is not locked can have no other file, and no other name.
            rows = self._fetch(self._lock_query, {"pid": self._pid})
            self.held = len(rows)
            locks = self._strongest((oid, mode) for oid, mode, _, _ in rows)
            now = {oid: Relation(path, number) for oid, _, path, number in rows if path is not None}
            if renamed_schema:
                rows = self._fetch(self._file_query, {"since": None})
                now |= {oid: Relation(path, number) for oid, path, number in rows}
        fresh = {oid: mode for oid, mode in locks.items() if self._held.get(oid) != mode}
        self._held.update(locks)
        now = {oid: relation for oid, relation in now.items() if oid in self.names}
        before = {oid: self._relations[oid] for oid in (*now, *locks)}
        self._relations.update(now)
        for oid, relation in now.items():
            self.names[oid].add(relation.path)
        return Seen(
            locks=fresh,
            rewritten=tuple(oid for oid, relation in now.items() if relation.was_rewritten(before[oid])),
            seconds=seconds,
            paths={oid: relation.path for oid, relation in before.items()},
        )

    def close(self) -> None:
        """Let go of everything."""
        self._obstacle.close()

    def _strongest(self, rows: Iterable[tuple[int, str]]) -> dict[int, LockMode]:
        found: dict[int, LockMode] = {}
        for oid, mode in rows:
            lock = LockMode.from_pg_locks(mode)
            if oid in self.names and (oid not in found or lock.rank > found[oid].rank):
                found[oid] = lock
        return found
