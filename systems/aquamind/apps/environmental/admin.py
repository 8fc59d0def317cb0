"""Admin of places and sensors.

Readings and weather have a composite primary key, which Django's admin does not
take; what a sensor said last is shown with the sensor.
"""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from apps.environmental.models import Area, Container, EnvironmentalReading, Sensor, WeatherStation


@admin.register(WeatherStation)
class WeatherStationAdmin(admin.ModelAdmin):
    """Weather stations."""

    list_display = ("code", "name", "latitude", "longitude")
    search_fields = ("code", "name")


@admin.register(Area)
class AreaAdmin(admin.ModelAdmin):
    """Areas."""

    list_display = ("name", "kind", "weather_station", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("weather_station",)
    search_fields = ("name",)


@admin.register(Container)
class ContainerAdmin(admin.ModelAdmin):
    """Containers."""

    list_display = ("name", "area", "kind", "volume_m3", "is_active")
    list_filter = ("area", "kind", "is_active")
    list_select_related = ("area",)
    search_fields = ("name", "area__name")


@admin.register(Sensor)
class SensorAdmin(admin.ModelAdmin):
    """Sensors, with the time and temperature of each one's newest reading."""

    list_display = (
        "serial_number",
        "container",
        "model",
        "installed_on",
        "removed_on",
        "last_reading",
        "temperature",
    )
    list_filter = ("container__area", "model")
    list_select_related = ("container",)
    search_fields = ("serial_number",)
    autocomplete_fields = ("container",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sensor]:
        """Add the newest reading: one probe of the primary key per sensor shown."""
        newest = EnvironmentalReading.objects.filter(sensor=OuterRef("pk")).order_by("-timestamp")
        sensors: QuerySet[Sensor] = super().get_queryset(request)
        return sensors.annotate(
            newest_timestamp=Subquery(newest.values("timestamp")[:1]),
            newest_temperature=Subquery(newest.values("temperature")[:1]),
        )

    @admin.display(description="Last reading", ordering="newest_timestamp")
    def last_reading(self, sensor: Any) -> object:
        """Return the moment of the newest reading, or None."""
        return sensor.newest_timestamp

    @admin.display(description="°C")
    def temperature(self, sensor: Any) -> object:
        """Return the temperature of the newest reading, or None."""
        return sensor.newest_temperature
