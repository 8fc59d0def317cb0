"""Put the steps of a plan into transactions: what must not be seen apart, and what must not wait for it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import chain, groupby

from pgwright.diff.order import Move
from pgwright.kinds.contract import Context, reached
from pgwright.kinds.registry import kind
from pgwright.model.change import Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Phase, Step

Written = tuple[Move, Step]


def in_transactions(
    written: Iterable[Written], ordered: tuple[Move, ...], context: Context, together: Set[Move]
) -> tuple[Step, ...]:
    """Return the steps, numbered, with what belongs into one transaction in one batch.

    Moves share a transaction where nobody may see what is between them; the steps of a move in `together`
    do so, too. A step that refuses a transaction, or reads whole tables, is a batch of its own: where it
    can, it comes before or after the transaction that it would part.
    """
    numbers = _spans(ordered, context)
    return _numbered(_arranged(written, numbers, context), numbers, together)


def _spans(ordered: tuple[Move, ...], context: Context) -> Mapping[Move, int]:
    """Give the moves from the drop of a replaced object to its creation one number, others one each.

    So it is with those by which a column comes to be numbered otherwise: a row written between them would
    have no number, or one that is taken.
    """
    position = {move: i for i, move in enumerate(ordered)}
    spans: list[tuple[int, int]] = []
    for id in context.dropped & context.created:
        first, last = position.get(Move(Op.DROP, id)), position.get(Move(Op.CREATE, id))
        last = position.get(Move(Op.ALTER, id), last)
        if first is not None and last is not None:
            spans.append((first, last))
    numbering: dict[ObjectId, list[int]] = {}
    for i, move in enumerate(ordered):
        column = _numbers(move, context)
        if column is not None:
            numbering.setdefault(column, []).append(i)
    spans.extend((at[0], at[-1]) for at in numbering.values())
    numbers: dict[Move, int] = {}
    number, reach = 0, -1
    starts: dict[int, int] = {}
    for first, last in spans:
        starts[first] = max(last, starts.get(first, -1))
    for i, move in enumerate(ordered):
        if i > reach:
            number += 1
        reach = max(reach, starts.get(i, -1))
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
        span = tuple(members)
        for i, (move, step) in enumerate(span):
            # What the move does after a scan relies on it.
            is_last = i + 1 == len(span) or span[i + 1][0] != move
            if step.ahead and _can_go_ahead(move, span, context):
                ahead.append((move, step))
            elif _is_scan(step) and is_last:
                after.append((move, step))
            else:
                within.append((move, step))
        yield from chain(ahead, within, after)


def _can_go_ahead(move: Move, span: Iterable[Written], context: Context) -> bool:
    """Tell whether nothing that the span does before the move is needed by it, or joins what it is about."""
    needs = set(reached(move.id, lambda id: getattr(context.after.get(id), "depends_on", ())))
    for earlier, _ in span:
        if earlier == move:
            break
        if earlier.op is not Op.DROP and (earlier.id in needs or earlier.id.kind == "table"):
            return False
    return True


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
