"""Changes of columns that write the table or its indexes anew: what is said of them, and several at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pgwright.kinds.steps import name_of, parent_of
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Reversibility, Step
from pgwright.pg.quoting import render

_REVERSIBILITY = tuple(Reversibility)  # the better comes first
_EXPRESSION = " SET EXPRESSION AS ("
_CONSEQUENCE = ": all of {} is written anew while nobody can read or write it"


def rewrites(cause: str, table: ObjectId, hint: str | None = None) -> Hazard:
    """Return the hazard of writing a table anew, for the cause."""
    return Hazard(code=HazardCode.REWRITES, message=cause + _CONSEQUENCE.format(table.path), hint=hint)


def rebuilds(columns: str, table: ObjectId) -> Hazard:
    """Return the hazard of building indexes over columns anew, in a table that stays as it is."""
    message = f"indexes over {columns} of {table.path} are built anew while nobody can read or write it"
    return Hazard(code=HazardCode.LOCKS_READERS, message=message)


def join(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return steps for columns that each write their table anew, with types and additions in one statement.

    PostgreSQL converts and adds columns in an order of its own that suits them, whatever theirs is. Another
    expression stays apart: beside another type, the constraints that both rebuild are lost on the way
    ("cache lookup failed for constraint", seen in 18).
    """
    apart = [step for step in steps if _EXPRESSION in step.sql]
    joined = [step for step in steps if step not in apart]
    return (*([_joined(joined)] if len(joined) > 1 else joined), *apart)


def _joined(steps: Sequence[Step]) -> Step:
    table = parent_of(steps[0].subject)
    head = f"ALTER TABLE {render(name_of(table))} "
    adding = [step for step in steps if step.sql.startswith(f"{head}ADD COLUMN ")]
    changing = sorted((step for step in steps if step not in adding), key=lambda step: step.subject.name)
    done = [
        f"{verb} {', '.join(step.subject.name.name for step in some)}"
        for verb, some in (("change", changing), ("add", adding))
        if some
    ]
    steps = (*changing, *adding)
    return replace(
        steps[0],
        subject=table,
        summary=f"{' and '.join(done)} of {table} at once",
        sql=head + ", ".join(step.sql.removeprefix(head) for step in steps),
        locks_on=tuple(dict.fromkeys(id for step in steps for id in step.locks_on)),
        rewrites=tuple(dict.fromkeys(id for step in steps for id in step.rewrites)),
        hazards=tuple(_hazards(steps, table)),
        reversibility=max((step.reversibility for step in steps), key=_REVERSIBILITY.index),
    )


def _hazards(steps: Sequence[Step], table: ObjectId) -> Iterator[Hazard]:
    """Yield the rewrite once, with the causes of all steps, and what else they risk."""
    found = [h for step in steps for h in step.hazards]
    rewriting = [h for h in found if h.code is HazardCode.REWRITES]
    causes = dict.fromkeys(h.message.removesuffix(_CONSEQUENCE.format(table.path)) for h in rewriting)
    hints = dict.fromkeys(h.hint for h in rewriting if h.hint)
    yield rewrites("; ".join(causes), table, "; ".join(hints) or None)
    yield from (h for h in found if h.code is not HazardCode.REWRITES)
