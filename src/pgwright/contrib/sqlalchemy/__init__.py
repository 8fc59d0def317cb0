"""Declare beside SQLAlchemy models what SQLAlchemy has no words for: objects, and tables over time."""

from pgwright.contrib.sqlalchemy.objects import declare
from pgwright.contrib.sqlalchemy.reading import TimeBucket, gapfill, time_bucket
from pgwright.contrib.sqlalchemy.timeseries import (
    Compress,
    Join,
    Retain,
    Rollup,
    TimeSeries,
    beside_policies,
    declare_policies,
    withdraw_policies,
)
from pgwright.sources import declarations
from pgwright.sources.declarations import *  # noqa: F403 - the nouns of both frameworks have one list of names

__all__ = [
    "Compress",
    "Join",
    "Retain",
    "Rollup",
    "TimeBucket",
    "TimeSeries",
    "beside_policies",
    "declare",
    "declare_policies",
    "gapfill",
    "time_bucket",
    "withdraw_policies",
]
__all__ += declarations.__all__
