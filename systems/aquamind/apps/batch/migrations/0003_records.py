import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batch", "0002_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedingEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fed_at", models.DateTimeField()),
                ("feed", models.CharField(db_comment="Name of the feed", max_length=40)),
                (
                    "amount_kg",
                    models.DecimalField(
                        decimal_places=3,
                        max_digits=9,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.001"))],
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("automatic", "Automatic"), ("manual", "By hand")],
                        db_default="automatic",
                        default="automatic",
                        max_length=10,
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedings",
                        to="batch.batchcontainerassignment",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Feedings",
                "ordering": ("assignment", "fed_at"),
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "fed_at", "feed"), name="feeding_moment"),
                    models.CheckConstraint(condition=models.Q(("amount_kg__gt", 0)), name="feeding_amount"),
                    models.CheckConstraint(
                        condition=models.Q(("method__in", ("automatic", "manual"))), name="feeding_method"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GrowthSample",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sampled_on", models.DateField()),
                ("sample_size", models.PositiveIntegerField(db_comment="Fish measured")),
                ("mean_weight_g", models.DecimalField(decimal_places=2, max_digits=9)),
                ("mean_length_cm", models.DecimalField(decimal_places=2, max_digits=6)),
                (
                    "condition_factor",
                    models.GeneratedField(
                        db_comment="Fulton's condition factor: 100 * grams / cm^3; about 1 for a well-fed salmon",
                        db_persist=True,
                        expression=models.ExpressionWrapper(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.Value(100.0), "*", models.F("mean_weight_g")
                                ),
                                "/",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("mean_length_cm"), "*", models.F("mean_length_cm")
                                    ),
                                    "*",
                                    models.F("mean_length_cm"),
                                ),
                            ),
                            output_field=models.FloatField(),
                        ),
                        output_field=models.FloatField(),
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="growth_samples",
                        to="batch.batchcontainerassignment",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Weighings of fish",
                "ordering": ("assignment", "sampled_on"),
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "sampled_on"), name="growth_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mean_length_cm__gt", 0), ("mean_weight_g__gt", 0), ("sample_size__gt", 0)
                        ),
                        name="growth_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MortalityEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("occurred_on", models.DateField()),
                ("count", models.PositiveIntegerField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("unknown", "Unknown"),
                            ("disease", "Disease"),
                            ("handling", "Handling"),
                            ("oxygen", "Lack of oxygen"),
                            ("predator", "Predator"),
                        ],
                        db_default="unknown",
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("description", models.TextField(blank=True, db_default="")),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mortalities",
                        to="batch.batch",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Deaths",
                "ordering": ("batch", "occurred_on"),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("count__gt", 0)), name="mortality_count"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cause__in", ("unknown", "disease", "handling", "oxygen", "predator"))
                        ),
                        name="mortality_cause",
                    ),
                ],
            },
        ),
    ]
