"""Plans: ordered steps from one catalog to another, and what each step risks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pgwright.model.catalog import ServerFacts
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId


class HazardCode(StrEnum):
    """Name the risks of a step; each can be accepted by name (``--allow deletes-data``)."""

    DELETES_DATA = "deletes-data"
    REWRITES = "rewrites"
    LOCKS_WRITERS = "locks-writers"
    LOCKS_READERS = "locks-readers"
    MAY_FAIL = "may-fail"
    BREAKS_CODE = "breaks-code"
    REPLACES_ENUM = "replaces-enum"
    LOSES_PRIVILEGES = "loses-privileges"
    IRREVERSIBLE = "irreversible"
    LONG_RUNNING = "long-running"
    CHANGES_ACCESS = "changes-access"
    LOOKS_LIKE_RENAME = "looks-like-rename"
    DEPENDS_ON_SESSION = "depends-on-session"
    NOT_ATOMIC = "not-atomic"
    NOT_AVAILABLE = "not-available"


# Only these stop an apply until accepted; the others inform.
REFUSED_UNLESS_ALLOWED = frozenset({HazardCode.DELETES_DATA})


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """Describe one risk of a step: what may happen, and what lessens it."""

    code: HazardCode
    message: str
    hint: str | None = None


class Reversibility(StrEnum):
    """Say whether the way back restores the data as well as the structure."""

    LOSSLESS = "lossless"
    DATA_LOST = "data-lost"
    IMPOSSIBLE = "impossible"


class Phase(StrEnum):
    """Place a step in the expand, backfill, contract sequence of a live change."""

    EXPAND = "expand"
    BACKFILL = "backfill"
    CONTRACT = "contract"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Describe one statement of a plan.

    `lock` is the strongest lock taken on relations that exist before the plan and `locks_on` names
    them. `rewrites` names the tables whose storage is written anew. Timeouts are in seconds; None
    waits without end. Neighbouring steps of the same `batch` run in one transaction: a view that is
    dropped and made again around a change of type, for example, is never seen missing. What is `ahead` only
    prepares a change, and may run before the transaction of it. What is `rehearsal_only` changes nothing
    where the plan is meant to run: it is for scratch, where another role runs it, on another version.
    """

    id: str
    summary: str
    sql: str
    subject: ObjectId
    lock: LockMode | None = None
    locks_on: tuple[ObjectId, ...] = ()
    rewrites: tuple[ObjectId, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    reversibility: Reversibility = Reversibility.LOSSLESS
    transactional: bool = True
    ahead: bool = False
    phase: Phase = Phase.EXPAND
    lock_timeout: float | None = 3.0
    statement_timeout: float | None = None
    batch: int = 0
    rehearsal_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Hold the ordered steps that lead from one catalog to another.

    `from_digest` and `to_digest` are `Catalog.digest` of both ends; applying refuses a target whose
    live digest is not `from_digest`. `notes` says what the plan leaves out, and why.
    """

    from_digest: str
    to_digest: str
    server: ServerFacts
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """Return the hazards of all steps, in their order."""
        return tuple(h for step in self.steps for h in step.hazards)

    def refused(self, allowed: Iterable[str] = ()) -> tuple[Hazard, ...]:
        """Return the hazards that stop an apply because nobody accepted them."""
        accepted = set(allowed)
        return tuple(
            h for h in self.hazards if h.code in REFUSED_UNLESS_ALLOWED and h.code.value not in accepted
        )
