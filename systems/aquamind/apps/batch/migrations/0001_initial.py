import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Species",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("scientific_name", models.CharField(max_length=100, unique=True)),
            ],
            options={
                "verbose_name_plural": "species",
                "db_table_comment": "Farmed species",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="LifeCycleStage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(db_comment="1 for the first stage of the species"),
                ),
                ("name", models.CharField(max_length=40)),
                (
                    "expected_days",
                    models.PositiveSmallIntegerField(db_comment="Days that the stage usually lasts"),
                ),
                (
                    "expected_weight_g",
                    models.DecimalField(
                        db_comment="Mean weight in grams at the end of the stage",
                        decimal_places=2,
                        max_digits=9,
                    ),
                ),
                (
                    "species",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stages",
                        to="batch.species",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Stages in the life of each species",
                "ordering": ("species", "position"),
                "constraints": [
                    models.UniqueConstraint(fields=("species", "position"), name="stage_position_in_species"),
                    models.UniqueConstraint(fields=("species", "name"), name="stage_name_in_species"),
                    models.CheckConstraint(condition=models.Q(("position__gte", 1)), name="stage_position"),
                    models.CheckConstraint(
                        condition=models.Q(("expected_days__gt", 0), ("expected_weight_g__gt", 0)),
                        name="stage_expected",
                    ),
                ],
            },
        ),
    ]
