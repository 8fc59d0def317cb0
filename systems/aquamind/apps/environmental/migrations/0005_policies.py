import pgwright.contrib.django.timeseries
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("environmental", "0004_query_indexes"),
    ]

    operations = [
        pgwright.contrib.django.timeseries.CreateHypertable(
            model_name="environmentalreading",
            policy=pgwright.contrib.django.timeseries.TimeSeries(column="timestamp", interval="1 day"),
        ),
        pgwright.contrib.django.timeseries.CreateHypertable(
            model_name="weatherdata",
            policy=pgwright.contrib.django.timeseries.TimeSeries(column="timestamp", interval="1 day"),
        ),
        pgwright.contrib.django.timeseries.AddCompression(
            model_name="environmentalreading",
            policy=pgwright.contrib.django.timeseries.Compress(
                after="30 days", segment_by=("sensor_id",), order_by="timestamp DESC"
            ),
        ),
        pgwright.contrib.django.timeseries.AddCompression(
            model_name="weatherdata",
            policy=pgwright.contrib.django.timeseries.Compress(
                after="30 days", segment_by=("station_id",), order_by="timestamp DESC"
            ),
        ),
        pgwright.contrib.django.timeseries.AddRetention(
            model_name="environmentalreading",
            policy=pgwright.contrib.django.timeseries.Retain(keep="1 year"),
        ),
        pgwright.contrib.django.timeseries.AddRetention(
            model_name="weatherdata",
            policy=pgwright.contrib.django.timeseries.Retain(keep="1 year"),
        ),
        pgwright.contrib.django.timeseries.CreateRollup(
            model_name="environmentalreading",
            policy=pgwright.contrib.django.timeseries.Rollup(
                name="environmental_daily_avg",
                bucket="1 day",
                group_by=("sensor_id",),
                aggregates=(
                    ("avg_temp", "avg(temperature)"),
                    ("min_temp", "min(temperature)"),
                    ("max_temp", "max(temperature)"),
                    ("readings", "count(*)"),
                ),
                realtime=True,
                bucket_column="day",
            ),
        ),
        migrations.CreateModel(
            name="DailyAverage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "sensor_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateTimeField()),
                ("avg_temp", models.FloatField(null=True)),
                ("min_temp", models.FloatField(null=True)),
                ("max_temp", models.FloatField(null=True)),
                ("readings", models.BigIntegerField()),
            ],
            options={
                "db_table": "environmental_daily_avg",
                "managed": False,
            },
        ),
    ]
