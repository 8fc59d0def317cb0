"""Place boxes that refer to each other: layers from left to right, few crossings, the same every time.

The method is that of Sugiyama, Tagawa and Toda (1981): break circles, spread over layers, order each layer
by barycentres, then set heights. Layers are limited in height as by Coffman and Graham (1972), so that one
table to which thirty others refer gives a picture and not a ribbon. Heights are the least squares solution
that keeps the order (pool adjacent violators). There are no more layers than fit on a page: those of a longer
chain are put together, and lines within one go around its boxes on the right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pgwright.observe.docs.layers import Layered, layered

GAP_X = 80.0
GAP_Y = 22.0
_CHANNEL = 10.0
_ROUNDS = 12
_PAGE = 1400.0
_LANES = 7


@dataclass(frozen=True, kw_only=True)
class Box:
    """Be a rectangle to be placed; sizes are in pixels."""

    key: str
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Link:
    """Join two boxes, from the referring one to the one that it refers to.

    `offset` is how far below the upper edge of `source` the line begins, and `target_offset` the same where
    it ends.
    """

    key: str
    source: str
    target: str
    offset: float
    target_offset: float


@dataclass(frozen=True, kw_only=True)
class Route:
    """Be the way of a link: points from its source to its target; both ends touch a side of a box."""

    key: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Hold the upper left corner of each box, the way of each link, and the size of all of it."""

    corners: Mapping[str, tuple[float, float]]
    routes: tuple[Route, ...]
    width: float
    height: float


def place(boxes: Sequence[Box], links: Sequence[Link]) -> Placement:
    """Return where boxes and links go; the order in which they are given does not matter."""
    boxes = sorted(boxes, key=lambda b: b.key)
    links = sorted(links, key=lambda link: link.key)
    parts = _components(boxes, links)
    placed = [_place_part(part, own) for part, own in parts]
    return _pack(placed)


def _components(boxes: Sequence[Box], links: Sequence[Link]) -> list[tuple[list[Box], list[Link]]]:
    """Return the connected parts, those of most boxes first; single boxes come last, together."""
    leader = {b.key: b.key for b in boxes}

    def find(key: str) -> str:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for link in links:
        one, other = sorted((find(link.source), find(link.target)))
        leader[other] = one
    groups: dict[str, list[Box]] = {}
    for box in boxes:
        groups.setdefault(find(box.key), []).append(box)
    own: dict[str, list[Link]] = {}
    for link in links:
        own.setdefault(find(link.source), []).append(link)
    order = sorted(groups, key=lambda key: (-len(groups[key]), key))
    return [(groups[key], own.get(key, [])) for key in order]


def _place_part(boxes: Sequence[Box], links: Sequence[Link]) -> Placement:
    area = sum((b.width + GAP_X) * (b.height + GAP_Y) for b in boxes)
    tallest = max(b.height for b in boxes)
    known = {b.key: b for b in boxes}
    graph = layered(
        {b.key: b.height + GAP_Y for b in boxes},
        [
            (
                link.key,
                link.source,
                link.target,
                link.offset / known[link.source].height,
                link.target_offset / known[link.target].height,
            )
            for link in links
        ],
        limit=max(tallest + GAP_Y, math.sqrt(area) * 0.95),
        most=_columns(boxes, area),
    )
    tops = _tops(graph, known, {link.key: link for link in links})
    x, lefts, widths = 0.0, [], []
    for layer in graph.layers:
        width = max((known[k].width for k in layer if k in known), default=0.0)
        lefts.append(x)
        widths.append(width)
        x += width + GAP_X
    corners = {
        key: (lefts[i], tops[key]) for i, layer in enumerate(graph.layers) for key in layer if key in known
    }
    asides = _asides(links, graph.layer_of, corners)
    routes = tuple(
        _route(
            link,
            graph=graph,
            known=known,
            corners=corners,
            tops=tops,
            lefts=lefts,
            widths=widths,
            aside=asides.get(link.key, 0.0),
        )
        for link in links
    )
    return _from_origin(corners, routes, known)


def _columns(boxes: Sequence[Box], area: float) -> int:
    """Return how many layers fit on a page; pages are scrolled down, so a picture rather grows that way."""
    across = max(_PAGE, math.sqrt(area))
    return max(2, int((across + GAP_X) / (sum(b.width for b in boxes) / len(boxes) + GAP_X)))


def _tops(graph: Layered, known: Mapping[str, Box], links: Mapping[str, Link]) -> dict[str, float]:
    """Return the upper edge of every box and bend: close to what it is joined with, in its layer's order."""
    height = {key: known[key].height if key in known else _CHANNEL for layer in graph.layers for key in layer}
    tops: dict[str, float] = {}
    for layer in graph.layers:
        y = 0.0
        for key in layer:
            tops[key] = y
            y += height[key] + _space(key, known)
    ends: dict[str, list[tuple[float, str, float]]] = {key: [] for key in height}
    for name, chain in graph.chains.items():
        link = links[name]
        if link.source == link.target:
            continue
        at = [link.offset, *(_CHANNEL / 2 for _ in chain[1:-1]), link.target_offset]
        for i in range(len(chain) - 1):
            ends[chain[i]].append((at[i], chain[i + 1], at[i + 1]))
            ends[chain[i + 1]].append((at[i + 1], chain[i], at[i]))
    rounds = [*graph.layers, *reversed(graph.layers)] * _ROUNDS
    for layer in rounds:
        wanted, weights = [], []
        for key in layer:
            pulls = [tops[other] + there - here for here, other, there in ends[key]]
            wanted.append(sum(pulls) / len(pulls) if pulls else tops[key])
            # Bends are heavier than boxes, so that long lines stay straight.
            weights.append(max(1, len(pulls)) * (1.0 if key in known else 4.0))
        spaces = [height[key] + _space(key, known) for key in layer]
        tops.update(zip(layer, settle(wanted, weights, spaces), strict=True))
    return tops


def _space(key: str, known: Mapping[str, Box]) -> float:
    return GAP_Y if key in known else _CHANNEL / 2


def settle(wanted: Sequence[float], weights: Sequence[float], spaces: Sequence[float]) -> list[float]:
    """Return positions next to the wanted ones, in order and at least `spaces` apart.

    They minimise the weighted sum of squared distances: an isotonic regression of what is left of each
    wanted position after the spaces before it, solved by pooling adjacent violators.
    """
    before, offset = [], 0.0
    for space in spaces:
        before.append(offset)
        offset += space
    pools: list[tuple[float, float, int]] = []
    for want, weight, off in zip(wanted, weights, before, strict=True):
        value, heavy, count = want - off, weight, 1
        while pools and pools[-1][0] > value:
            last, more, many = pools.pop()
            value = (last * more + value * heavy) / (more + heavy)
            heavy, count = heavy + more, count + many
        pools.append((value, heavy, count))
    flat = [value for value, _, count in pools for _ in range(count)]
    return [value + off for value, off in zip(flat, before, strict=True)]


def _route(
    link: Link,
    *,
    graph: Layered,
    known: Mapping[str, Box],
    corners: Mapping[str, tuple[float, float]],
    tops: Mapping[str, float],
    lefts: Sequence[float],
    widths: Sequence[float],
    aside: float,
) -> Route:
    """Return the points of a link: from side to side, through the bends in the layers between."""
    source, target = known[link.source], known[link.target]
    (x, y), (tx, ty) = corners[link.source], corners[link.target]
    start, end = y + link.offset, ty + link.target_offset
    if x == tx:
        # To itself or within a layer: out on the right and back.
        right, back = x + source.width, tx + target.width
        own = link.source == link.target
        out = right + 22 if own else _right_of(graph.layer_of[link.source], lefts, widths) + aside
        return Route(key=link.key, points=((right, start), (out, start), (out, end), (back, end)))
    chain = graph.chains[link.key]
    rightward = tx > x
    points = [(x + source.width if rightward else x, start)]
    if rightward:
        # Boxes are as wide as their names; past the widest of the layer there is room to bend.
        points.append((_right_of(graph.layer_of[link.source], lefts, widths), start))
    for key in chain[1:-1]:
        layer = graph.layer_of[key]
        sides = (lefts[layer], _right_of(layer, lefts, widths))
        middle = tops[key] + _CHANNEL / 2
        points += [(side, middle) for side in (sides if rightward else reversed(sides))]
    if rightward:
        points.append((tx, end))
    else:
        points += [(_right_of(graph.layer_of[link.target], lefts, widths), end), (tx + target.width, end)]
    return Route(key=link.key, points=tuple(at for at, _ in groupby(points)))


def _asides(
    links: Sequence[Link], layer_of: Mapping[str, int], corners: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Return how far right of their boxes the links within a layer go, the longer ones around the shorter."""
    within: dict[int, list[tuple[float, Link]]] = {}
    for link in links:
        layer = layer_of[link.source]
        if layer == layer_of[link.target] and link.source != link.target:
            start, end = corners[link.source][1] + link.offset, corners[link.target][1] + link.target_offset
            within.setdefault(layer, []).append((abs(end - start), link))
    found: dict[str, float] = {}
    for near in within.values():
        targets: dict[str, int] = {}
        for _, link in sorted(near, key=lambda n: (n[0], n[1].key)):
            # Lines to one target run as one.
            lane = targets.setdefault(link.target, len(targets))
            found[link.key] = 16.0 + (lane % _LANES) * 8.0
    return found


def _right_of(layer: int, lefts: Sequence[float], widths: Sequence[float]) -> float:
    return lefts[layer] + widths[layer]


def _from_origin(
    corners: Mapping[str, tuple[float, float]], routes: Iterable[Route], known: Mapping[str, Box]
) -> Placement:
    routes = tuple(routes)
    xs = [x for x, _ in corners.values()] + [x for r in routes for x, _ in r.points]
    ys = [y for _, y in corners.values()] + [y for r in routes for _, y in r.points]
    left, top = min(xs), min(ys)
    right = max([x + known[k].width for k, (x, _) in corners.items()] + xs)
    bottom = max([y + known[k].height for k, (_, y) in corners.items()] + ys)
    return Placement(
        corners={k: (x - left, y - top) for k, (x, y) in corners.items()},
        routes=tuple(
            Route(key=r.key, points=tuple((x - left, y - top) for x, y in r.points)) for r in routes
        ),
        width=right - left,
        height=bottom - top,
    )


def _moved(route: Route, x: float, y: float) -> Route:
    return Route(key=route.key, points=tuple((px + x, py + y) for px, py in route.points))


def _pack(parts: Sequence[Placement]) -> Placement:
    """Return all parts on shelves: the first gives the width, or the area where it is small."""
    if not parts:
        return Placement(corners={}, routes=(), width=0.0, height=0.0)
    area = sum((p.width + GAP_X) * (p.height + 2 * GAP_Y) for p in parts)
    limit = max(*(p.width for p in parts), math.sqrt(area * 1.5))
    corners: dict[str, tuple[float, float]] = {}
    routes: list[Route] = []
    x = y = shelf = width = 0.0
    for part in sorted(parts, key=lambda p: (-len(p.corners), -p.height, min(p.corners))):
        if x and x + part.width > limit:
            x, y, shelf = 0.0, y + shelf + 2 * GAP_Y, 0.0
        corners |= {k: (px + x, py + y) for k, (px, py) in part.corners.items()}
        routes += [_moved(r, x, y) for r in part.routes]
        width, shelf = max(width, x + part.width), max(shelf, part.height)
        x += part.width + GAP_X / 2
    return Placement(corners=corners, routes=tuple(routes), width=width, height=y + shelf)
