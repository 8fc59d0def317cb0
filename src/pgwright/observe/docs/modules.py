"""Which tables belong together: by rules, by schema, by the first word of their names, by foreign keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from heapq import heapify, heappop, heappush

from pgwright.observe.docs.nouns import Module, TableDoc

Rules = Sequence[tuple[str, str]]

# A picture of more tables than this is no longer read at a glance.
LARGEST = 24
# First words of names make modules where they sort most of the tables, as app labels of Django do.
_COVERED = 0.6
OTHERS = "other tables"
# Less than this is no module.
_SMALLEST = 5

Groups = dict[str, list[TableDoc]]


def divide(tables: Iterable[TableDoc], rules: Rules = ()) -> tuple[Module, ...]:
    """Return all tables in modules, modules and their tables by name.

    A rule (module, pattern over paths) goes first. What is left is divided by schema, and within a schema by
    the first word of the names, if that sorts most of them, else, if there are many, by foreign keys:
    merging neighbours for as long as that raises modularity, up to 24 tables (the greedy method of Clauset,
    Newman and Moore, 2004).
    """
    groups: Groups = {}
    left: Groups = {}
    for table in sorted(tables, key=lambda t: t.path):
        ruled = next((name for name, pattern in rules if fnmatchcase(table.path, pattern)), None)
        if ruled is not None:
            groups.setdefault(ruled, []).append(table)
        else:
            left.setdefault(table.schema, []).append(table)
    for schema, members in sorted(left.items()):
        for name, part in _of_schema(schema, members).items():
            full = name if len(left) == 1 or name == schema else f"{schema}: {name}"
            groups.setdefault(full, []).extend(part)
    taken: set[str] = set()
    return tuple(
        Module(name=name, slug=_slug(name, taken), tables=tuple(sorted(groups[name], key=lambda t: t.path)))
        for name in sorted(groups, key=lambda name: (OTHERS in name, name))
    )


def _of_schema(schema: str, tables: Sequence[TableDoc]) -> Groups:
    words = Counter(_first_word(t) for t in tables)
    shared = {word for word, count in words.items() if count > 1}
    covered = sum(words[word] for word in shared)
    if len(shared) > 1 and covered >= _COVERED * len(tables):
        return _split_large(_by_word(tables, shared))
    if len(tables) <= LARGEST:
        return {schema: list(tables)}
    return _by_references(tables)


def _first_word(table: TableDoc) -> str:
    return table.name.lstrip("_").partition("_")[0]


def _by_word(tables: Sequence[TableDoc], shared: set[str]) -> Groups:
    groups: Groups = {word: [] for word in sorted(shared)}
    home = {t.path: _first_word(t) for t in tables if _first_word(t) in shared}
    for table in tables:
        groups.setdefault(home.get(table.path) or _nearest(table, tables, home), []).append(table)
    return {name: members for name, members in groups.items() if members}


def _nearest(table: TableDoc, tables: Sequence[TableDoc], home: Mapping[str, str]) -> str:
    """Return the group with which a table without one shares most foreign keys."""
    links = Counter(home[r.target] for r in table.references if r.target in home)
    for other in tables:
        if other.path in home:
            links[home[other.path]] += sum(r.target == table.path for r in other.references)
    found = sorted((-count, name) for name, count in links.items() if count)
    return found[0][1] if found else OTHERS


def _split_large(groups: Groups) -> Groups:
    result: Groups = {}
    for name, members in groups.items():
        if len(members) <= LARGEST:
            result[name] = members
            continue
        for part, tables in _by_references(members).items():
            result[f"{name}: {part}"] = tables
    return result


def _by_references(tables: Sequence[TableDoc]) -> Groups:
    weights = links(tables)
    known = {t.path: t for t in tables}
    inward = Counter(r.target for t in tables for r in t.references if r.target != t.path)
    groups: Groups = {}
    small: list[TableDoc] = []
    for part in _without_scraps(cluster(list(known), weights, LARGEST), weights):
        members = [known[path] for path in part]
        if len(members) < _SMALLEST:
            small += members
            continue
        centre = min(members, key=lambda t: (-inward[t.path], -len(t.references), t.path))
        groups[centre.label] = members
    small.sort(key=lambda t: t.path)
    pieces = [small[i : i + LARGEST] for i in range(0, len(small), LARGEST)]
    for number, piece in enumerate(pieces, start=1):
        groups[OTHERS if len(pieces) == 1 else f"{OTHERS} {number} of {len(pieces)}"] = piece
    return groups


def _without_scraps(
    parts: Sequence[tuple[str, ...]], weights: Mapping[tuple[str, str], int]
) -> list[tuple[str, ...]]:
    """Give each small part to the one that it has most links with, where that has room."""
    home = {path: part[0] for part in parts for path in part}
    members = {part[0]: list(part) for part in parts}
    for part in sorted(parts, key=lambda p: (len(p), p)):
        own = home[part[0]]
        if len(members[own]) >= _SMALLEST:
            continue
        near: Counter[str] = Counter()
        for (a, b), weight in weights.items():
            if (home[a] == own) != (home[b] == own):
                near[home[b] if home[a] == own else home[a]] += weight
        room = LARGEST - len(members[own])
        found = sorted((-count, name) for name, count in near.items() if len(members[name]) <= room)
        if found:
            joined = found[0][1]
            for path in members[own]:
                home[path] = joined
            members[joined] += members.pop(own)
    return [tuple(sorted(part)) for _, part in sorted(members.items())]


def links(tables: Iterable[TableDoc]) -> Mapping[tuple[str, str], int]:
    """Return how many foreign keys stand between two different tables, by their sorted paths."""
    found: Counter[tuple[str, str]] = Counter()
    known = {t.path: t for t in tables}
    for table in known.values():
        for reference in table.references:
            if reference.target in known and reference.target != table.path:
                first, second = sorted((table.path, reference.target))
                found[first, second] += 1
    return found


def cluster(
    nodes: Sequence[str], weights: Mapping[tuple[str, str], int], largest: int
) -> tuple[tuple[str, ...], ...]:
    """Return the nodes in parts of at most `largest`, merged greedily by gain in modularity.

    The gain of merging parts a and b is proportional to ``2 m e(a, b) - d(a) d(b)``, with e the weight
    between them, d the sums of degrees and m the weight of all; ties go by name.
    """
    total = sum(weights.values())
    members = {node: [node] for node in nodes}
    between: dict[str, Counter[str]] = {node: Counter() for node in nodes}
    for (a, b), weight in weights.items():
        between[a][b] += weight
        between[b][a] += weight
    degree = {node: sum(near.values()) for node, near in between.items()}
    # Counts the merges of each part, so that gains computed before its last one are recognised as old.
    merges = dict.fromkeys(nodes, 0)

    def candidate(one: str, other: str) -> tuple[int, str, str, int, int]:
        a, b = sorted((one, other))
        loss = degree[a] * degree[b] - 2 * total * between[a][b]
        return loss, a, b, merges[a], merges[b]

    waiting = [candidate(a, b) for a, near in between.items() for b in near if a < b]
    heapify(waiting)
    while waiting:
        loss, a, b, *known = heappop(waiting)
        if loss >= 0:
            break
        if a not in members or b not in members or known != [merges[a], merges[b]]:
            continue
        if len(members[a]) + len(members[b]) > largest:
            continue
        members[a] += members.pop(b)
        degree[a] += degree.pop(b)
        merges[a] += 1
        for other, weight in between.pop(b).items():
            del between[other][b]
            if other != a:
                between[a][other] += weight
                between[other][a] += weight
        for other in between[a]:
            heappush(waiting, candidate(a, other))
    return tuple(tuple(sorted(part)) for _, part in sorted(members.items()))


def _slug(name: str, taken: set[str]) -> str:
    """Return a name for a file: letters, digits and hyphens, different from those that are taken."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "module"
    slug, number = plain, 1
    while slug in taken:
        number += 1
        slug = f"{plain}-{number}"
    taken.add(slug)
    return slug
