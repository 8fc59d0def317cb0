"""Spread a graph over layers, with bends where a line passes one, in an order with few crossings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 16

Edge = tuple[str, str, str]
Order = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Layered:
    """Hold the nodes of each layer in order, bends among them, and the chain of nodes that each edge takes."""

    layers: tuple[tuple[str, ...], ...]
    chains: Mapping[str, tuple[str, ...]]
    layer_of: Mapping[str, int]


def layered(heights: Mapping[str, float], edges: Sequence[Edge], *, limit: float) -> Layered:
    """Return the layers of a connected graph: what is referred to stands left of what refers to it.

    `edges` are (key, source, target); `limit` is how high a layer may become before it spills into the next.
    An edge that would close a circle goes the other way.
    """
    proper = [e for e in edges if e[1] != e[2]]
    above = _without_circles(sorted(heights), proper)
    layer_of = _levels(heights, above, limit)
    layer_of = _closed_up(layer_of)
    depth = max(layer_of.values()) + 1
    order: Order = [[] for _ in range(depth)]
    for key in sorted(heights):
        order[layer_of[key]].append(key)
    chains: dict[str, tuple[str, ...]] = {}
    for key, source, target in edges:
        chains[key] = _chain(key, source, target, layer_of, order)
    spans = [pair for chain in chains.values() for pair in zip(chain, chain[1:], strict=False)]
    _order(order, spans, layer_of)
    return Layered(
        layers=tuple(tuple(layer) for layer in order),
        chains=chains,
        layer_of={key: i for i, layer in enumerate(order) for key in layer},
    )


def _without_circles(nodes: Iterable[str], edges: Iterable[Edge]) -> dict[str, set[str]]:
    """Return for each node those that must stand left of it, without edges that close a circle."""
    needs: dict[str, set[str]] = {node: set() for node in nodes}
    for _, source, target in edges:
        needs[source].add(target)
    done: set[str] = set()
    kept: dict[str, set[str]] = {node: set() for node in needs}
    for start in needs:
        if start in done:
            continue
        open_: dict[str, None] = {start: None}
        waiting = [(start, iter(sorted(needs[start])))]
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


def _chain(key: str, source: str, target: str, layer_of: Mapping[str, int], order: Order) -> tuple[str, ...]:
    """Return the nodes of an edge, with a new bend in every layer between its ends."""
    start, end = layer_of[source], layer_of[target]
    if abs(start - end) <= 1:
        return (source, target)
    step = 1 if end > start else -1
    bends = []
    for layer in range(start + step, end, step):
        bend = f"\x00{key}\x00{layer}"
        order[layer].append(bend)
        bends.append(bend)
    return (source, *bends, target)


def _order(order: Order, spans: Sequence[tuple[str, str]], layer_of: Mapping[str, int]) -> None:
    """Sort each layer in place by the mean position of its neighbours, keeping the best of all sweeps."""
    place = {key: i for layer in order for i, key in enumerate(layer)}
    level = {key: i for i, layer in enumerate(order) for key in layer}
    near: dict[str, tuple[list[str], list[str]]] = {key: ([], []) for key in place}
    for one, other in spans:
        if level[one] == level[other]:
            continue
        left, right = (one, other) if level[one] < level[other] else (other, one)
        near[right][0].append(left)
        near[left][1].append(right)
    best, fewest = [list(layer) for layer in order], _crossings(order, near, place)
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for layer in order[1:] if side == 0 else order[-2::-1]:
            mean = {
                key: sum(place[o] for o in near[key][side]) / len(near[key][side])
                if near[key][side]
                else float(place[key])
                for key in layer
            }
            layer.sort(key=lambda key: (mean[key], place[key]))
            place.update({key: i for i, key in enumerate(layer)})
        crossings = _crossings(order, near, place)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in order], crossings
    order[:] = best


def _crossings(
    order: Order, near: Mapping[str, tuple[list[str], list[str]]], place: Mapping[str, int]
) -> int:
    """Count the pairs of lines that cross between neighbouring layers."""
    found = 0
    for layer in order[:-1]:
        seen: list[int] = []
        for key in layer:
            ends = sorted(place[o] for o in near[key][1])
            found += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return found
