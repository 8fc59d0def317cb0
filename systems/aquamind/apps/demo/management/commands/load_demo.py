"""`manage.py load_demo`: fill an empty database with a year of a fish farm."""

import datetime as dt
import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.utils import timezone

from apps.batch.models import (
    Batch,
    BatchContainerAssignment,
    FeedingEvent,
    GrowthSample,
    LifeCycleStage,
    MortalityEvent,
    Species,
)
from apps.demo import farm, signals, stock, weather
from apps.demo.models import DemoLoad
from apps.demo.writer import TableWriter
from apps.environmental.models import (
    Area,
    Container,
    EnvironmentalReading,
    Sensor,
    WeatherData,
    WeatherStation,
)

SEED = 20130101
# Thirteen months: with a retention of one year, more than one month is due.
FULL_DAYS = 400
FEWEST_DAYS = 2
FEWEST_BATCHES = 10


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for; the same wish gives the same rows."""

    seed: int
    scale: float
    until: dt.date

    @property
    def days(self) -> int:
        """Return for how many days there are readings."""
        return max(round(FULL_DAYS * self.scale), FEWEST_DAYS)

    @property
    def batches(self) -> int:
        """Return how many batches there are."""
        return max(round(stock.FULL_COUNT * self.scale), FEWEST_BATCHES)


Table = tuple[str, type[models.Model], Sequence[str], Any, int]


def tables(wish: Wish) -> Iterator[Table]:
    """Yield label, model, columns, rows and their number for every table, referenced tables first."""
    first_day = wish.until - dt.timedelta(days=wish.days)
    opened = wish.until - dt.timedelta(days=365 * stock.YEARS)
    places: tuple[tuple[str, type[models.Model], Sequence[str], list[Any]], ...] = (
        ("weather stations", WeatherStation, farm.STATION_COLUMNS, list(farm.STATIONS)),
        ("areas", Area, farm.AREA_COLUMNS, list(farm.area_rows(opened))),
        ("containers", Container, farm.CONTAINER_COLUMNS, list(farm.container_rows())),
        ("sensors", Sensor, farm.SENSOR_COLUMNS, list(farm.sensor_rows(first_day))),
        ("weather", WeatherData, weather.COLUMNS, list(weather.rows(scale=wish.scale))),
    )
    for label, model, columns, rows in places:
        yield label, model, columns, rows, len(rows)
    water = signals.prepare(seed=wish.seed, first_day=first_day, days=wish.days)
    yield "sensor readings", EnvironmentalReading, signals.COLUMNS, signals.rows(water), water.total
    bred = stock.breed(seed=wish.seed, count=wish.batches, until=wish.until)
    lives: tuple[tuple[str, type[models.Model], Sequence[str], list[Any]], ...] = (
        ("species", Species, stock.SPECIES_COLUMNS, list(stock.SPECIES)),
        ("life cycle stages", LifeCycleStage, stock.STAGE_COLUMNS, list(stock.stage_rows())),
        ("batches", Batch, stock.BATCH_COLUMNS, bred.batches),
        ("assignments", BatchContainerAssignment, stock.ASSIGNMENT_COLUMNS, bred.assignments),
        ("growth samples", GrowthSample, stock.GROWTH_COLUMNS, bred.growth),
        ("mortalities", MortalityEvent, stock.MORTALITY_COLUMNS, bred.mortalities),
        ("feedings", FeedingEvent, stock.FEEDING_COLUMNS, bred.feedings),
    )
    for label, model, columns, rows in lives:
        yield label, model, columns, rows, len(rows)


class Command(BaseCommand):
    """Load the demo in one transaction, all of it or nothing, and then bring the daily averages up to date.

    Standard output is one JSON object per line, `label`, `done` and `total`, for
    whoever draws the progress.
    """

    help = "Fill an empty database with demo data: real weather, generated readings and batches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; `parser` is the command's own."""
        parser.add_argument("--scale", type=float, default=1.0, help="share of the full amount (default 1.0)")
        parser.add_argument("--seed", type=int, default=SEED, help="of everything generated")
        parser.add_argument(
            "--until",
            type=dt.date.fromisoformat,
            help="day on which the readings end, YYYY-MM-DD (default today, UTC)",
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="alias of the database")

    def handle(self, *_args: object, **options: Any) -> None:
        """Load, or find that it was done.

        Raises:
            CommandError: the tables hold other rows, or a load of other arguments; nothing was changed.
        """
        if not 0 < options["scale"] <= 1:
            raise CommandError("--scale must be above 0 and at most 1.")
        alias = options["database"]
        wish = Wish(
            seed=options["seed"],
            scale=options["scale"],
            until=options["until"] or timezone.now().date(),
        )
        try:
            with transaction.atomic(using=alias):
                if self._is_loaded(alias, wish, until_given=options["until"] is not None):
                    self._report("already loaded", 1, 1)
                else:
                    self._load(alias, wish)
        except weather.WeatherFileMissingError as error:
            raise CommandError(str(error)) from error
        # After a load that was cut short here, too: it finds its rows and goes on.
        if connections[alias].vendor == "postgresql":
            # Another session refreshes, which sees the rows when whoever called has committed them.
            transaction.on_commit(lambda: self._average(alias), using=alias)

    def _average(self, alias: str) -> None:
        from pgwright import PolicyDemand, migration_lock, run_policies  # noqa: PLC0415

        from apps.environmental.inspection import url_of  # noqa: PLC0415 - SQLite needs no driver

        demand = PolicyDemand(tasks=("refresh",), only=("environmental_daily_avg",), force=True)
        url = url_of(alias)
        # Two loads at once: the second waits here, too.
        with migration_lock(url):
            outcomes = run_policies(url, demand)
        for outcome in outcomes.failed:
            raise CommandError(f"The daily averages were not refreshed: {outcome.error}")
        with connections[alias].cursor() as cursor:
            # Where TimescaleDB keeps them, this is a view, and passed over.
            cursor.execute("ANALYZE environmental_daily_avg")

    def _is_loaded(self, alias: str, wish: Wish, *, until_given: bool) -> bool:
        loads = DemoLoad.objects.using(alias)
        try:
            with transaction.atomic(using=alias):
                # Two loaders at once: the second waits here until the first is done, and then fails.
                loads.create(seed=wish.seed, scale=wish.scale, until=wish.until)
        except IntegrityError:
            found = loads.get()
        else:
            return False
        # Without --until any day will do, or a demo of yesterday could not be run again today.
        same_until = found.until == wish.until or not until_given
        if (found.seed, found.scale) == (wish.seed, wish.scale) and same_until:
            return True
        raise CommandError(
            f"This database holds a demo already ({found}); nothing was changed. "
            "Run `manage.py flush` first to load another."
        )

    def _load(self, alias: str, wish: Wish) -> None:
        connection = connections[alias]
        writer = TableWriter(connection, self._report)
        written: list[type[models.Model]] = []
        for label, model, columns, rows, total in tables(wish):
            if model._default_manager.using(alias).exists():
                raise CommandError(
                    f"The table {model._meta.db_table} holds rows that load_demo did not write; "
                    "nothing was changed. Use an empty database."
                )
            writer.write(label, model, columns, rows, total)
            written.append(model)
        writer.finish(written)

    def _report(self, label: str, done: int, total: int) -> None:
        self.stdout.write(json.dumps({"label": label, "done": done, "total": total}))
        self.stdout.flush()
