"""Readings of the demo's sensors: seasons, days and nights, drift, noise, faults and bad days.

Everything is counted in hundredths and looked up in tables made once, so that a
million readings cost seconds. The same seed, period and sensors give the same rows.
"""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from apps.demo.farm import READING_INTERVAL_S, DemoArea, sensors

COLUMNS = (
    "sensor_id",
    "timestamp",
    "temperature",
    "dissolved_oxygen",
    "oxygen_saturation",
    "ph",
    "salinity",
)
READINGS_PER_DAY = 86_400 // READING_INTERVAL_S

Row = tuple[int, dt.datetime, float | None, float | None, float | None, float | None, float | None]

# A prime, so that no stride of a sensor or a slot falls into step with the table.
_NOISE_LENGTH = 8191
_COLDEST_DAY = 38
_WARMEST_SLOT = 31


@dataclass(frozen=True, kw_only=True)
class Signals:
    """Everything that the rows are computed from; see `prepare`."""

    first_day: dt.date
    days: int
    noise: tuple[int, ...]
    outages: frozenset[tuple[int, int]]
    bloom_days: frozenset[tuple[int, int]]

    @property
    def total(self) -> int:
        """Return how many rows `rows` yields."""
        return (len(tuple(sensors())) * self.days - len(self.outages)) * READINGS_PER_DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class _Probe:
    """A sensor on one day: `base` in hundredths of °C, `solubility` as made by `_solubility`."""

    id: int
    area: DemoArea
    base: int
    solubility: tuple[int, ...]
    is_short: bool


def prepare(*, seed: int, first_day: dt.date, days: int) -> Signals:
    """Draw noise, outages and days short of oxygen for `days` UTC days from `first_day` on."""
    random = Random(seed)
    noise = tuple(round(random.gauss(0, 100)) for _ in range(_NOISE_LENGTH))
    ids = tuple(id_ for id_, _container, _area in sensors())
    # About one day in 250 nothing arrives from a sensor; one day in 300 an area is short of oxygen.
    outages = frozenset((id_, day) for day in range(days) for id_ in ids if random.random() < 0.004)
    areas = sorted({area.id for _id, _container, area in sensors()})
    blooms = frozenset((area, day) for day in range(days) for area in areas if random.random() < 0.0033)
    return Signals(first_day=first_day, days=days, noise=noise, outages=outages, bloom_days=blooms)


def rows(signals: Signals) -> Iterator[Row]:
    """Yield every reading in the order of time, as `COLUMNS` in °C, mg/L, %, pH and g/kg."""
    interval = dt.timedelta(seconds=READING_INTERVAL_S)
    daily = _wave(READINGS_PER_DAY, _WARMEST_SLOT)
    probes = tuple((id_, area) for id_, _container, area in sensors())
    solubility = {area.id: _solubility(area) for _id, area in probes}
    for day in range(signals.days):
        date = signals.first_day + dt.timedelta(days=day)
        midnight = dt.datetime.combine(date, dt.time(), dt.UTC)
        present = tuple(
            _Probe(
                id=id_,
                area=area,
                base=_day_temperature(area, date, id_, day, signals.noise),
                solubility=solubility[area.id],
                is_short=(area.id, day) in signals.bloom_days,
            )
            for id_, area in probes
            if (id_, day) not in signals.outages
        )
        for slot in range(READINGS_PER_DAY):
            timestamp = midnight + interval * slot
            step = (day * READINGS_PER_DAY + slot) * 131
            for probe in present:
                yield _reading(probe, timestamp, daily[slot], step, signals.noise)


def _reading(probe: _Probe, timestamp: dt.datetime, wave: int, step: int, noise: tuple[int, ...]) -> Row:
    id_, area = probe.id, probe.area
    first = noise[(step + id_ * 1013) % _NOISE_LENGTH]
    second = noise[(step + id_ * 2027 + 17) % _NOISE_LENGTH]
    temperature = probe.base + area.day_amplitude * wave // 1000 + first // 12
    # Algae give oxygen by day and take it by night; a bloom that dies takes far more of it.
    saturation = 9400 + 450 * wave // 1000 + second * 2
    if probe.is_short:
        saturation -= 2600 - 900 * wave // 1000
    oxygen = saturation * probe.solubility[min(max(temperature // 10, 0), 349)] // 10_000
    ph: int | None = (795 if area.salinity else 712) + (saturation - 9400) // 150 + first // 50
    salinity = None if area.salinity is None else area.salinity + second // 5
    if first > 320:
        # The glass electrode is the first part to fail: no pH in about one reading of 1,400.
        ph = None
    return (
        id_,
        timestamp,
        temperature / 100,
        oxygen / 100,
        saturation / 100,
        None if ph is None else ph / 100,
        None if salinity is None else salinity / 100,
    )


def _day_temperature(area: DemoArea, date: dt.date, id_: int, day: int, noise: tuple[int, ...]) -> int:
    season = -math.cos(2 * math.pi * (date.timetuple().tm_yday - _COLDEST_DAY) / 365.25)
    # Weather lasts some days: the mean of three neighbouring draws wanders instead of jumping.
    drift = sum(noise[((day + lag) * 389 + area.id * 61) % _NOISE_LENGTH] for lag in range(3)) // 3
    offset = noise[id_ * 37 % _NOISE_LENGTH] // 8
    return round(area.mean_temperature + area.season_amplitude * season) + drift + offset


def _wave(length: int, highest: int) -> tuple[int, ...]:
    """Return one cosine of `length` steps in thousandths, highest at step `highest`."""
    return tuple(round(1000 * math.cos(2 * math.pi * (step - highest) / length)) for step in range(length))


def _solubility(area: DemoArea) -> tuple[int, ...]:
    """Return oxygen at saturation in hundredths of mg/L, by tenths of °C from 0 to 34.9.

    Fresh water by the polynomial of Elmore and Hayes (1960), good to 0.05 mg/L;
    salt water holds about 0.55 % less of it per g/kg.
    """
    salt = 1 - 0.0055 * (area.salinity or 0) / 100
    table = []
    for tenth in range(350):
        t = tenth / 10
        fresh = 14.652 - 0.41022 * t + 0.007991 * t**2 - 0.000077774 * t**3
        table.append(round(100 * fresh * salt))
    return tuple(table)
