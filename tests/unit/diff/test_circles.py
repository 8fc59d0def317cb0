"""What can be reached from each other in a graph."""

from __future__ import annotations

import pytest

from pgwright.diff.circles import circles


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, []),
        ({1: [2], 2: [3], 3: []}, []),
        ({1: [1], 2: [1]}, []),
        ({1: [2], 2: [1]}, [{1, 2}]),
        ({1: [2], 2: [3], 3: [1, 4], 4: [5], 5: [4, 6]}, [{1, 2, 3}, {4, 5}]),
        # Reached once more by a way that is longer, and by one that has ended.
        ({1: [2, 3], 2: [4], 3: [4], 4: [1], 5: [4, 6], 6: [5]}, [{1, 2, 3, 4}, {5, 6}]),
    ],
)
def test_circles(edges: dict[int, list[int]], expected: list[set[int]]) -> None:
    assert sorted(map(sorted, circles(edges))) == sorted(map(sorted, expected))


def test_a_long_circle() -> None:
    count = 100_000
    assert list(circles({n: [(n + 1) % count] for n in range(count)})) == [frozenset(range(count))]
