"""Boxes never overlap, lines end at their boxes, and the same graph always gives the same picture."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pgwright.observe.docs.layers import layered
from pgwright.observe.docs.layout import Box, Link, Placement, place, settle
from pgwright.observe.docs.modules import cluster

KEYS = [f"t{i}" for i in range(12)]
GRAPHS = st.tuples(
    st.lists(st.tuples(st.sampled_from(KEYS), st.integers(60, 300), st.integers(30, 300)), min_size=1).map(
        lambda found: {key: (float(w), float(h)) for key, w, h in found}
    ),
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=30),
)


def drawn(
    sizes: dict[str, tuple[float, float]], pairs: list[tuple[str, str]]
) -> tuple[list[Box], list[Link]]:
    boxes = [Box(key=k, width=w, height=h) for k, (w, h) in sizes.items()]
    links = [
        Link(key=f"{i} {a} {b}", source=a, target=b, offset=sizes[a][1] / 2, target_offset=14.0)
        for i, (a, b) in enumerate(pairs)
        if a in sizes and b in sizes
    ]
    return boxes, links


def overlapping(placement: Placement, boxes: list[Box]) -> list[tuple[str, str]]:
    spans = {b.key: (*placement.corners[b.key], b.width, b.height) for b in boxes}
    return [
        (a, b)
        for a, b in combinations(sorted(spans), 2)
        if spans[a][0] < spans[b][0] + spans[b][2]
        and spans[b][0] < spans[a][0] + spans[a][2]
        and spans[a][1] < spans[b][1] + spans[b][3]
        and spans[b][1] < spans[a][1] + spans[a][3]
    ]


@settings(max_examples=150)
@given(GRAPHS, st.randoms(use_true_random=False))
def test_placement_is_sound(
    graph: tuple[dict[str, tuple[float, float]], list[tuple[str, str]]], shuffler: random.Random
) -> None:
    boxes, links = drawn(*graph)
    placement = place(boxes, links)
    assert set(placement.corners) == {b.key for b in boxes}
    assert not overlapping(placement, boxes)
    for box in boxes:
        x, y = placement.corners[box.key]
        assert -0.01 <= x <= placement.width - box.width + 0.01
        assert -0.01 <= y <= placement.height - box.height + 0.01
    known = {b.key: b for b in boxes}
    by_key = {link.key: link for link in links}
    assert {r.key for r in placement.routes} == set(by_key)
    for route in placement.routes:
        link = by_key[route.key]
        for end, key, offset in (
            (route.points[0], link.source, link.offset),
            (route.points[-1], link.target, link.target_offset),
        ):
            x, y = placement.corners[key]
            assert min(abs(end[0] - x), abs(end[0] - x - known[key].width)) < 0.01
            assert abs(end[1] - y - offset) < 0.01
    shuffler.shuffle(boxes)
    shuffler.shuffle(links)
    assert place(boxes, links) == placement


def test_circles_are_broken_and_nothing_is_lost() -> None:
    edges = [
        ("1", "a", "b", 0.5, 0.5),
        ("2", "b", "c", 0.5, 0.5),
        ("3", "c", "a", 0.5, 0.5),
        ("4", "a", "a", 0.5, 0.5),
    ]
    found = layered({"a": 10.0, "b": 10.0, "c": 10.0}, edges, limit=1000, most=9)
    placed = [key for layer in found.layers for key in layer if not key.startswith("\0")]
    assert sorted(placed) == ["a", "b", "c"]
    assert set(found.chains) == {"1", "2", "3", "4"}


def test_many_that_refer_to_one_spread_over_several_layers() -> None:
    heights = {"hub": 50.0, **{f"t{i:02}": 50.0 for i in range(30)}}
    edges = [(f"e{i}", f"t{i:02}", "hub", 0.5, 0.5) for i in range(30)]
    found = layered(heights, edges, limit=400, most=9)
    assert max(sum(not k.startswith("\0") for k in layer) for layer in found.layers) <= 8
    assert found.layer_of["hub"] == 0


@given(
    st.lists(st.tuples(st.floats(-500, 500), st.floats(0.5, 5), st.floats(1, 80)), min_size=1, max_size=20)
)
def test_settled_positions_keep_order_and_distance(rows: list[tuple[float, float, float]]) -> None:
    wanted, weights, spaces = (list(column) for column in zip(*rows, strict=True))
    found = settle(wanted, weights, spaces)
    for i in range(len(found) - 1):
        assert found[i + 1] - found[i] >= spaces[i] - 1e-6
    if all(wanted[i + 1] - wanted[i] >= spaces[i] for i in range(len(wanted) - 1)):
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 1e-6


def test_clusters_are_found_and_limited() -> None:
    inner = {
        ("a1", "a2"): 1,
        ("a1", "a3"): 1,
        ("a2", "a3"): 1,
        ("b1", "b2"): 1,
        ("b1", "b3"): 1,
        ("b2", "b3"): 1,
    }
    nodes = ["a1", "a2", "a3", "b1", "b2", "b3", "alone"]
    found = cluster(nodes, {**inner, ("a1", "b1"): 1}, 24)
    assert found == (("a1", "a2", "a3"), ("alone",), ("b1", "b2", "b3"))
    star = {("hub", f"t{i}"): 1 for i in range(100)}
    parts = cluster(["hub", *(f"t{i}" for i in range(100))], star, 24)
    assert max(map(len, parts)) <= 24
    assert sum(map(len, parts)) == 101


def test_a_long_chain_fits_on_a_page() -> None:
    boxes = [Box(key=f"t{i:02}", width=220, height=60 + 40 * (i % 3)) for i in range(24)]
    links = [
        Link(key=f"{i}-{j}", source=f"t{i:02}", target=f"t{j:02}", offset=30, target_offset=10)
        for i in range(1, 24)
        for j in (i - 1, i // 2)
    ]
    found = place(boxes, links)
    assert found.width < 1600
    known = {b.key: b for b in boxes}
    lines = {r.key: r.points for r in found.routes}
    for link in links:
        # Both ends touch a side of their box, and no line runs up or down through a box.
        for key, (x, y) in ((link.source, lines[link.key][0]), (link.target, lines[link.key][-1])):
            left, top = found.corners[key]
            assert x in (left, left + known[key].width) and top <= y <= top + known[key].height
        for (x1, y1), (x2, y2) in pairwise(lines[link.key]):
            through = [
                k
                for k, (left, top) in found.corners.items()
                if x1 == x2 and left < x1 < left + known[k].width and min(y1, y2) < top < max(y1, y2)
            ]
            assert not through, link.key
