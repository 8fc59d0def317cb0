"""What the tables of `environmental` accept and answer, on whichever database the tests run."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import IntegrityError, NotSupportedError, connection, transaction
from django.db.models import ProtectedError
from django.test import TestCase

from apps.environmental.models import (
    Area,
    Container,
    EnvironmentalReading,
    Sensor,
    WeatherData,
    WeatherStation,
)

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


class PlacesMixin:
    """One area with one container and one sensor."""

    sensor: Sensor
    container: Container

    @classmethod
    def setUpTestData(cls) -> None:
        """Build the place."""
        area = Area.objects.create(name="North", kind=Area.Kind.SEA, latitude=62, longitude=-6)
        cls.container = Container.objects.create(
            area=area, name="Pen 1", kind=Container.Kind.PEN, volume_m3=900
        )
        cls.sensor = Sensor.objects.create(
            serial_number="S-1", container=cls.container, installed_on=dt.date(2024, 1, 1)
        )


class ReadingTests(PlacesMixin, TestCase):
    """Readings: their key, their limits, their summary."""

    def test_key_is_sensor_and_timestamp(self) -> None:
        reading = EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON, temperature=8.5)
        self.assertEqual(reading.pk, (self.sensor.pk, NOON))
        self.assertEqual(EnvironmentalReading.objects.get(pk=(self.sensor.pk, NOON)).temperature, 8.5)

    def test_every_unique_key_contains_timestamp(self) -> None:
        for model in (EnvironmentalReading, WeatherData):
            with connection.cursor() as cursor:
                found = connection.introspection.get_constraints(cursor, model._meta.db_table)
            keys = [c["columns"] for c in found.values() if c["unique"] or c["primary_key"]]
            self.assertTrue(keys)
            for columns in keys:
                self.assertIn("timestamp", columns)

    def test_reading_delivered_twice_is_refused(self) -> None:
        EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON, temperature=8.5)
        with self.assertRaises(IntegrityError), transaction.atomic():
            EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON, temperature=8.6)

    def test_reading_delivered_twice_is_upserted(self) -> None:
        for temperature in (8.5, 8.6):
            EnvironmentalReading.objects.bulk_create(
                [EnvironmentalReading(sensor=self.sensor, timestamp=NOON, temperature=temperature)],
                update_conflicts=True,
                unique_fields=["sensor", "timestamp"],
                update_fields=["temperature"],
            )
        self.assertEqual(EnvironmentalReading.objects.get().temperature, 8.6)

    def test_impossible_values_are_refused(self) -> None:
        for field, value in (
            ("temperature", 45.1),
            ("temperature", -5.1),
            ("dissolved_oxygen", -0.1),
            ("oxygen_saturation", 251.0),
            ("ph", 14.1),
            ("salinity", 46.0),
        ):
            with self.subTest(field=field), self.assertRaises(IntegrityError), transaction.atomic():
                EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON, **{field: value})

    def test_missing_values_are_accepted(self) -> None:
        EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON)
        self.assertIsNone(EnvironmentalReading.objects.get().ph)

    def test_sensor_with_readings_cannot_be_deleted(self) -> None:
        EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON)
        with self.assertRaises(ProtectedError):
            self.sensor.delete()

    def test_days_are_utc_days(self) -> None:
        moments = (
            (NOON.replace(hour=0), 1.0),
            (NOON.replace(hour=23), 4.0),
            (NOON + dt.timedelta(days=1), 9.0),
        )
        for moment, temperature in moments:
            EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=moment, temperature=temperature)
        first, second = EnvironmentalReading.objects.all().daily_temperature()
        self.assertEqual(first["day"], dt.datetime(2024, 5, 1, tzinfo=dt.UTC))
        self.assertEqual((first["avg_temp"], first["min_temp"], first["max_temp"]), (2.5, 1.0, 4.0))
        self.assertEqual(second["avg_temp"], 9.0)

    def test_hours_without_a_reading_lie_between_their_neighbours(self) -> None:
        for hour, temperature in ((8, 4.0), (9, 6.0), (12, 12.0)):
            moment = NOON.replace(hour=hour, minute=30)
            EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=moment, temperature=temperature)
        readings, end = EnvironmentalReading.objects.all(), NOON.replace(hour=14)
        if connection.vendor != "postgresql":
            with self.assertRaises(NotSupportedError):
                readings.hourly_temperature(NOON.replace(hour=7), end)
            return
        found = readings.hourly_temperature(NOON.replace(hour=7), end)
        self.assertEqual([row["hour"].hour for row in found], [7, 8, 9, 10, 11, 12, 13])
        self.assertEqual({row["sensor_id"] for row in found}, {self.sensor.pk})
        temperatures = [row["temperature_c"] for row in found]
        self.assertEqual(temperatures, [None, 4.0, 6.0, 8.0, 10.0, 12.0, None])

    def test_between_leaves_out_its_end(self) -> None:
        for hour in (10, 11, 12):
            EnvironmentalReading.objects.create(sensor=self.sensor, timestamp=NOON.replace(hour=hour))
        found = EnvironmentalReading.objects.all().between(NOON.replace(hour=10), NOON)
        self.assertEqual([reading.timestamp.hour for reading in found.order_by("timestamp")], [10, 11])


class PlaceTests(PlacesMixin, TestCase):
    """Areas, containers and sensors."""

    def test_name_is_unique_within_an_area_only(self) -> None:
        other = Area.objects.create(name="South", kind=Area.Kind.SEA, latitude=61, longitude=-6)
        Container.objects.create(area=other, name="Pen 1", kind=Container.Kind.PEN, volume_m3=900)
        with self.assertRaises(IntegrityError), transaction.atomic():
            Container.objects.create(area=other, name="Pen 1", kind=Container.Kind.PEN, volume_m3=900)

    def test_position_off_the_globe_is_refused(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            Area.objects.create(name="Nowhere", kind=Area.Kind.SEA, latitude=91, longitude=0)

    def test_unknown_kind_is_refused_by_the_database(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            Area.objects.filter(name="North").update(kind="lake")

    def test_probe_is_installed_in_one_place_at_a_time(self) -> None:
        moved = Sensor(serial_number="S-1", container=self.container, installed_on=dt.date(2024, 6, 1))
        with self.assertRaisesMessage(ValidationError, "has not been removed"):
            moved.full_clean()
        Sensor.objects.filter(pk=self.sensor.pk).update(removed_on=dt.date(2024, 5, 31))
        moved.full_clean()
        moved.save()
        self.assertEqual(Sensor.objects.filter(serial_number="S-1").count(), 2)

    def test_database_gives_defaults(self) -> None:
        area = Area.objects.get(name="North")
        self.assertTrue(area.is_active)
        self.assertIsNotNone(area.created_at.tzinfo)
        self.assertEqual(self.sensor.interval_s, 1800)


class WeatherTests(TestCase):
    """Weather."""

    def test_wind_of_a_broken_instrument_is_refused(self) -> None:
        station = WeatherStation.objects.create(code="EWR", name="Newark", latitude=40.69, longitude=-74.17)
        WeatherData.objects.create(station=station, timestamp=NOON, wind_speed=113.2, pressure=None)
        with self.assertRaises(IntegrityError), transaction.atomic():
            WeatherData.objects.create(
                station=station, timestamp=NOON + dt.timedelta(hours=1), wind_speed=468.7
            )
