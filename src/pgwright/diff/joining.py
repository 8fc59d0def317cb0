"""Let one statement do what several would each write a table anew for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from itertools import groupby

from pgwright.diff.order import Move
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import parent_of
from pgwright.model.change import Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step

Written = tuple[Move, Step]


def rewriting(
    moves: Iterable[Move], steps_of: Callable[[Move], Iterable[Step]]
) -> Mapping[Move, frozenset[ObjectId]]:
    """Return the moves that write tables anew which stay, with these tables."""
    found = {}
    for move in moves:
        if move.op is Op.ALTER or (move.op is Op.CREATE and kind(move.id.kind).join is not None):
            tables = frozenset(id for step in steps_of(move) for id in step.rewrites)
            if tables:
                found[move] = tables
    return found


def neighbours(rewrites: Iterable[Move]) -> tuple[frozenset[Move], ...]:
    """Return the groups of moves that each write the same table anew, and can be one statement."""
    groups: dict[ObjectId, set[Move]] = {}
    for move in rewrites:
        if kind(move.id.kind).join is not None:
            groups.setdefault(parent_of(move.id), set()).add(move)
    return tuple(frozenset(group) for group in groups.values() if len(group) > 1)


def sparing(
    rewrites: Mapping[Move, Collection[ObjectId]], gone: Set[ObjectId]
) -> Iterator[tuple[Move, Move]]:
    """Pair the drop of a table with what would write it anew: a partition, where its parent changes."""
    for move, tables in rewrites.items():
        yield from ((Move(Op.DROP, table), move) for table in tables if table in gone)


def joined(written: Iterable[Written], groups: Iterable[Collection[Move]]) -> Iterator[Written]:
    """Yield the steps; those of neighbouring moves of a group that write their table anew as one.

    What comes before that in a move only prepares it, and what comes after relies on nothing of another.
    """
    numbers = {move: number for number, group in enumerate(groups) for move in group}
    for number, run in groupby(written, key=lambda pair: numbers.get(pair[0])):
        members = tuple(run)
        yield from members if number is None else _as_one(members)


def _as_one(run: Collection[Written]) -> Iterator[Written]:
    ahead: list[Written] = []
    rewrites: dict[Move, Step] = {}
    after: list[Written] = []
    for move, step in run:
        if move in rewrites:
            after.append((move, step))
        elif step.rewrites:
            rewrites[move] = step
        else:
            ahead.append((move, step))
    join = kind(next(iter(run))[0].id.kind).join
    yield from ahead
    if rewrites and join is not None:
        first = next(iter(rewrites))
        yield from ((first, step) for step in join(tuple(rewrites.values())))
    yield from after
