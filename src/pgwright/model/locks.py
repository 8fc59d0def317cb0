"""Table-level lock modes of PostgreSQL and which of them exclude each other."""

from __future__ import annotations

from enum import StrEnum


class LockMode(StrEnum):
    """Name a table-level lock, in the order of strength that PostgreSQL documents."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @property
    def rank(self) -> int:
        """Return 1 for the weakest to 8 for the strongest, PostgreSQL's own numbers."""
        return list(LockMode).index(self) + 1

    @property
    def blocks_writes(self) -> bool:
        """Tell whether INSERT, UPDATE and DELETE of others must wait."""
        return self.conflicts_with(LockMode.ROW_EXCLUSIVE)

    def conflicts_with(self, other: LockMode) -> bool:
        """Tell whether two sessions cannot hold both on one table."""
        return other in _CONFLICTS[self]

    @classmethod
    def from_pg_locks(cls, mode: str) -> LockMode:
        """Return the mode that `pg_locks.mode` spells as, for example, ``AccessExclusiveLock``."""
        return _BY_PG_LOCKS[mode]


_BY_PG_LOCKS = {"".join(w.capitalize() for w in m.value.split()) + "Lock": m for m in LockMode}

# PostgreSQL documentation, "Conflicting Lock Modes": row i lists what mode i excludes, by rank.
_MATRIX = (
    (8,),
    (7, 8),
    (5, 6, 7, 8),
    (4, 5, 6, 7, 8),
    (3, 4, 6, 7, 8),
    (3, 4, 5, 6, 7, 8),
    (2, 3, 4, 5, 6, 7, 8),
    (1, 2, 3, 4, 5, 6, 7, 8),
)
_MODES = tuple(LockMode)
_CONFLICTS = {
    mode: frozenset(_MODES[rank - 1] for rank in ranks) for mode, ranks in zip(_MODES, _MATRIX, strict=True)
}
