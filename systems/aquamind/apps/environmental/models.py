"""Where fish are kept, and what probes and weather stations say about those places.

`EnvironmentalReading` and `WeatherData` grow without end and are to be partitioned by
`timestamp` (a hypertable on TimescaleDB, native partitions elsewhere). PostgreSQL
then demands `timestamp` in every unique key, so it has to be in the primary key, and
Django cannot change a primary key into a composite one later: it is composite from
the first migration.

The key is (what measured, `timestamp`), not (`id`, `timestamp`). A surrogate number
would be unique beside a timestamp whatever it holds and so protect nothing; it would
cost 8 bytes and a second index per row, and TimescaleDB would have to sort compressed
chunks by it. The natural key refuses a reading that is delivered twice, makes
``bulk_create(..., update_conflicts=True)`` possible, is the index that "this sensor,
this period" reads, and is what compression segments by.

The price: Django has no admin for such a model and no ForeignKey to it. Both are
meant: nobody edits a million readings by hand, and a foreign key to a partition would
stop retention from dropping it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from pgwright.contrib.django.reading import TimeBucket, gapfill


class WeatherStation(models.Model):
    """A station that reports the weather of one or more areas."""

    code = models.CharField(max_length=8, unique=True, db_comment="Code by which the station reports")
    name = models.CharField(max_length=100)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, db_comment="Degrees north")
    longitude = models.DecimalField(max_digits=8, decimal_places=5, db_comment="Degrees east")

    class Meta:
        db_table_comment = "Weather stations"
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                name="weatherstation_position",
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} ({self.name})"


class Area(models.Model):
    """A farm: a freshwater station on land or a site at sea."""

    class Kind(models.TextChoices):
        """What water an area works with."""

        FRESHWATER = "freshwater", "Freshwater station"
        SEA = "sea", "Sea site"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, db_comment="Degrees north")
    longitude = models.DecimalField(max_digits=8, decimal_places=5, db_comment="Degrees east")
    weather_station = models.ForeignKey(
        WeatherStation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="areas",
        db_comment="Nearest station, whose weather is taken for the area's",
    )
    is_active = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "Freshwater stations and sea sites"
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(name="area_kind", condition=models.Q(kind__in=("freshwater", "sea"))),
            models.CheckConstraint(
                name="area_position",
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Container(models.Model):
    """A tray, tank or pen of an area, in which batches are kept."""

    class Kind(models.TextChoices):
        """How a container is built."""

        TRAY = "tray", "Incubation tray"
        TANK = "tank", "Tank"
        PEN = "pen", "Sea pen"

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="containers", db_index=False)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    volume_m3 = models.DecimalField(
        max_digits=9, decimal_places=2, validators=(MinValueValidator(0),), db_comment="Cubic metres"
    )
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        db_table_comment = "Trays, tanks and pens"
        ordering = ("area", "name")
        constraints = (
            # Its index begins with area_id and so serves the foreign key too.
            models.UniqueConstraint(name="container_name_in_area", fields=("area", "name")),
            models.CheckConstraint(
                name="container_kind", condition=models.Q(kind__in=("tray", "tank", "pen"))
            ),
            models.CheckConstraint(name="container_volume", condition=models.Q(volume_m3__gt=0)),
        )

    def __str__(self) -> str:
        return self.name


class Sensor(models.Model):
    """A probe in one container. A probe that is moved is removed here and installed anew there."""

    serial_number = models.CharField(max_length=40)
    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="sensors")
    model = models.CharField(max_length=60, blank=True, db_default="")
    interval_s = models.PositiveIntegerField(
        default=1800, db_default=1800, db_comment="Seconds from one reading to the next"
    )
    installed_on = models.DateField()
    removed_on = models.DateField(null=True, blank=True)

    class Meta:
        db_table_comment = "Probes, each in one container"
        ordering = ("serial_number", "installed_on")
        constraints = (
            models.UniqueConstraint(
                name="sensor_installed_once",
                fields=("serial_number",),
                condition=models.Q(removed_on__isnull=True),
                violation_error_message="This probe is installed elsewhere and has not been removed.",
            ),
            models.CheckConstraint(
                name="sensor_removed_after_installed",
                condition=models.Q(removed_on__isnull=True)
                | models.Q(removed_on__gte=models.F("installed_on")),
            ),
            models.CheckConstraint(name="sensor_interval", condition=models.Q(interval_s__gt=0)),
        )
        indexes = (models.Index(name="sensor_history", fields=("serial_number", "-installed_on")),)

    def __str__(self) -> str:
        return self.serial_number


class ReadingQuerySet(models.QuerySet["EnvironmentalReading"]):
    """Questions that are asked of readings."""

    def between(self, start: dt.datetime, end: dt.datetime) -> ReadingQuerySet:
        """Keep readings from `start` on and before `end`; bounds let whole partitions be skipped."""
        return self.filter(timestamp__gte=start, timestamp__lt=end)

    def daily_temperature(self) -> models.QuerySet[EnvironmentalReading, Any]:
        """Return avg_temp, min_temp and max_temp in °C for every sensor_id and UTC day."""
        return (
            self.annotate(day=TimeBucket("timestamp", "1 day"))
            .values("sensor_id", "day")
            .annotate(
                avg_temp=models.Avg("temperature"),
                min_temp=models.Min("temperature"),
                max_temp=models.Max("temperature"),
            )
            .order_by("sensor_id", "day")
        )

    def hourly_temperature(self, start: dt.datetime, end: dt.datetime) -> list[dict[str, Any]]:
        """Return temperature_c in °C for every sensor_id and UTC hour, on PostgreSQL only.

        An hour without a reading lies on the line between its neighbours.
        """
        hours = (
            self.between(start, end)
            .annotate(hour=TimeBucket("timestamp", "1 hour"))
            .values("hour", "sensor_id")
            .annotate(temperature_c=models.Avg("temperature"))
        )
        return gapfill(hours, start=start, finish=end, fill={"temperature_c": "interpolate"})


class EnvironmentalReading(models.Model):
    """What one sensor measured at one moment; a value is null when its probe gave none."""

    pk = models.CompositePrimaryKey("sensor_id", "timestamp")
    sensor = models.ForeignKey(Sensor, on_delete=models.PROTECT, related_name="readings", db_index=False)
    timestamp = models.DateTimeField(db_comment="Moment of measurement")
    temperature = models.FloatField(null=True, db_comment="Degrees Celsius")
    dissolved_oxygen = models.FloatField(null=True, db_comment="mg/L")
    oxygen_saturation = models.FloatField(null=True, db_comment="Percent; above 100 when algae bloom")
    ph = models.FloatField(null=True, db_comment="pH")
    salinity = models.FloatField(null=True, db_comment="Practical salinity, g/kg; null in fresh water")

    objects = ReadingQuerySet.as_manager()

    class Meta:
        db_table_comment = "Readings of sensors, one row per sensor and moment"
        constraints = (
            # What a working probe can report at all: a row outside is a fault of the probe, not of the water.
            models.CheckConstraint(
                name="reading_temperature", condition=models.Q(temperature__range=(-5, 45))
            ),
            models.CheckConstraint(
                name="reading_oxygen", condition=models.Q(dissolved_oxygen__range=(0, 30))
            ),
            models.CheckConstraint(
                name="reading_saturation", condition=models.Q(oxygen_saturation__range=(0, 250))
            ),
            models.CheckConstraint(name="reading_ph", condition=models.Q(ph__range=(0, 14))),
            models.CheckConstraint(name="reading_salinity", condition=models.Q(salinity__range=(0, 45))),
        )
        indexes = (models.Index(name="reading_timestamp", fields=("-timestamp",)),)

    def __str__(self) -> str:
        return f"sensor {self.sensor_id} at {self.timestamp:%Y-%m-%d %H:%M}"


class DailyAverage(models.Model):
    """Temperatures of one sensor on one UTC day; kept up to date by the rollup that `policies` declares."""

    pk = models.CompositePrimaryKey("sensor_id", "day")
    sensor = models.ForeignKey(Sensor, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    day = models.DateTimeField()
    avg_temp = models.FloatField(null=True)
    min_temp = models.FloatField(null=True)
    max_temp = models.FloatField(null=True)
    readings = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "environmental_daily_avg"

    def __str__(self) -> str:
        return f"sensor {self.sensor_id} on {self.day:%Y-%m-%d}"


class WeatherData(models.Model):
    """What one station reported for one moment, in SI units; null where it reported nothing usable."""

    pk = models.CompositePrimaryKey("station_id", "timestamp")
    station = models.ForeignKey(
        WeatherStation, on_delete=models.PROTECT, related_name="weather", db_index=False
    )
    timestamp = models.DateTimeField(db_comment="Moment of observation")
    temperature = models.FloatField(null=True, db_comment="Degrees Celsius")
    dew_point = models.FloatField(null=True, db_comment="Degrees Celsius")
    humidity = models.FloatField(null=True, db_comment="Relative humidity, percent")
    wind_direction = models.PositiveSmallIntegerField(
        null=True, validators=(MaxValueValidator(360),), db_comment="Degrees from north; 0 when calm"
    )
    wind_speed = models.FloatField(null=True, db_comment="m/s")
    wind_gust = models.FloatField(null=True, db_comment="m/s; null when there were none")
    precipitation = models.FloatField(null=True, db_comment="mm in the hour before")
    pressure = models.FloatField(null=True, db_comment="hPa at sea level")
    visibility = models.FloatField(null=True, db_comment="km")

    class Meta:
        db_table_comment = "Observations of weather stations, one row per station and moment"
        verbose_name_plural = "weather data"
        constraints = (
            models.CheckConstraint(
                name="weather_temperature",
                condition=models.Q(temperature__range=(-90, 60)) & models.Q(dew_point__range=(-90, 60)),
            ),
            models.CheckConstraint(name="weather_humidity", condition=models.Q(humidity__range=(0, 100))),
            models.CheckConstraint(
                name="weather_wind",
                condition=models.Q(wind_direction__range=(0, 360))
                & models.Q(wind_speed__range=(0, 115))
                & models.Q(wind_gust__range=(0, 115)),
            ),
            models.CheckConstraint(
                name="weather_precipitation",
                condition=models.Q(precipitation__gte=0) & models.Q(visibility__gte=0),
            ),
            models.CheckConstraint(name="weather_pressure", condition=models.Q(pressure__range=(850, 1100))),
        )
        indexes = (models.Index(name="weather_timestamp", fields=("-timestamp",)),)

    def __str__(self) -> str:
        return f"station {self.station_id} at {self.timestamp:%Y-%m-%d %H:%M}"
