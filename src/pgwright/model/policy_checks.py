"""What a model's own columns tell about the policies that it declares, before any database is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pgwright.errors import PolicyError
from pgwright.model.policy import Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.model.span import Span
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
    the model does not say. `policies` are all that the model declares.
    """
    seen: dict[tuple[str, str], Policy] = {}
    for policy in policies:
        _require_columns(model, columns, policy)
        if seen.setdefault((policy.kind, policy.name), policy) != policy:
            what = f"the rollup {policy.name}" if isinstance(policy, Rollup) else type(policy).__name__
            raise PolicyError(
                f"{model} declares {what} twice, and not the same",
                detail="a table has one TimeSeries, one Retain, one Compress, and rollups of different names",
                hint="keep one of the two",
            )
    rollups = {policy.name: policy for policy in seen.values() if isinstance(policy, Rollup)}
    for policy in seen.values():
        if isinstance(policy, Compress):
            _require_order(model, policy, divided=(TimeSeries.kind, TimeSeries.kind) in seen)
        if isinstance(policy, Retain):
            _require_seen(model, policy, rollups.values())
        if isinstance(policy, Rollup) and policy.of:
            _require_source(model, columns, policy, rollups)


def _require_order(model: str, policy: Compress, *, divided: bool) -> None:
    """Raise `PolicyError` for a compression without chunks, or by a column in two ways."""
    if not divided:
        raise PolicyError(
            f"{model} declares Compress and no TimeSeries",
            detail="what is compressed are the chunks of a time series",
            hint="declare it as well, for example: TimeSeries('created_at', '1 month')",
        )
    twice = set(policy.segment_by) & {term.column for term in order_terms(policy.order_by)}
    if twice:
        raise PolicyError(
            f"{model} is compressed both by segments of {min(twice)} and in its order",
            detail="within a segment that column has one value",
            hint=f"take {min(twice)} out of order_by or of segment_by",
        )


def _require_seen(model: str, policy: Retain, rollups: Iterable[Rollup]) -> None:
    """Raise `PolicyError` for rows that are kept for less time than a rollup takes to look at them."""
    for rollup in rollups:
        if (
            not rollup.of
            and Span.of(policy.keep).approximate_seconds < Span.of(rollup.refresh).approximate_seconds
        ):
            raise PolicyError(
                f"{model} keeps rows for {policy.keep}, and rollup {rollup.name} is refreshed every "
                f"{rollup.refresh}",
                detail="rows would be old before the rollup is next brought up to date",
                hint=f"keep them longer, or refresh more often: Rollup(..., refresh='{policy.keep}')",
            )


def _require_source(
    model: str, columns: Mapping[str, bool | None], policy: Rollup, rollups: Mapping[str, Rollup]
) -> None:
    """Raise `PolicyError` for a rollup of a rollup that is none, or that does not add up to it."""
    source = rollups.get(policy.of)
    if source is None:
        raise PolicyError(
            f"rollup {policy.name} of {model} adds up {policy.of}, which is no rollup of it"
            f"{did_you_mean(policy.of, rollups)}",
            detail=f"{model} declares {', '.join(sorted(rollups))}",
            hint=f"name one of those: Rollup({policy.name!r}, of=...)",
        )
    above = source
    while above.of in rollups:
        above = rollups[above.of]
        if above in (policy, source):
            raise PolicyError(
                f"rollups {policy.name} and {source.name} of {model} add up each other",
                detail="one of them has to add up rows",
                hint="leave of= out of the first",
            )
    if policy.bucket:
        _require_buckets(model, policy, source)
    has = {*source.group_by, *(name for name, _ in source.aggregates)}
    missing = [name for name in policy.group_by if name not in has | {source.bucket_column}]
    if missing:
        raise PolicyError(
            f"rollup {policy.name} of {model} groups {source.name} by {missing[0]}, which it has not"
            f"{did_you_mean(missing[0], has)}",
            detail=f"{source.name} has {', '.join(sorted(has))}"
            + (f"; {missing[0]} is a column of {model}" if missing[0] in columns else ""),
            hint=f"add it to the group_by of {source.name}, or take it out",
        )


def _require_buckets(model: str, policy: Rollup, source: Rollup) -> None:
    """Raise `PolicyError` for buckets that are not made of whole buckets of the source."""
    span, zones = Span.of(policy.bucket), policy.zone or source.zone
    if not source.bucket:
        why = f"{source.name} has no buckets"
    elif not Span.of(source.bucket).adds_up_to(span):
        why = f"{source.bucket} of {source.name} do not add up to {policy.bucket}"
    elif zones != source.zone and not Span.of(source.bucket).seconds:
        why = f"days of {source.name} are those of another zone"
    else:
        return
    raise PolicyError(
        f"rollup {policy.name} of {model} has buckets that rows of {source.name} do not fill",
        detail=why,
        hint="choose another bucket, such as hours to days and days to months, or leave of= out",
    )


def _require_columns(model: str, columns: Mapping[str, bool | None], policy: Policy) -> None:
    call = type(policy).__name__ + (f" {policy.name}" if isinstance(policy, Rollup) else "")
    for name in _named(model, policy):
        if name and name not in columns:
            raise PolicyError(
                f"the model of {model} has no column {name}{did_you_mean(name, columns)}",
                detail=f"{call} names it; there are {', '.join(sorted(columns))}",
                hint="name the column as it is in the database",
            )
    time = "" if getattr(policy, "of", "") else getattr(policy, "column", "")
    if time and columns[time] is False:
        raise PolicyError(
            f"{time} of {model} is no moment in time",
            detail=f"{call} needs a column with date and time, or a date",
            hint=f"name another column in {type(policy).__name__}(...)",
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
