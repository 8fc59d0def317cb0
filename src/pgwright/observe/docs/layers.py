"""Spread a graph over layers, with bends where a line passes one, in an order with few crossings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 16

# Key, source, target, and where the line meets each of them: 0 at the upper edge, 1 at the lower.
Edge = tuple[str, str, str, float, float]
Order = list[list[str]]
# For each node the neighbours in the layers left and right: where the line is here, which node, where there.
Near = dict[str, tuple[list[tuple[float, str, float]], list[tuple[float, str, float]]]]


@dataclass(frozen=True, kw_only=True)
class Layered:
    """Hold the nodes of each layer in order, bends among them, and the chain of nodes that each edge takes.

    The key of a bend begins with a null character, which no name of PostgreSQL can hold.
    """

    layers: tuple[tuple[str, ...], ...]
    chains: Mapping[str, tuple[str, ...]]
    layer_of: Mapping[str, int]


def layered(heights: Mapping[str, float], edges: Sequence[Edge], *, limit: float, most: int) -> Layered:
    """Return the layers of a connected graph: what is referred to stands left of what refers to it.

    `limit` is how high a layer may become before it spills into the next, `most` how many layers there may
    be: neighbours of a long chain share one then, above or below what they refer to.
    An edge that would close a circle goes the other way.
    """
    proper = [e for e in edges if e[1] != e[2]]
    above = _without_circles(sorted(heights), proper)
    layer_of = _levels(heights, above, limit)
    layer_of = _merged(_closed_up(layer_of), heights, most)
    depth = max(layer_of.values()) + 1
    order: Order = [[] for _ in range(depth)]
    for key in sorted(heights):
        order[layer_of[key]].append(key)
    chains = {key: _chain(source, target, layer_of, order) for key, source, target, *_ in edges}
    near: Near = {key: ([], []) for layer in order for key in layer}
    for key, source, target, start, end in proper:
        chain = chains[key]
        if layer_of[source] == layer_of[target]:
            continue
        places = (start, *(0.5 for _ in chain[1:-1]), end)
        leftward = 0 if layer_of[target] < layer_of[source] else 1
        for (one, here), (other, there) in pairwise(zip(chain, places, strict=True)):
            near[one][leftward].append((here, other, there))
            near[other][1 - leftward].append((there, one, here))
    _order(order, near)
    return Layered(
        layers=tuple(tuple(layer) for layer in order),
        chains=chains,
        layer_of={key: i for i, layer in enumerate(order) for key in layer},
    )


def _without_circles(nodes: Iterable[str], edges: Iterable[Edge]) -> dict[str, set[str]]:
    """Return for each node those that must stand left of it, without edges that close a circle."""
    needs: dict[str, set[str]] = {node: set() for node in nodes}
    for _, source, target, *_ in edges:
        needs[source].add(target)
    done: set[str] = set()
    kept: dict[str, set[str]] = {node: set() for node in needs}
    for start, first in needs.items():
        if start in done:
            continue
        open_: dict[str, None] = {start: None}
        waiting = [(start, iter(sorted(first)))]
        while waiting:
            node, rest = waiting[-1]
            following = next(rest, None)
            if following is None:
                waiting.pop()
                open_.pop(node)
                done.add(node)
            elif following in open_:
                kept[following].add(node)
            else:
                kept[node].add(following)
                if following not in done:
                    open_[following] = None
                    waiting.append((following, iter(sorted(needs[following]))))
    return kept


def _levels(heights: Mapping[str, float], above: Mapping[str, set[str]], limit: float) -> dict[str, int]:
    """Return a layer for each node, right of all that it needs, none higher than the limit."""
    below: dict[str, list[str]] = {node: [] for node in above}
    for node, needed in above.items():
        for other in needed:
            below[other].append(node)
    missing = {node: len(needed) for node, needed in above.items()}
    ready = sorted((-len(below[n]), n) for n, count in missing.items() if not count)
    level: dict[str, int] = {}
    used: dict[int, float] = {}
    while ready:
        _, node = ready.pop(0)
        at = max((level[o] + 1 for o in above[node]), default=0)
        while used.get(at, 0.0) and used[at] + heights[node] > limit:
            at += 1
        level[node] = at
        used[at] = used.get(at, 0.0) + heights[node]
        for other in below[node]:
            missing[other] -= 1
            if not missing[other]:
                insort(ready, (-len(below[other]), other))
    # Roots move next to what refers to them, so that their lines are short.
    for node in sorted(above, key=lambda n: (-level[n], n)):
        if not above[node] and below[node]:
            nearest = min(level[o] for o in below[node]) - 1
            if nearest > level[node] and used.get(nearest, 0.0) + heights[node] <= limit:
                used[level[node]] -= heights[node]
                used[nearest] = used.get(nearest, 0.0) + heights[node]
                level[node] = nearest
    return level


def _closed_up(levels: Mapping[str, int]) -> dict[str, int]:
    number = {level: i for i, level in enumerate(sorted(set(levels.values())))}
    return {key: number[level] for key, level in levels.items()}


def _merged(levels: Mapping[str, int], heights: Mapping[str, float], most: int) -> dict[str, int]:
    """Return at most so many layers, of neighbouring levels put together to much the same height each."""
    if max(levels.values()) < most:
        return dict(levels)
    total, before = sum(heights.values()), 0.0
    merged: dict[int, int] = {}
    for level in sorted(set(levels.values())):
        height = sum(heights[key] for key, own in levels.items() if own == level)
        merged[level] = int((before + height / 2) / total * most)
        before += height
    return _closed_up({key: merged[level] for key, level in levels.items()})


def _chain(source: str, target: str, layer_of: Mapping[str, int], order: Order) -> tuple[str, ...]:
    """Return the nodes of an edge, with a bend in every layer between its ends.

    All edges to one target share their bends: they run as one line for as long as they go the same way.
    """
    start, end = layer_of[source], layer_of[target]
    bends = []
    step = 1 if end > start else -1
    for layer in range(start + step, end, step):
        bend = f"\x00{target}\x00{layer}"
        if bend not in order[layer]:
            order[layer].append(bend)
        bends.append(bend)
    return (source, *bends, target)


def _order(order: Order, near: Near) -> None:
    """Sort each layer in place by the mean position of its neighbours, keeping the best of all sweeps."""
    place = {key: i for layer in order for i, key in enumerate(layer)}
    best, fewest = [list(layer) for layer in order], _crossings(order, near, place)
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for layer in order[1:] if side == 0 else order[-2::-1]:
            mean = {key: _mean(near[key][side], place, place[key]) for key in layer}
            layer.sort(key=lambda key: (mean[key], place[key]))
            place.update({key: i for i, key in enumerate(layer)})
        crossings = _crossings(order, near, place)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in order], crossings
    order[:] = best


def _mean(ends: Sequence[tuple[float, str, float]], place: Mapping[str, int], own: int) -> float:
    return sum(place[other] + there for _, other, there in ends) / len(ends) if ends else own + 0.5


def _crossings(order: Order, near: Near, place: Mapping[str, int]) -> int:
    """Count the pairs of lines that cross between neighbouring layers."""
    found = 0
    for layer in order[:-1]:
        seen: list[float] = []
        lines = sorted((place[key] + h, place[o] + t) for key in layer for h, o, t in near[key][1])
        for _, end in lines:
            found += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return found
