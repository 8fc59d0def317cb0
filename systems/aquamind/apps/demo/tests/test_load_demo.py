"""`manage.py load_demo`, on whichever database the tests run."""

import json
from datetime import date
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command
from django.test import TestCase

from apps.batch.models import Batch, GrowthSample
from apps.demo.models import DemoLoad
from apps.environmental.models import Area, EnvironmentalReading, Sensor, WeatherData

UNTIL = date(2024, 6, 1)


def load(**options: object) -> list[dict[str, Any]]:
    """Run the command with little data and return its lines."""
    out = StringIO()
    call_command("load_demo", stdout=out, **{"scale": 0.005, "until": UNTIL, **options})
    return [json.loads(line) for line in out.getvalue().splitlines()]


class LoadDemoTests(TestCase):
    """Load, load again, refuse."""

    def test_counts_are_as_reported(self) -> None:
        lines = load()
        last = {line["label"]: line for line in lines}
        self.assertTrue(all(line["done"] == line["total"] for line in last.values()))
        self.assertEqual(EnvironmentalReading.objects.count(), last["sensor readings"]["total"])
        self.assertEqual(WeatherData.objects.count(), last["weather"]["total"])
        self.assertEqual(Batch.objects.count(), 25)
        self.assertEqual(Sensor.objects.count(), 60)
        self.assertLess(EnvironmentalReading.objects.latest("timestamp").timestamp.date(), UNTIL)

    def test_second_run_has_nothing_to_do(self) -> None:
        load()
        self.assertEqual(load(), [{"label": "already loaded", "done": 1, "total": 1}])
        # Without a day it is the same load, whatever day it is.
        self.assertEqual(load(until=None), [{"label": "already loaded", "done": 1, "total": 1}])
        self.assertEqual(Batch.objects.count(), 25)

    def test_other_arguments_are_refused_after_a_load(self) -> None:
        load()
        with self.assertRaisesMessage(CommandError, "holds a demo already"):
            load(scale=0.01)

    def test_own_rows_are_left_alone(self) -> None:
        Area.objects.create(name="Ours", kind=Area.Kind.SEA, latitude=62, longitude=-6)
        with self.assertRaisesMessage(CommandError, "environmental_area holds rows"):
            load()
        self.assertEqual(list(Area.objects.values_list("name", flat=True)), ["Ours"])
        self.assertFalse(DemoLoad.objects.exists())

    def test_new_rows_get_free_ids(self) -> None:
        load()
        area = Area.objects.create(name="Ours", kind=Area.Kind.SEA, latitude=62, longitude=-6)
        self.assertEqual(area.pk, 7)

    def test_generated_lengths_fit_the_weights(self) -> None:
        load()
        sample = GrowthSample.objects.filter(mean_weight_g__gt=100).order_by("pk").first()
        assert sample is not None
        self.assertTrue(0.9 < sample.condition_factor < 1.3)

    def test_scale_out_of_range_is_refused(self) -> None:
        for scale in (0, -1, 1.5):
            with self.assertRaisesMessage(CommandError, "--scale"):
                load(scale=scale)
