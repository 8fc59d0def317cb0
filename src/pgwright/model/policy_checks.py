"""What a model's own columns tell about the policies that it declares, before any database is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pgwright.errors import PolicyError
from pgwright.model.policy import Compress, Policy, Rollup, TimeSeries
from pgwright.model.wording import did_you_mean

_ORDER_TERM = re.compile(
    r'(?:("(?:[^"]|"")+")|([^\s",]+))(?:\s*\b(asc|desc)\b)?(?:\s*\bnulls\s+(first|last)\b)?\s*(?:,|$)',
    re.IGNORECASE,
)


class OrderTerm(NamedTuple):
    """Order rows by a column: ``ASC`` or ``DESC``, nulls ``FIRST`` or ``LAST``."""

    column: str
    direction: str
    nulls: str


def order_terms(text: str) -> list[OrderTerm]:
    """Return the terms of an ``ORDER BY`` over columns, with PostgreSQL's defaults."""
    terms = []
    for quoted, bare, way, nulls in _ORDER_TERM.findall(text):
        name = quoted[1:-1].replace('""', '"') if quoted else bare.lower()
        direction = way.upper() or "ASC"
        terms.append(
            OrderTerm(name, direction, nulls.upper() or ("FIRST" if direction == "DESC" else "LAST"))
        )
    return terms


def require_declarable(model: str, columns: Mapping[str, bool | None], policies: Iterable[Policy]) -> None:
    """Raise `PolicyError` for policies that do not fit the columns of their model, or each other.

    `columns` tells of each column, by its name in the database, whether it holds moments in time; None where
    the model does not say.
    """
    seen: dict[tuple[str, str], Policy] = {}
    for policy in policies:
        _require_columns(model, columns, policy)
        if isinstance(policy, TimeSeries) and columns[policy.column] is False:
            raise PolicyError(
                f"{policy.column} of {model} is no moment in time",
                detail="a time series needs a column with date and time, or a date",
                hint="name another column in TimeSeries(...)",
            )
        if seen.setdefault((policy.kind, policy.name), policy) != policy:
            what = f"the rollup {policy.name}" if isinstance(policy, Rollup) else type(policy).__name__
            raise PolicyError(
                f"{model} declares {what} twice, and not the same",
                detail="a table has one TimeSeries, one Retain, one Compress, and rollups of different names",
                hint="keep one of the two",
            )


def _require_columns(model: str, columns: Mapping[str, bool | None], policy: Policy) -> None:
    for name in _named(model, policy):
        if name and name not in columns:
            raise PolicyError(
                f"the model of {model} has no column {name}{did_you_mean(name, columns)}",
                detail=f"the {policy.kind} names it; there are {', '.join(sorted(columns))}",
                hint="name the column as it is in the database, and put the policy behind the columns",
            )


def _named(model: str, policy: Policy) -> Iterator[str]:
    """Yield the columns of its own table that a policy names."""
    if isinstance(policy, Rollup) and policy.of:
        return
    yield getattr(policy, "column", "")
    if isinstance(policy, Rollup):
        yield from policy.group_by
    if isinstance(policy, Compress):
        yield from policy.segment_by
        if _ORDER_TERM.sub("", policy.order_by).strip():
            raise PolicyError(
                f"{model} is compressed in no order: {policy.order_by!r}",
                detail="order_by is a list of columns, each with ASC or DESC, NULLS FIRST or NULLS LAST",
                hint="write, for example, Compress('30 days', order_by='at DESC')",
            )
        yield from (term.column for term in order_terms(policy.order_by))
