"""Order the moves of a plan so that everything finds what it needs."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from pgwright.diff.circles import circles
from pgwright.diff.keys import preferred, serves
from pgwright.errors import PgwrightError
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, CatalogObject, sort_key
from pgwright.model.change import Op
from pgwright.model.names import ObjectId


class Move(NamedTuple):
    """Name a node of the graph: one operation on one object.

    A `shell` is what comes before a creation, or before a drop, where the objects need each other.
    """

    op: Op
    id: ObjectId
    shell: bool = False

    @property
    def before_whole(self) -> Move:
        """Return the move of the shell."""
        return Move(self.op, self.id, True)

    def __str__(self) -> str:
        return f"{self.op} {self.id}"


_BY_FULL_NAME = frozenset(
    {"enum", "domain", "composite", "range", "table", "view", "materialized_view", "sequence"}
)


class CircularPlan(PgwrightError):
    """Report moves that each need another to come first."""

    code = "PW304"


def order(
    moves: Iterable[Move],
    before: Catalog,
    after: Catalog,
    detached: Mapping[ObjectId, tuple[ObjectId, ...]] | None = None,
    contested: Iterable[tuple[Move, Move]] = (),
    *,
    additive: Collection[ObjectId] = (),
    copies: Mapping[ObjectId, ObjectId] | None = None,
    groups: Iterable[Collection[Move]] = (),
    neighbours: Iterable[Collection[Move]] = (),
    better: Iterable[tuple[Move, Move]] = (),
) -> tuple[Move, ...]:
    """Return the moves in an order in which each finds what it needs (Kahn's algorithm).

    Among moves that may come next, creations and alterations precede drops, then the rank of the kind
    decides, then what is new comes before what changes, then the name: equal inputs give equal plans.
    `detached` names for an altered object what must be gone while it is; `contested` are pairs of which the
    first frees a name for the second. `additive` are altered objects that what goes does not hold up.
    `copies` go with what they are mapped to, not before it. Between the moves of a group come only those
    that have to; between `neighbours`, which are groups as well, not even moves of other groups. Where the
    moves go in a circle, those that would only be `better` in their order are parted, a drop may follow the
    alteration of what it needed, and what is needed may be a shell, for which a move is added.
    Raises `CircularPlan`.
    """
    nodes = set(moves)
    edges, soft = _edges(nodes, before, after, copies or {})
    for first, follower in [pair for pair in soft if pair[1].id in additive]:
        edges.get(first, set()).discard(follower)
    detaching = [(Move(Op.DROP, p), Move(Op.ALTER, id)) for id, ps in (detached or {}).items() for p in ps]
    attaching = [(alter, Move(Op.CREATE, drop.id)) for drop, alter in detaching]
    for pair in (*detaching, *attaching, *contested):
        _add(edges, nodes, *pair)
        soft.discard(pair)
    wished = {pair for pair in better if pair[1] not in edges.get(pair[0], ())}
    for pair in wished:
        _add(edges, nodes, *pair)
    waiting = dict.fromkeys(nodes, 0)
    for followers in edges.values():
        for follower in followers:
            waiting[follower] += 1
    ready = [(_priority(m), m) for m, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    result: list[Move] = []
    while ready or len(result) < len(nodes):
        if not ready:
            left = nodes - set(result)
            first, follower = _yielding(left, edges, (wished, soft))
            edges[first].discard(follower)
            waiting[follower] -= 1
            shell = first.before_whole
            if (first, follower) not in soft | wished and first.op is not Op.ALTER:
                _await_shell(first, follower, left, edges, waiting)
                nodes.add(shell)
            for move in (follower, shell):
                if waiting.get(move) == 0 and move not in result:
                    heapq.heappush(ready, (_priority(move), move))
            continue
        _, move = heapq.heappop(ready)
        result.append(move)
        for follower in edges.get(move, ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, (_priority(follower), follower))
    _draw_together(result, edges, groups)
    _draw_together(result, edges, neighbours)
    return tuple(result)


def _await_shell(
    whole: Move, follower: Move, left: set[Move], edges: dict[Move, set[Move]], waiting: dict[Move, int]
) -> None:
    """Let what needs `whole` follow the shell of it, which comes when all outside of the circle has come."""
    shell = whole.before_whole
    followers = [follower]
    if shell not in waiting:
        circle = {whole, follower, *_reached([whole, follower], edges, left)}
        ahead = [move for move, behind in edges.items() if whole in behind and move not in circle]
        waiting[shell] = sum(move in left for move in ahead)
        for move in ahead:
            edges[move].add(shell)
        left = left | {shell}
        followers.append(whole)
    edges.setdefault(shell, set()).update(followers)
    for move in followers if shell in left else ():
        waiting[move] += 1


def _draw_together(
    moves: list[Move], edges: Mapping[Move, Collection[Move]], groups: Iterable[Collection[Move]]
) -> None:
    """Move out from between the moves of a group what neither follows one of them nor leads to one.

    What shares a transaction with a strong lock holds that lock for as long as it takes, and adds its own.
    """
    position = {move: i for i, move in enumerate(moves)}
    for group in sorted(_interlocked(groups, edges), key=lambda g: min(position[m] for m in g)):
        places = [position[move] for move in group]
        start, end = min(places), max(places) + 1
        window = moves[start:end]
        if len(window) == len(group):
            continue
        behind = _reached(group, edges, set(window))
        moves[start:end] = [
            *(m for m in window if m not in behind and m not in group),
            *(m for m in window if m in group),
            *(m for m in window if m in behind and m not in group),
        ]
        position.update((move, start + i) for i, move in enumerate(moves[start:end]))


def _interlocked(
    groups: Iterable[Collection[Move]], edges: Mapping[Move, Collection[Move]]
) -> Iterator[frozenset[Move]]:
    """Yield the groups with what has to come between their moves; those that share any of it are one.

    Where the moves of a group follow each other in a ring, what has to come between is in a circle with them.
    """
    joined = {move: set(followers) for move, followers in edges.items()}
    for group in groups:
        ring = [*group]
        for move, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            joined.setdefault(move, set()).add(other)
    return circles(joined)


def _reached(start: Iterable[Move], edges: Mapping[Move, Collection[Move]], within: set[Move]) -> set[Move]:
    """Return what can be reached from `start` without leaving `within`."""
    found: set[Move] = set()
    waiting = list(start)
    while waiting:
        new = (within & set(edges.get(waiting.pop(), ()))) - found
        found |= new
        waiting.extend(new)
    return found


def _priority(move: Move) -> tuple[bool, int, bool, tuple[tuple[str, str, str], ...]]:
    rank = kind(move.id.kind).rank
    dropping = move.op is Op.DROP
    # A function that changes may call new ones, which nobody reads from its body.
    return (dropping, -rank if dropping else rank, move.op is Op.ALTER, sort_key(move.id))


def _edges(
    nodes: set[Move], before: Catalog, after: Catalog, copies: Mapping[ObjectId, ObjectId]
) -> tuple[dict[Move, set[Move]], set[tuple[Move, Move]]]:
    """Return which moves follow each move, and the pairs among them that may be parted in need."""
    edges: dict[Move, set[Move]] = {}
    soft: set[tuple[Move, Move]] = set()
    _await_dropped_keys(edges, nodes, before, after)

    def precedes(first: Move, second: Move) -> None:
        if first in nodes and first != second:
            edges.setdefault(first, set()).add(second)

    for move in nodes:
        old, new = before.get(move.id), after.get(move.id)
        if move.op is Op.DROP:
            assert old is not None
            gone_with = copies.get(move.id)
            for needed in old.depends_on:
                pair = (move, Move(Op.DROP, needed))
                _add(edges, nodes, *(reversed(pair) if needed == gone_with else pair))
                alter = Move(Op.ALTER, needed)
                if not (old.derived and needed == move.id.root):
                    _add(edges, nodes, move, alter)
                    soft.add((move, alter))
            _join(edges, nodes, move, old)
            continue
        assert new is not None
        precedes(Move(Op.DROP, move.id), move)
        if move.op is Op.ALTER:
            precedes(Move(Op.CREATE, move.id), move)
        if move.op is Op.CREATE and old is not None:
            # Made again while both old and new would serve, a foreign key takes the old key once more, and a
            # call the old function. A type or relation is called by its full name: nothing waits for its end.
            for needed in (d for d in old.depends_on if d.kind not in _BY_FULL_NAME):
                precedes(Move(Op.DROP, needed), move)
        for key in preferred(new, after):
            precedes(Move(Op.CREATE, key), move)
        for needed in new.depends_on:
            precedes(Move(Op.CREATE, needed), move)
            # What a table is to have from a parent must be so when it joins it; and where a parent is
            # made anew, its rows come back when its partitions stand.
            refilled = Move(Op.CREATE, needed) in nodes and getattr(new, "partition_of", None) == needed
            joins = (new.derived and needed == move.id.root) or refilled
            altered = Move(Op.ALTER, needed)
            _add(edges, nodes, *((move, altered) if joins else (altered, move)))
        _join(edges, nodes, move, new)
        # What is filled again after it was made anew has nothing left of the old.
        if move.op is Op.ALTER and old is not None and Move(Op.CREATE, move.id) not in nodes:
            for needed in old.depends_on:
                if needed not in new.depends_on:
                    _add(edges, nodes, move, Move(Op.DROP, needed))
                    # What makes a type anew makes again what stood on it, as that was.
                    _add(edges, nodes, Move(Op.ALTER, needed), move)
                    soft.add((Move(Op.ALTER, needed), move))
    return edges, soft


def _await_dropped_keys(
    edges: dict[Move, set[Move]], nodes: set[Move], before: Catalog, after: Catalog
) -> None:
    """Let what needs a unique key come after the drop of another that serves, which it would hold on to."""
    dropped: dict[object, list[Move]] = {}
    for move in nodes:
        if move.op is Op.DROP and (served := serves(before.get(move.id))) is not None:
            dropped.setdefault(served, []).append(move)
    for move in nodes:
        new = after.get(move.id)
        if move.op is Op.CREATE and new is not None:
            for needed in new.depends_on:
                for rival in dropped.get(serves(after.get(needed)), ()):
                    _add(edges, nodes, rival, move)


def _join(edges: dict[Move, set[Move]], nodes: set[Move], move: Move, o: CatalogObject) -> None:
    """Order a part that comes from a parent table: made before the heir joins it, dropped after it leaves."""
    table = Move(Op.ALTER, o.id.root)
    if o.derived and move.op is not Op.DROP:
        _add(edges, nodes, move, table)
    elif o.derived and Move(Op.DROP, o.id.root) not in nodes:
        _add(edges, nodes, table, move)


def _add(edges: dict[Move, set[Move]], nodes: set[Move], first: Move, second: Move) -> None:
    if first in nodes and second in nodes and first != second:
        edges.setdefault(first, set()).add(second)


def contested_names(
    freed: Iterable[tuple[CatalogObject, Move]],
    taken: Iterable[tuple[CatalogObject, Move]],
    renamed: Collection[ObjectId] = (),
) -> Iterable[tuple[Move, Move]]:
    """Yield (first, second) where the first move frees a name that the second takes.

    `freed` pairs objects that lose their names with the moves that do it, `taken` those that get them.
    What is altered keeps its names, unless it is among the `renamed`.
    """
    holders: dict[tuple[str, ...], list[Move]] = {}
    for o, move in freed:
        for claim in kind(o.id.kind).claims(o):
            holders.setdefault(claim, []).append(move)
    for o, move in taken:
        for claim in kind(o.id.kind).claims(o):
            for holder in holders.get(claim, ()):
                altered = holder.op is move.op is Op.ALTER
                if holder != move and (not altered or {holder.id, move.id} <= set(renamed)):
                    yield holder, move


def _yielding(
    nodes: set[Move], edges: Mapping[Move, set[Move]], parting: Iterable[Collection[tuple[Move, Move]]]
) -> tuple[Move, Move]:
    """Return a pair of moves in a circle that may be parted; raise `CircularPlan` where there is none."""
    preceding: dict[Move, Move] = {}
    for first in sorted(nodes, key=_priority):
        for follower in edges.get(first, set()) & nodes:
            preceding[follower] = first
    at = min((node for node in nodes if node in preceding), key=_priority)
    path: list[Move] = []
    while at not in path:
        path.append(at)
        at = preceding[at]
    circle = list(reversed([*path[path.index(at) :], at]))
    pairs = tuple(itertools.pairwise(circle))
    for soft in parting:
        for pair in pairs:
            if pair in soft:
                return pair
    for pair in sorted(pairs, key=lambda p: -kind(p[0].id.kind).rank):
        if _holds_as_shell(*pair):
            return pair
    names = " and ".join(dict.fromkeys(str(move.id) for move in circle[:-1]))
    raise CircularPlan(
        f"{names} need each other to come first",
        detail=" -> ".join(str(m) for m in circle),
        hint=f"make {circle[0].id} without {circle[-2].id} with a statement of your own, then plan again",
    )


def _holds_as_shell(first: Move, follower: Move) -> bool:
    """Tell whether the second of two moves in a circle can do with a shell, or with what stands already."""
    if first.shell or kind(first.id.kind).shell is None:
        return False
    return follower.op is Op.DROP if first.op is Op.DROP else follower.op is not Op.DROP
