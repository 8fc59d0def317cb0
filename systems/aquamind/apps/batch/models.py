"""Batches of fish: what they are, where they are kept, and what happens to them."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now


class Species(models.Model):
    """A farmed species."""

    name = models.CharField(max_length=60, unique=True)
    scientific_name = models.CharField(max_length=100, unique=True)

    class Meta:
        db_table_comment = "Farmed species"
        ordering = ("name",)
        verbose_name_plural = "species"

    def __str__(self) -> str:
        return self.name


class LifeCycleStage(models.Model):
    """A stage in the life of a species, from egg to harvest."""

    species = models.ForeignKey(Species, on_delete=models.PROTECT, related_name="stages", db_index=False)
    position = models.PositiveSmallIntegerField(db_comment="1 for the first stage of the species")
    name = models.CharField(max_length=40)
    expected_days = models.PositiveSmallIntegerField(db_comment="Days that the stage usually lasts")
    expected_weight_g = models.DecimalField(
        max_digits=9, decimal_places=2, db_comment="Mean weight in grams at the end of the stage"
    )

    class Meta:
        db_table_comment = "Stages in the life of each species"
        ordering = ("species", "position")
        constraints = (
            models.UniqueConstraint(name="stage_position_in_species", fields=("species", "position")),
            models.UniqueConstraint(name="stage_name_in_species", fields=("species", "name")),
            models.CheckConstraint(name="stage_position", condition=models.Q(position__gte=1)),
            models.CheckConstraint(
                name="stage_expected",
                condition=models.Q(expected_days__gt=0) & models.Q(expected_weight_g__gt=0),
            ),
        )

    def __str__(self) -> str:
        return f"{self.position} {self.name}"


class Batch(models.Model):
    """Fish of one species that began life together and are followed together."""

    class Status(models.TextChoices):
        """Whether a batch lives on, and if not, why."""

        ACTIVE = "active", "Active"
        HARVESTED = "harvested", "Harvested"
        LOST = "lost", "Lost"

    batch_number = models.CharField(max_length=30, unique=True)
    species = models.ForeignKey(Species, on_delete=models.PROTECT, related_name="batches")
    stage = models.ForeignKey(LifeCycleStage, on_delete=models.PROTECT, related_name="batches")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE, db_default=Status.ACTIVE
    )
    start_date = models.DateField(db_comment="Day on which the eggs were laid down")
    expected_end_date = models.DateField(null=True, blank=True)
    actual_end_date = models.DateField(null=True, blank=True, db_comment="Null while the batch is active")
    initial_count = models.PositiveIntegerField(db_comment="Eggs laid down")
    notes = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "Batches of fish"
        ordering = ("-start_date", "batch_number")
        verbose_name_plural = "batches"
        constraints = (
            models.CheckConstraint(
                name="batch_status", condition=models.Q(status__in=("active", "harvested", "lost"))
            ),
            models.CheckConstraint(
                name="batch_ended_has_date",
                condition=models.Q(status="active", actual_end_date__isnull=True)
                | (~models.Q(status="active") & models.Q(actual_end_date__isnull=False)),
            ),
            models.CheckConstraint(
                name="batch_ends_after_start",
                condition=models.Q(expected_end_date__gte=models.F("start_date"))
                & models.Q(actual_end_date__gte=models.F("start_date")),
            ),
            models.CheckConstraint(name="batch_initial_count", condition=models.Q(initial_count__gt=0)),
        )
        indexes = (
            models.Index(name="batch_start_date", fields=("start_date",)),
            # Few batches are alive at a time, and every screen begins with those.
            models.Index(
                name="batch_active",
                fields=("species", "start_date"),
                condition=models.Q(status="active"),
            ),
        )

    def __str__(self) -> str:
        return self.batch_number


class BatchContainerAssignment(models.Model):
    """A stay of a batch, or of a part of it, in one container."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    container = models.ForeignKey(
        "environmental.Container", on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    stage = models.ForeignKey(LifeCycleStage, on_delete=models.PROTECT, related_name="assignments")
    assigned_on = models.DateField()
    departed_on = models.DateField(null=True, blank=True, db_comment="Null while the fish are there")
    population = models.PositiveIntegerField(db_comment="Fish at arrival")
    biomass_kg = models.DecimalField(
        max_digits=12, decimal_places=2, validators=(MinValueValidator(0),), db_comment="At arrival"
    )

    class Meta:
        db_table_comment = "Which batch was in which container, and when"
        ordering = ("batch", "assigned_on")
        constraints = (
            models.UniqueConstraint(name="assignment_arrival", fields=("batch", "container", "assigned_on")),
            models.UniqueConstraint(
                name="assignment_current",
                fields=("batch", "container"),
                condition=models.Q(departed_on__isnull=True),
                violation_error_message="This batch is in this container already.",
            ),
            models.CheckConstraint(
                name="assignment_departs_after_arrival",
                condition=models.Q(departed_on__isnull=True)
                | models.Q(departed_on__gte=models.F("assigned_on")),
            ),
            models.CheckConstraint(
                name="assignment_amounts", condition=models.Q(population__gt=0, biomass_kg__gte=0)
            ),
        )
        indexes = (models.Index(name="assignment_in_container", fields=("container", "assigned_on")),)

    def __str__(self) -> str:
        return f"{self.batch_id} in {self.container_id} from {self.assigned_on}"


class GrowthSample(models.Model):
    """Fish of one stay that were caught, weighed and measured."""

    assignment = models.ForeignKey(
        BatchContainerAssignment, on_delete=models.CASCADE, related_name="growth_samples", db_index=False
    )
    sampled_on = models.DateField()
    sample_size = models.PositiveIntegerField(db_comment="Fish measured")
    mean_weight_g = models.DecimalField(max_digits=9, decimal_places=2)
    mean_length_cm = models.DecimalField(max_digits=6, decimal_places=2)
    condition_factor = models.GeneratedField(
        # Fulton's K = 100 W / L³. The 100.0 keeps SQLite from dividing whole numbers.
        expression=models.ExpressionWrapper(
            models.Value(100.0)
            * models.F("mean_weight_g")
            / (models.F("mean_length_cm") * models.F("mean_length_cm") * models.F("mean_length_cm")),
            output_field=models.FloatField(),
        ),
        output_field=models.FloatField(),
        db_persist=True,
        db_comment="Fulton's condition factor: 100 * grams / cm^3; about 1 for a well-fed salmon",
    )

    class Meta:
        db_table_comment = "Weighings of fish"
        ordering = ("assignment", "sampled_on")
        constraints = (
            models.UniqueConstraint(name="growth_once_a_day", fields=("assignment", "sampled_on")),
            models.CheckConstraint(
                name="growth_positive",
                condition=models.Q(sample_size__gt=0, mean_weight_g__gt=0, mean_length_cm__gt=0),
            ),
        )

    def __str__(self) -> str:
        return f"{self.mean_weight_g} g on {self.sampled_on}"


class MortalityEvent(models.Model):
    """Fish of a batch that died on one day of one cause."""

    class Cause(models.TextChoices):
        """What the fish died of."""

        UNKNOWN = "unknown", "Unknown"
        DISEASE = "disease", "Disease"
        HANDLING = "handling", "Handling"
        OXYGEN = "oxygen", "Lack of oxygen"
        PREDATOR = "predator", "Predator"

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="mortalities", db_index=False)
    occurred_on = models.DateField()
    count = models.PositiveIntegerField()
    cause = models.CharField(
        max_length=10, choices=Cause.choices, default=Cause.UNKNOWN, db_default=Cause.UNKNOWN
    )
    description = models.TextField(blank=True, db_default="")

    class Meta:
        db_table_comment = "Deaths"
        ordering = ("batch", "occurred_on")
        constraints = (
            models.CheckConstraint(name="mortality_count", condition=models.Q(count__gt=0)),
            models.CheckConstraint(
                name="mortality_cause",
                condition=models.Q(cause__in=("unknown", "disease", "handling", "oxygen", "predator")),
            ),
        )
        indexes = (
            models.Index(name="mortality_of_batch", fields=("batch", "occurred_on")),
            models.Index(name="mortality_by_cause", fields=("cause", "occurred_on")),
        )

    def __str__(self) -> str:
        return f"{self.count} on {self.occurred_on}"


class FeedingEvent(models.Model):
    """A feeding of the fish in one container."""

    class Method(models.TextChoices):
        """How feed was given."""

        AUTOMATIC = "automatic", "Automatic"
        MANUAL = "manual", "By hand"

    assignment = models.ForeignKey(
        BatchContainerAssignment, on_delete=models.CASCADE, related_name="feedings", db_index=False
    )
    fed_at = models.DateTimeField()
    feed = models.CharField(max_length=40, db_comment="Name of the feed")
    amount_kg = models.DecimalField(
        max_digits=9, decimal_places=3, validators=(MinValueValidator(Decimal("0.001")),)
    )
    method = models.CharField(
        max_length=10, choices=Method.choices, default=Method.AUTOMATIC, db_default=Method.AUTOMATIC
    )

    class Meta:
        db_table_comment = "Feedings"
        ordering = ("assignment", "fed_at")
        constraints = (
            models.UniqueConstraint(name="feeding_moment", fields=("assignment", "fed_at", "feed")),
            models.CheckConstraint(name="feeding_amount", condition=models.Q(amount_kg__gt=0)),
            models.CheckConstraint(
                name="feeding_method", condition=models.Q(method__in=("automatic", "manual"))
            ),
        )
        indexes = (models.Index(name="feeding_by_time", fields=("fed_at",)),)

    def __str__(self) -> str:
        return f"{self.amount_kg} kg at {self.fed_at:%Y-%m-%d %H:%M}"
