"""Circles in a graph: what can be reached from each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

Node = TypeVar("Node")


def circles(edges: Mapping[Node, Iterable[Node]]) -> Iterator[frozenset[Node]]:
    """Yield the largest sets of two nodes or more that all can be reached from each other.

    This is Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972), without recursion.
    """
    number: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    open_nodes: dict[Node, None] = {}
    path: list[tuple[Node, Iterator[Node]]] = []

    def enter(node: Node) -> None:
        number[node] = lowest[node] = len(number)
        open_nodes[node] = None
        path.append((node, iter(edges.get(node, ()))))

    for start in edges:
        if start not in number:
            enter(start)
        while path:
            node, followers = path[-1]
            new = None
            for follower in followers:
                if follower not in number:
                    new = follower
                    break
                if follower in open_nodes:
                    lowest[node] = min(lowest[node], number[follower])
            if new is not None:
                enter(new)
                continue
            path.pop()
            if path:
                lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
            if lowest[node] == number[node]:
                circle: list[Node] = []
                while not circle or circle[-1] != node:
                    circle.append(open_nodes.popitem()[0])
                if len(circle) > 1:
                    yield frozenset(circle)
