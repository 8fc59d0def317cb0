"""Which backups may go: pure decisions over what is known of them.

Ages count back from the newest backup of the same series, not from a clock: a clock that is wrong, or backups
that have ceased, never make the old ones go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar


class Kept(Protocol):
    """Be what is decided upon."""

    @property
    def id(self) -> str:
        """Return its name."""

    @property
    def series(self) -> tuple[object, ...]:
        """Return what it is comparable within."""

    @property
    def sequence(self) -> int:
        """Return its place in the order of making."""

    @property
    def finished_at(self) -> datetime:
        """Return when it was finished."""

    @property
    def parent(self) -> str | None:
        """Return the id of what it builds on; None for a full one."""


Backup = TypeVar("Backup", bound=Kept)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Say what is kept; 0 is no rule, and the newest is kept in any case.

    Everything younger than `days`, the `last` ones, and the last one of each of so many days, weeks and
    months (grandfather-father-son).
    """

    days: int = 30
    last: int = 1
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


@dataclass(frozen=True, kw_only=True)
class Decision(Generic[Backup]):
    """Say of one backup whether it stays, and why."""

    backup: Backup
    keep: bool
    reason: str


def decide(
    backups: Iterable[Backup],
    policy: Policy,
    *,
    doubted: Collection[str] = (),
    needed: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Decision[Backup], ...]:
    """Return a decision for each backup, in the order given.

    Those that are `doubted` stay until it is known whether they are good, and no other goes because of them.
    Those that are `needed` stay for the reason given.
    """
    every = tuple(backups)
    reasons = dict.fromkeys(doubted, "its manifest was rebuilt, and no drill has proven it yet")
    trusted = [made for made in every if made.id not in reasons]
    for series in {made.series for made in trusted}:
        reasons |= _kept([made for made in trusted if made.series == series], policy)
    reasons = {**needed, **reasons}
    known = {made.id: made for made in every}
    for made in every:
        # Whatever an incremental backup that stays was built on has to stay as well.
        below = made
        while made.id in reasons and below.parent is not None and below.parent in known:
            below = known[below.parent]
            reasons.setdefault(below.id, f"{made.id} builds on it")
    return tuple(
        Decision(backup=made, keep=made.id in reasons, reason=reasons.get(made.id, "older than all rules"))
        for made in every
    )


def _kept(series: Sequence[Kept], policy: Policy) -> dict[str, str]:
    newest_first = sorted(series, key=lambda made: made.sequence, reverse=True)
    newest = newest_first[0]
    reasons = {newest.id: "the newest"}
    for made in newest_first[: policy.last]:
        reasons.setdefault(made.id, f"one of the last {policy.last}")
    if policy.days:
        edge = newest.finished_at - timedelta(days=policy.days)
        for made in newest_first:
            if made.finished_at > edge:
                reasons.setdefault(made.id, f"younger than {policy.days} days")
    for count, noun, period in _periods(policy):
        seen: list[object] = []
        for made in newest_first:
            when = period(made.finished_at)
            if when not in seen and len(seen) < count:
                seen.append(when)
                reasons.setdefault(made.id, f"the last of its {noun}")
    return reasons


def _periods(policy: Policy) -> tuple[tuple[int, str, Callable[[datetime], object]], ...]:
    return (
        (policy.daily, "day", lambda at: at.date()),
        (policy.weekly, "week", lambda at: at.isocalendar()[:2]),
        (policy.monthly, "month", lambda at: (at.year, at.month)),
    )
