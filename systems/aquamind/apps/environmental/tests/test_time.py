"""How readings and weather are kept over time, by whoever keeps them on this server."""

import datetime as dt
from typing import Any

from django.db import connection
from django.test import TestCase
from django.utils import timezone

from apps.environmental.models import EnvironmentalReading, WeatherData
from aquamind.testing import APACHE, COMMUNITY, edition

from .test_models import PlacesMixin

TABLES = {m._meta.db_table for m in (EnvironmentalReading, WeatherData)}
READINGS = EnvironmentalReading._meta.db_table
_INTERVALS = """
SELECT hypertable_name, column_name, time_interval FROM timescaledb_information.dimensions
WHERE hypertable_schema = 'public'
"""
_SEGMENTS = """
SELECT hypertable_name, attname FROM timescaledb_information.compression_settings
WHERE segmentby_column_index IS NOT NULL AND hypertable_schema = 'public'
"""
_JOBS = """
SELECT proc_name, coalesce(config ->> 'compress_after', config ->> 'drop_after')
FROM timescaledb_information.jobs WHERE hypertable_name = %s
"""
_AGGREGATES = "SELECT view_name FROM timescaledb_information.continuous_aggregates"
_PARTITIONED = """
SELECT c.relname, count(i.inhrelid) FROM pg_class AS c
JOIN pg_partitioned_table AS p ON p.partrelid = c.oid JOIN pg_inherits AS i ON i.inhparent = c.oid
WHERE c.relnamespace = 'public'::regnamespace GROUP BY 1
"""


def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


class OnEdition(PlacesMixin, TestCase):
    """Tests of what only some servers have; elsewhere they are skipped, and say why."""

    editions: tuple[str, ...] = ()
    because = ""

    def setUp(self) -> None:
        """Ask the server."""
        if connection.vendor != "postgresql" or edition() not in self.editions:
            self.skipTest(self.because)


class HypertableTests(OnEdition):
    """TimescaleDB of either edition."""

    editions = (APACHE, COMMUNITY)
    because = "needs TimescaleDB, which this server has not, or not for this role"

    def test_days_of_the_timestamp(self) -> None:
        self.assertEqual(
            sorted(rows(_INTERVALS)), [(name, "timestamp", dt.timedelta(days=1)) for name in sorted(TABLES)]
        )

    def test_each_day_has_its_chunk(self) -> None:
        noon = timezone.now().replace(hour=12)
        for days in (0, 0.1, 1, 5):
            EnvironmentalReading.objects.create(
                sensor=self.sensor, timestamp=noon - dt.timedelta(days=days), temperature=8.5
            )
        self.assertEqual(rows("SELECT count(*) FROM show_chunks(%s::regclass)", READINGS), [(3,)])


class CommunityTests(OnEdition):
    """What TimescaleDB's Community edition does by itself."""

    editions = (COMMUNITY,)
    because = "needs TimescaleDB's Community edition, which this server has not"

    def test_compression_by_sensor(self) -> None:
        self.assertIn((READINGS, "sensor_id"), rows(_SEGMENTS))

    def test_jobs(self) -> None:
        jobs = {name.removeprefix("policy_"): after for name, after in rows(_JOBS, READINGS)}
        self.assertEqual(jobs, {"compression": "30 days", "retention": "1 year"})

    def test_daily_average_is_a_continuous_aggregate(self) -> None:
        self.assertEqual(rows(_AGGREGATES), [("environmental_daily_avg",)])


class PartitionTests(OnEdition):
    """Plain PostgreSQL."""

    editions = ("",)
    because = "needs PostgreSQL without TimescaleDB"

    def test_partitions_ahead(self) -> None:
        found = dict(rows(_PARTITIONED))
        self.assertEqual(set(found), TABLES)
        # All that is older, today, and three days ahead.
        self.assertEqual(set(found.values()), {5})
