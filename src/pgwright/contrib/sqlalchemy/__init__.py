"""Declare beside SQLAlchemy models what SQLAlchemy has no words for: objects, and tables over time."""

from pgwright.contrib.sqlalchemy.objects import (
    Declaration,
    Function,
    Grant,
    MaterializedView,
    RowPolicy,
    Statement,
    Trigger,
    View,
    declare,
)
from pgwright.contrib.sqlalchemy.reading import TimeBucket, gapfill, time_bucket
from pgwright.contrib.sqlalchemy.timeseries import (
    Compress,
    Retain,
    Rollup,
    TimeSeries,
    beside_policies,
    declare_policies,
    withdraw_policies,
)

__all__ = [
    "Compress",
    "Declaration",
    "Function",
    "Grant",
    "MaterializedView",
    "Retain",
    "Rollup",
    "RowPolicy",
    "Statement",
    "TimeBucket",
    "TimeSeries",
    "Trigger",
    "View",
    "beside_policies",
    "declare",
    "declare_policies",
    "gapfill",
    "time_bucket",
    "withdraw_policies",
]
