"""Turn the source's local clock times into instants, and its rows into lines for COPY."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.demo.sources import read_flights

NA = "NA"
NULL = "\\N"
COLUMNS = (
    "id",
    "airline_code",
    "flight_number",
    "tail_number",
    "origin_code",
    "destination_code",
    "service_date",
    "scheduled_departure",
    "scheduled_arrival",
    "actual_departure",
    "actual_arrival",
    "air_time_minutes",
    "distance_miles",
    "seats",
    "status",
)
EPOCH = datetime(2013, 1, 1, tzinfo=UTC)
DAY = 24 * 60
CLOCK = tuple(f"{minute // 60:02d}:{minute % 60:02d}+00" for minute in range(DAY))


@dataclass(frozen=True, kw_only=True)
class FlightIndex:
    """What the rest of the load must know of the flights.

    `tails` are the aircraft that flew. The others are by position (flight id - 1):
    departures in minutes since the start of 2013 (UTC), miles, seats (0 when unknown).
    """

    tails: set[str] = field(default_factory=set)
    departure: array[int] = field(default_factory=lambda: array("i"))
    distance: array[int] = field(default_factory=lambda: array("h"))
    seats: array[int] = field(default_factory=lambda: array("h"))
    cancelled: bytearray = field(default_factory=bytearray)


def flight_lines(
    scale: float, *, seats: dict[str, int], zones: dict[str, str], index: FlightIndex
) -> Iterator[str]:
    """Yield one COPY line per flight and note in `index` what comes after needs.

    `seats` maps tail numbers of the aircraft register to seats, `zones` airports to time zones.
    The source has no status: a flight without departure was cancelled, one that left
    but has no arrival delay did not arrive at its destination as planned (diverted).
    """
    for number, row in enumerate(read_flights(scale), start=1):
        (year, month, day, _, _, dep_delay, _, arr_clock, arr_delay, carrier, flight, tail) = row[:12]
        (origin, destination, air_time, distance, _, minute, hour_utc) = row[12:]
        departure = _minutes(hour_utc) + int(minute)
        arrival = first_clock_after(departure, int(arr_clock), zones[destination])
        left = dep_delay != NA
        arrived = left and arr_delay != NA
        status = "arrived" if arrived else "diverted" if left else "cancelled"
        known_seats = seats.get(tail, 0)
        index.tails.add(tail)
        index.departure.append(departure)
        index.distance.append(int(distance))
        index.seats.append(known_seats)
        index.cancelled.append(not left)
        yield (
            f"{number}\t{carrier}\t{flight}\t{NULL if tail == NA else tail}\t{origin}\t{destination}\t"
            f"{year}-{month}-{day}\t{instant(departure)}\t{instant(arrival)}\t"
            f"{instant(departure + int(dep_delay)) if left else NULL}\t"
            f"{instant(arrival + int(arr_delay)) if arrived else NULL}\t"
            f"{NULL if air_time == NA else air_time}\t{distance}\t{known_seats or NULL}\t{status}\n"
        )


def first_clock_after(departure: int, clock: int, zone: str) -> int:
    """Return the first instant after `departure` at which clocks in `zone` show `clock` (HHMM).

    The source gives a scheduled arrival only so, without date or zone. Both instants are
    minutes since the start of 2013 (UTC).
    """
    # The offset is looked up by day and hour: over a change of daylight saving both sides are right.
    offset = _utc_offset(departure // 60, zone)
    wanted = clock // 100 * 60 + clock % 100
    wait = (wanted - (departure + offset)) % DAY or DAY
    # Clocks may change between departure and arrival.
    return departure + wait - (_utc_offset((departure + wait) // 60, zone) - offset)


@lru_cache(maxsize=100_000)
def _utc_offset(hour: int, zone: str) -> int:
    """Return the offset from UTC in minutes in `zone` at that hour since the start of 2013 (UTC)."""
    offset = (EPOCH + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) // 60 if offset else 0


@lru_cache(maxsize=1_000)
def _minutes(hour: str) -> int:
    """Return "2013-01-01T10:00:00Z" as minutes since the start of 2013 (UTC)."""
    return int((datetime.fromisoformat(hour) - EPOCH).total_seconds()) // 60


def instant(minutes: int) -> str:
    """Return minutes since the start of 2013 (UTC) as PostgreSQL reads them."""
    return _day(minutes // DAY) + CLOCK[minutes % DAY]


@lru_cache(maxsize=2_000)
def _day(days: int) -> str:
    return (EPOCH + timedelta(days=days)).strftime("%Y-%m-%d ")
