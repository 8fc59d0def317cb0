"""The admin's pages answer, without a query per row."""

import datetime as dt

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.environmental.models import EnvironmentalReading, Sensor, WeatherData
from apps.environmental.tests.test_models import NOON, PlacesMixin


class AdminTests(PlacesMixin, TestCase):
    """Every registered page, as a superuser sees it."""

    def setUp(self) -> None:
        self.client.force_login(User.objects.create_superuser("admin", password="admin"))

    def test_every_list_and_form_answers(self) -> None:
        ours = [m for m in admin.site._registry if m._meta.app_label in ("environmental", "batch")]
        self.assertGreaterEqual(len(ours), 9)
        for model in ours:
            for page in ("changelist", "add"):
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
                with self.subTest(name):
                    self.assertEqual(self.client.get(reverse(name)).status_code, 200)

    def test_composite_keys_are_not_registered(self) -> None:
        for model in (EnvironmentalReading, WeatherData):
            self.assertFalse(admin.site.is_registered(model))

    def test_sensor_shows_its_newest_reading(self) -> None:
        for hour, temperature in ((10, 7.25), (11, 7.75)):
            EnvironmentalReading.objects.create(
                sensor=self.sensor, timestamp=NOON.replace(hour=hour), temperature=temperature
            )
        page = self.client.get(reverse("admin:environmental_sensor_changelist"))
        self.assertContains(page, "7.75")
        self.assertNotContains(page, "7.25")

    def test_sensor_list_costs_the_same_for_many_sensors(self) -> None:
        address = reverse("admin:environmental_sensor_changelist")
        self.client.get(address)
        with CaptureQueriesContext(connection) as few:
            self.client.get(address)
        Sensor.objects.bulk_create(
            Sensor(serial_number=f"M-{i}", container=self.container, installed_on=dt.date(2024, 1, 1))
            for i in range(30)
        )
        with self.assertNumQueries(len(few)):
            self.client.get(address)
