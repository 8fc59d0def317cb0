"""Put the steps of a plan into transactions: what must not be seen apart, and what must not wait for it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain, groupby

from pgwright.diff.joining import Written, joined
from pgwright.diff.order import Move
from pgwright.kinds.contract import Context, reached
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import parent_of
from pgwright.model.change import Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Phase, Step


def in_transactions(
    written: Iterable[Written],
    ordered: tuple[Move, ...],
    context: Context,
    groups: Iterable[Collection[Move]],
    together: Set[Move],
    *,
    rewritten: Iterable[Collection[Move]],
) -> tuple[Step, ...]:
    """Return the steps, numbered, with what belongs into one transaction in one batch.

    The moves of each of `groups` share a transaction with all that is between them (see `sharing`); the steps
    of a move in `together`, or by which a column comes to be numbered otherwise, do so, too. Of neighbours in
    a group of `rewritten`, the rewrites are joined. A step that refuses a transaction, or reads whole tables,
    is a batch of its own: where it can, it comes before or after the transaction that it would part.
    """
    numbers = _spans(ordered, groups)
    numbering = {move for move in ordered if _numbers(move, context) is not None}
    arranged = joined(_arranged(written, numbers, context), rewritten)
    return _numbered(arranged, numbers, together | numbering)


def sharing(moves: Iterable[Move], context: Context) -> tuple[frozenset[Move], ...]:
    """Return the groups of moves that share a transaction.

    One goes from the drop of a replaced object to its creation, and to where it gets back what it held, with
    what it gets for the first time: made afterwards, that would lock a table in use, old rows and all.
    Another are those by which a column comes to be numbered otherwise: a row written between them would have
    no number, or one that is taken. Where its table is made anew, they are part of that. A primary key that
    comes under another name is one that is replaced, too: there can be no two.
    """
    replaced = context.dropped & context.created
    groups: dict[tuple[str, ObjectId], set[Move]] = {}
    for move in moves:
        if move.id in replaced:
            groups.setdefault(("replaced", move.id), set()).add(move)
        elif move.op is Op.CREATE and move.id.parent in replaced:
            groups.setdefault(("replaced", parent_of(move.id)), set()).add(move)
        if (column := _numbers(move, context)) is not None:
            table = parent_of(column)
            key = ("replaced", table) if table in replaced else ("numbered", column)
            groups.setdefault(key, set()).add(move)
        elif (identified := _identified(move, context)) is not None:
            groups.setdefault(("identified", identified), set()).add(move)
    return tuple(frozenset(group) for group in groups.values() if len(group) > 1)


def _identified(move: Move, context: Context) -> ObjectId | None:
    """Return the table that stays whose primary key goes or comes by this move."""
    o = (context.before if move.op is Op.DROP else context.after).objects[move.id]
    if getattr(o, "type", None) != "p" or move.id.kind != "constraint":
        return None
    table = parent_of(move.id)
    stays = table in context.before and table in context.after and table not in context.dropped
    return table if stays else None


def _spans(ordered: Sequence[Move], groups: Iterable[Collection[Move]]) -> Mapping[Move, int]:
    """Give all moves from the first to the last of a group one number, others one each."""
    position = {move: i for i, move in enumerate(ordered)}
    reach: dict[int, int] = {}
    for group in groups:
        at = [position[move] for move in group]
        reach[min(at)] = max(*at, reach.get(min(at), -1))
    numbers: dict[Move, int] = {}
    number, last = 0, -1
    for i, move in enumerate(ordered):
        if i > last:
            number += 1
        last = max(last, reach.get(i, -1))
        numbers[move] = number
    return numbers


def _numbers(move: Move, context: Context) -> ObjectId | None:
    """Return the column that stays whose new rows get other values by this move."""
    o = (context.before if move.op is Op.DROP else context.after).objects[move.id]
    column = kind(move.id.kind).numbers(o, context)
    return column if column is not None and column in context.before and column in context.after else None


def _arranged(written: Iterable[Written], numbers: Mapping[Move, int], context: Context) -> Iterator[Written]:
    """Yield the steps, with what would part a transaction around it: preparations first, validations last."""
    for _, members in groupby(written, key=lambda pair: numbers[pair[0]]):
        ahead: list[Written] = []
        within: list[Written] = []
        after: list[Written] = []
        made: set[ObjectId] = set()
        joined = False  # by a table, which may be a part of what a later move is about
        for move, own in groupby(members, key=lambda pair: pair[0]):
            steps = tuple(own)
            early = not joined and any(s.ahead for _, s in steps) and _is_free_of(made, move, context)
            for i, (_, step) in enumerate(steps):
                if step.ahead and early:
                    ahead.append((move, step))
                elif _is_scan(step) and i + 1 == len(steps):
                    # What the move does after a scan relies on it: only the last can wait.
                    after.append((move, step))
                else:
                    within.append((move, step))
            if move.op is not Op.DROP:
                made.add(move.id)
                joined = joined or move.id.kind == "table"
        yield from chain(ahead, within, after)


def _is_free_of(made: Set[ObjectId], move: Move, context: Context) -> bool:
    """Tell whether the move needs nothing that the transaction has made before it."""
    return made.isdisjoint(reached(move.id, lambda id: getattr(context.after.get(id), "depends_on", ())))


def _is_scan(step: Step) -> bool:
    return step.phase is Phase.BACKFILL


def _numbered(
    written: Iterable[Written], numbers: Mapping[Move, int], together: Set[Move]
) -> tuple[Step, ...]:
    steps: list[Step] = []
    members = Counter(numbers.values())
    batch, key = 0, (-1, True)
    for i, (move, step) in enumerate(written, start=1):
        # A validation reads the whole table: it must not hold the locks of what came before it.
        here = (numbers[move], step.transactional and not _is_scan(step))
        alone = (members[numbers[move]] == 1 and move not in together) or not here[1]
        if here != key or alone:
            batch += 1
        key = here
        steps.append(dataclasses.replace(step, id=str(i), batch=batch))
    return tuple(steps)
