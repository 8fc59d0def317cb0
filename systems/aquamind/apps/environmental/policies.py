"""How readings and weather are kept: by day, compressed after a month, for a year; averages for good."""

from pgwright.contrib.django.timeseries import Compress, Retain, Rollup, TimeSeries

POLICIES = {
    "EnvironmentalReading": (
        TimeSeries("timestamp", "1 day"),
        Compress("30 days", segment_by="sensor_id", order_by="timestamp DESC"),
        Retain("1 year"),
        Rollup(
            "environmental_daily_avg",
            bucket="1 day",
            bucket_column="day",
            group_by="sensor_id",
            aggregates={
                "avg_temp": "avg(temperature)",
                "min_temp": "min(temperature)",
                "max_temp": "max(temperature)",
                "readings": "count(*)",
            },
            realtime=True,
        ),
    ),
    "WeatherData": (
        TimeSeries("timestamp", "1 day"),
        Compress("30 days", segment_by="station_id", order_by="timestamp DESC"),
        Retain("1 year"),
    ),
}
