import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("environmental", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="EnvironmentalReading",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "sensor_id",
                        "timestamp",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("timestamp", models.DateTimeField(db_comment="Moment of measurement")),
                ("temperature", models.FloatField(db_comment="Degrees Celsius", null=True)),
                ("dissolved_oxygen", models.FloatField(db_comment="mg/L", null=True)),
                (
                    "oxygen_saturation",
                    models.FloatField(db_comment="Percent; above 100 when algae bloom", null=True),
                ),
                ("ph", models.FloatField(db_comment="pH", null=True)),
                (
                    "salinity",
                    models.FloatField(db_comment="Practical salinity, g/kg; null in fresh water", null=True),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="environmental.sensor",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Readings of sensors, one row per sensor and moment",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("temperature__range", (-5, 45))), name="reading_temperature"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dissolved_oxygen__range", (0, 30))), name="reading_oxygen"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("oxygen_saturation__range", (0, 250))), name="reading_saturation"
                    ),
                    models.CheckConstraint(condition=models.Q(("ph__range", (0, 14))), name="reading_ph"),
                    models.CheckConstraint(
                        condition=models.Q(("salinity__range", (0, 45))), name="reading_salinity"
                    ),
                ],
            },
        ),
    ]
