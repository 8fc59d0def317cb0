import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("environmental", "0002_readings"),
    ]

    operations = [
        migrations.CreateModel(
            name="WeatherData",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "station_id",
                        "timestamp",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("timestamp", models.DateTimeField(db_comment="Moment of observation")),
                ("temperature", models.FloatField(db_comment="Degrees Celsius", null=True)),
                ("dew_point", models.FloatField(db_comment="Degrees Celsius", null=True)),
                ("humidity", models.FloatField(db_comment="Relative humidity, percent", null=True)),
                (
                    "wind_direction",
                    models.PositiveSmallIntegerField(
                        db_comment="Degrees from north; 0 when calm",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(360)],
                    ),
                ),
                ("wind_speed", models.FloatField(db_comment="m/s", null=True)),
                ("wind_gust", models.FloatField(db_comment="m/s; null when there were none", null=True)),
                ("precipitation", models.FloatField(db_comment="mm in the hour before", null=True)),
                ("pressure", models.FloatField(db_comment="hPa at sea level", null=True)),
                ("visibility", models.FloatField(db_comment="km", null=True)),
                (
                    "station",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="weather",
                        to="environmental.weatherstation",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "weather data",
                "db_table_comment": "Observations of weather stations, one row per station and moment",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("temperature__range", (-90, 60)), ("dew_point__range", (-90, 60))
                        ),
                        name="weather_temperature",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("humidity__range", (0, 100))), name="weather_humidity"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wind_direction__range", (0, 360)),
                            ("wind_speed__range", (0, 115)),
                            ("wind_gust__range", (0, 115)),
                        ),
                        name="weather_wind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("precipitation__gte", 0), ("visibility__gte", 0)),
                        name="weather_precipitation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pressure__range", (850, 1100))), name="weather_pressure"
                    ),
                ],
            },
        ),
    ]
