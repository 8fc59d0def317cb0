"""The demo's rows, without a database: the same every time, and like the real thing."""

import datetime as dt
from statistics import mean
from unittest import TestCase

from apps.demo import farm, signals, stock, weather
from apps.demo.management.commands.load_demo import FULL_DAYS

JANUARY = dt.date(2024, 1, 1)


class SignalTests(TestCase):
    """Readings."""

    def test_same_seed_gives_same_rows_and_another_others(self) -> None:
        first, again, other = (
            list(signals.rows(signals.prepare(seed=seed, first_day=JANUARY, days=2))) for seed in (7, 7, 8)
        )
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_announced_total_is_what_comes(self) -> None:
        water = signals.prepare(seed=7, first_day=JANUARY, days=20)
        rows = list(signals.rows(water))
        self.assertEqual(len(rows), water.total)
        self.assertEqual(len({row[:2] for row in rows}), water.total)
        self.assertTrue(water.outages)

    def test_full_load_is_a_million_readings_of_more_than_a_year(self) -> None:
        water = signals.prepare(seed=7, first_day=JANUARY, days=FULL_DAYS)
        self.assertGreaterEqual(water.total, 1_000_000)
        self.assertGreater(FULL_DAYS, 366)
        self.assertEqual(len(list(farm.sensors())), 60)

    def test_summer_is_warmer_and_warm_water_holds_less_oxygen(self) -> None:
        winter, summer = (
            list(signals.rows(signals.prepare(seed=7, first_day=day, days=3)))
            for day in (dt.date(2024, 2, 5), dt.date(2024, 8, 5))
        )
        warmer = mean(row[2] or 0 for row in summer) - mean(row[2] or 0 for row in winter)
        self.assertGreater(warmer, 8)
        self.assertLess(mean(row[3] or 0 for row in summer), mean(row[3] or 0 for row in winter) - 1.5)

    def test_afternoon_is_warmer_than_night(self) -> None:
        rows = list(signals.rows(signals.prepare(seed=7, first_day=JANUARY, days=10)))
        night, day = (mean(row[2] or 0 for row in rows if row[1].hour == hour) for hour in (3, 15))
        self.assertGreater(day, night + 0.3)

    def test_fresh_water_has_no_salinity(self) -> None:
        sea = {id_: area.is_sea for id_, _container, area in farm.sensors()}
        rows = signals.rows(signals.prepare(seed=7, first_day=JANUARY, days=1))
        for row in rows:
            self.assertEqual(row[6] is not None, sea[row[0]])


class WeatherTests(TestCase):
    """The real weather."""

    def test_units_are_si(self) -> None:
        first = next(iter(weather.rows(scale=1)))
        moment = dt.datetime(2013, 1, 1, 6, tzinfo=dt.UTC)
        self.assertEqual(first, (1, moment, 3.9, -3.3, 59.37, 270, 4.63, None, 0.0, 1012.0, 16.09))

    def test_every_row_is_there_once_and_the_faulty_wind_is_not(self) -> None:
        rows = list(weather.rows(scale=1))
        self.assertEqual(len({row[:2] for row in rows}), 26_115)
        winds = [row[6] for row in rows]
        # Four have no wind speed in the file; one more has 1,048 mph.
        self.assertEqual(winds.count(None), 5)


class StockTests(TestCase):
    """Batches."""

    def test_same_seed_gives_same_rows(self) -> None:
        first, again, other = (stock.breed(seed=seed, count=50, until=JANUARY) for seed in (7, 7, 8))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_nothing_happens_in_the_future(self) -> None:
        bred = stock.breed(seed=7, count=300, until=JANUARY)
        dates = [row[4] for row in bred.assignments] + [row[2] for row in bred.growth + bred.mortalities]
        self.assertLess(max(str(date) for date in dates), str(JANUARY))
        self.assertLess(max(str(row[2]) for row in bred.feedings), str(JANUARY))

    def test_some_live_some_were_harvested_some_lost(self) -> None:
        bred = stock.breed(seed=7, count=1000, until=JANUARY)
        self.assertEqual({row[4] for row in bred.batches}, {"active", "harvested", "lost"})
