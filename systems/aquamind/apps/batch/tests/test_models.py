"""What the tables of `batch` accept and answer, on whichever database the tests run."""

import datetime as dt
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import TestCase

from apps.batch.models import (
    Batch,
    BatchContainerAssignment,
    FeedingEvent,
    GrowthSample,
    LifeCycleStage,
    MortalityEvent,
    Species,
)
from apps.environmental.models import Area, Container

SPRING = dt.date(2024, 4, 1)


class BatchTests(TestCase):
    """One batch in one container."""

    species: Species
    stage: LifeCycleStage
    batch: Batch
    stay: BatchContainerAssignment

    @classmethod
    def setUpTestData(cls) -> None:
        cls.species = Species.objects.create(name="Atlantic salmon", scientific_name="Salmo salar")
        cls.stage = LifeCycleStage.objects.create(
            species=cls.species, position=1, name="Egg", expected_days=80, expected_weight_g=Decimal("0.15")
        )
        cls.batch = Batch.objects.create(
            batch_number="B-1", species=cls.species, stage=cls.stage, start_date=SPRING, initial_count=1000
        )
        area = Area.objects.create(name="Hatchery", kind=Area.Kind.FRESHWATER, latitude=62, longitude=-6)
        container = Container.objects.create(
            area=area, name="Tank 1", kind=Container.Kind.TANK, volume_m3=100
        )
        cls.stay = BatchContainerAssignment.objects.create(
            batch=cls.batch,
            container=container,
            stage=cls.stage,
            assigned_on=SPRING,
            population=1000,
            biomass_kg=Decimal("0.08"),
        )

    def refuses(self, **values: object) -> None:
        """Assert that the database refuses `values` for the batch."""
        with self.assertRaises(IntegrityError), transaction.atomic():
            Batch.objects.filter(pk=self.batch.pk).update(**values)

    def test_ended_batch_has_an_end_and_no_other_has(self) -> None:
        self.refuses(status=Batch.Status.HARVESTED)
        self.refuses(actual_end_date=SPRING)
        Batch.objects.filter(pk=self.batch.pk).update(status=Batch.Status.HARVESTED, actual_end_date=SPRING)

    def test_batch_does_not_end_before_it_starts(self) -> None:
        self.refuses(status=Batch.Status.LOST, actual_end_date=SPRING - dt.timedelta(days=1))
        self.refuses(expected_end_date=SPRING - dt.timedelta(days=1))

    def test_counts_and_status_are_checked(self) -> None:
        self.refuses(initial_count=0)
        self.refuses(status="asleep")

    def test_batch_number_is_unique(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            Batch.objects.create(
                batch_number="B-1",
                species=self.species,
                stage=self.stage,
                start_date=SPRING,
                initial_count=1,
            )

    def test_batch_is_in_a_container_once_at_a_time(self) -> None:
        again = BatchContainerAssignment(
            batch=self.batch,
            container=self.stay.container,
            stage=self.stage,
            assigned_on=SPRING + dt.timedelta(days=30),
            population=900,
            biomass_kg=Decimal("1.00"),
        )
        with self.assertRaises(IntegrityError), transaction.atomic():
            again.save()
        BatchContainerAssignment.objects.filter(pk=self.stay.pk).update(
            departed_on=SPRING + dt.timedelta(days=10)
        )
        again.save()
        self.assertEqual(self.batch.assignments.count(), 2)

    def test_condition_factor_is_computed_by_the_database(self) -> None:
        sample = GrowthSample.objects.create(
            assignment=self.stay, sampled_on=SPRING, sample_size=20, mean_weight_g=8, mean_length_cm=10
        )
        sample.refresh_from_db()
        self.assertAlmostEqual(sample.condition_factor, 0.8)

    def test_same_feed_at_the_same_moment_is_refused(self) -> None:
        moment = dt.datetime(2024, 5, 1, 8, tzinfo=dt.UTC)
        FeedingEvent.objects.create(assignment=self.stay, fed_at=moment, feed="Starter", amount_kg=Decimal(1))
        with self.assertRaises(IntegrityError), transaction.atomic():
            FeedingEvent.objects.create(
                assignment=self.stay, fed_at=moment, feed="Starter", amount_kg=Decimal(2)
            )

    def test_species_in_use_is_protected_and_records_go_with_their_batch(self) -> None:
        MortalityEvent.objects.create(batch=self.batch, occurred_on=SPRING, count=5)
        with self.assertRaises(ProtectedError):
            self.species.delete()
        self.batch.delete()
        self.assertFalse(BatchContainerAssignment.objects.exists())
        self.assertFalse(MortalityEvent.objects.exists())
