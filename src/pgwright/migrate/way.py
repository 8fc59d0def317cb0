"""Where a run of migrations leads, how patient it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgwright.migrate.state import MigrationState
    from pgwright.model.run import Run

UP, DOWN = "up", "down"


@dataclass(frozen=True, kw_only=True)
class Way:
    """Say where a run leads: ``up`` or ``down`` to a revision, as the tool spells it."""

    direction: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Say how patient a run is; times in seconds, 0 is no limit.

    `lock_timeout` holds for the locks of a transaction together, and while a statement waits for one, others
    queue behind it. `concurrent_wait` is for what waits for older transactions by design. A revision is tried
    `attempts` times; `turn_wait` is how long another run's end is waited for.
    """

    lock_timeout: float = 2.0
    statement_timeout: float = 0.0
    concurrent_wait: float = 600.0
    attempts: int = 20
    turn_wait: float = 3600.0


@dataclass(frozen=True, kw_only=True)
class RevisionRun:
    """Record one revision that was run."""

    revision: str
    direction: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Report a run: None where there was nothing to do; `state` is where the database stands now."""

    run: Run | None
    done: tuple[RevisionRun, ...]
    state: MigrationState
