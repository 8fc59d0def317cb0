import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Area",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("freshwater", "Freshwater station"), ("sea", "Sea site")], max_length=12
                    ),
                ),
                ("latitude", models.DecimalField(db_comment="Degrees north", decimal_places=5, max_digits=8)),
                ("longitude", models.DecimalField(db_comment="Degrees east", decimal_places=5, max_digits=8)),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "db_table_comment": "Freshwater stations and sea sites",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Container",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[("tray", "Incubation tray"), ("tank", "Tank"), ("pen", "Sea pen")],
                        max_length=8,
                    ),
                ),
                (
                    "volume_m3",
                    models.DecimalField(
                        db_comment="Cubic metres",
                        decimal_places=2,
                        max_digits=9,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                (
                    "area",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="containers",
                        to="environmental.area",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Trays, tanks and pens",
                "ordering": ("area", "name"),
            },
        ),
        migrations.CreateModel(
            name="Sensor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("serial_number", models.CharField(max_length=40)),
                ("model", models.CharField(blank=True, db_default="", max_length=60)),
                (
                    "interval_s",
                    models.PositiveIntegerField(
                        db_comment="Seconds from one reading to the next", db_default=1800, default=1800
                    ),
                ),
                ("installed_on", models.DateField()),
                ("removed_on", models.DateField(blank=True, null=True)),
                (
                    "container",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sensors",
                        to="environmental.container",
                    ),
                ),
            ],
            options={
                "db_table_comment": "Probes, each in one container",
                "ordering": ("serial_number", "installed_on"),
            },
        ),
        migrations.CreateModel(
            name="WeatherStation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        db_comment="Code by which the station reports", max_length=8, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("latitude", models.DecimalField(db_comment="Degrees north", decimal_places=5, max_digits=8)),
                ("longitude", models.DecimalField(db_comment="Degrees east", decimal_places=5, max_digits=8)),
            ],
            options={
                "db_table_comment": "Weather stations",
                "ordering": ("code",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                        name="weatherstation_position",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="area",
            name="weather_station",
            field=models.ForeignKey(
                blank=True,
                db_comment="Nearest station, whose weather is taken for the area's",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="areas",
                to="environmental.weatherstation",
            ),
        ),
        migrations.AddConstraint(
            model_name="container",
            constraint=models.UniqueConstraint(fields=("area", "name"), name="container_name_in_area"),
        ),
        migrations.AddConstraint(
            model_name="container",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("tray", "tank", "pen"))), name="container_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="container",
            constraint=models.CheckConstraint(
                condition=models.Q(("volume_m3__gt", 0)), name="container_volume"
            ),
        ),
        migrations.AddConstraint(
            model_name="sensor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_on__isnull", True)),
                fields=("serial_number",),
                name="sensor_installed_once",
                violation_error_message="This probe is installed elsewhere and has not been removed.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("removed_on__isnull", True),
                    ("removed_on__gte", models.F("installed_on")),
                    _connector="OR",
                ),
                name="sensor_removed_after_installed",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensor",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval_s__gt", 0)), name="sensor_interval"
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("freshwater", "sea"))), name="area_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                name="area_position",
            ),
        ),
    ]
