import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batch", "0001_initial"),
        ("environmental", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("batch_number", models.CharField(max_length=30, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("harvested", "Harvested"), ("lost", "Lost")],
                        db_default="active",
                        default="active",
                        max_length=10,
                    ),
                ),
                ("start_date", models.DateField(db_comment="Day on which the eggs were laid down")),
                ("expected_end_date", models.DateField(blank=True, null=True)),
                (
                    "actual_end_date",
                    models.DateField(blank=True, db_comment="Null while the batch is active", null=True),
                ),
                ("initial_count", models.PositiveIntegerField(db_comment="Eggs laid down")),
                ("notes", models.TextField(blank=True, db_default="")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "species",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="batch.species",
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="batch.lifecyclestage",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
                "db_table_comment": "Batches of fish",
                "ordering": ("-start_date", "batch_number"),
            },
        ),
        migrations.CreateModel(
            name="BatchContainerAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("assigned_on", models.DateField()),
                (
                    "departed_on",
                    models.DateField(blank=True, db_comment="Null while the fish are there", null=True),
                ),
                ("population", models.PositiveIntegerField(db_comment="Fish at arrival")),
                (
                    "biomass_kg",
                    models.DecimalField(
                        db_comment="At arrival",
                        decimal_places=2,
                        max_digits=12,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="batch.batch",
                    ),
                ),
                (
                    "container",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="environmental.container",
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="batch.lifecyclestage",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Which batch was in which container, and when",
                "ordering": ("batch", "assigned_on"),
            },
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("active", "harvested", "lost"))), name="batch_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("actual_end_date__isnull", True), ("status", "active")),
                    models.Q(
                        models.Q(("status", "active"), _negated=True), ("actual_end_date__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="batch_ended_has_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expected_end_date__gte", models.F("start_date")),
                    ("actual_end_date__gte", models.F("start_date")),
                ),
                name="batch_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(("initial_count__gt", 0)), name="batch_initial_count"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchcontainerassignment",
            constraint=models.UniqueConstraint(
                fields=("batch", "container", "assigned_on"), name="assignment_arrival"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchcontainerassignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("departed_on__isnull", True)),
                fields=("batch", "container"),
                name="assignment_current",
                violation_error_message="This batch is in this container already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchcontainerassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("departed_on__isnull", True),
                    ("departed_on__gte", models.F("assigned_on")),
                    _connector="OR",
                ),
                name="assignment_departs_after_arrival",
            ),
        ),
        migrations.AddConstraint(
            model_name="batchcontainerassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("biomass_kg__gte", 0), ("population__gt", 0)), name="assignment_amounts"
            ),
        ),
    ]
