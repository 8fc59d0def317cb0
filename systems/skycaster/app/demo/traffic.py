"""API calls: `usage_logs`, and `weather_requests` for those that asked for weather.

These are most of the rows, so a row is put together from strings made beforehand.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from app.demo.copying import DAYS, Batch, World, line
from app.demo.people import Key
from app.demo.reference import ENDPOINTS, PLAN_DISCOUNT, PLANS, PROVIDERS

USAGE_ROWS = 520_000
WEATHER_ROWS = 312_000

USAGE_COLUMNS = (
    "id", "created_at", "user_id", "api_key_id", "endpoint", "method", "status_code", "response_time_ms",
    "cost",
)  # fmt: skip
WEATHER_COLUMNS = (
    "id", "created_at", "user_id", "api_key_id", "endpoint", "latitude", "longitude", "parameters",
    "provider", "success", "error_code", "cache_hit", "response_time_ms",
)  # fmt: skip

_PLACES = (
    (40.71, -74.01), (51.51, -0.13), (48.86, 2.35), (52.52, 13.40), (41.39, 2.17), (45.46, 9.19),
    (59.33, 18.07), (55.68, 12.57), (50.08, 14.44), (30.04, 31.24), (6.52, 3.38), (-1.29, 36.82),
    (-33.92, 18.42), (25.20, 55.27), (28.61, 77.21), (19.08, 72.88), (12.97, 77.59), (1.35, 103.82),
    (13.76, 100.50), (35.68, 139.69), (37.57, 126.98), (31.23, 121.47), (-33.87, 151.21), (-36.85, 174.76),
    (-23.55, -46.63), (-34.60, -58.38), (4.71, -74.07), (19.43, -99.13), (34.05, -118.24), (41.88, -87.63),
    (43.65, -79.38), (49.28, -123.12), (29.76, -95.37), (64.15, -21.94), (60.17, 24.94), (21.31, -157.86),
)  # fmt: skip
_ERRORS = (
    ("provider_timeout", 504),
    ("location_not_found", 404),
    ("quota_exceeded", 429),
    ("bad_variable", 400),
)
_DAYS_PER_BATCH = 7
_VARIANTS = 2048
_SUNDAY_FIRST = (0.62, 1.0, 1.06, 1.08, 1.05, 0.98, 0.7)


@dataclass(frozen=True, kw_only=True)
class _Outcomes:
    """Endings of rows, made beforehand: of a usage row by plan, and of the weather row that goes with it."""

    usage: dict[str, tuple[str, ...]]
    weather: tuple[tuple[str, str], ...]
    weights: tuple[float, ...]


def traffic(world: World, all_keys: Sequence[Key]) -> Iterator[Batch]:
    """Yield the calls week by week, oldest first, usage before weather."""
    rng = world.random("traffic")
    weather, other = _outcomes(rng, weather=True), _outcomes(rng, weather=False)
    times = _times(rng)
    places = _places(rng)
    asked = _by_day(world, world.amount(WEATHER_ROWS, least=DAYS))
    rest = _by_day(world, world.amount(USAGE_ROWS - WEATHER_ROWS, least=DAYS))
    usage_lines: list[str] = []
    weather_lines: list[str] = []
    for day in range(DAYS):
        midnight = world.start + timedelta(days=day)
        date = f"{midnight:%Y-%m-%d} "
        who, weights = _callers(all_keys, midnight)
        for outcomes, count, asks in ((weather, asked[day], True), (other, rest[day], False)):
            callers = rng.choices(who, cum_weights=weights, k=count)
            variants = rng.choices(range(_VARIANTS), cum_weights=outcomes.weights, k=count)
            moments = rng.choices(times, k=count)
            ids = rng.randbytes(16 * count).hex()
            usage_lines.extend(
                f"{ids[i * 32 : i * 32 + 32]}\t{date}{moments[i]}\t{callers[i][0]}\t"
                f"{outcomes.usage[callers[i][1]][variants[i]]}\n"
                for i in range(count)
            )
            if asks:
                ids = rng.randbytes(16 * count).hex()
                spots = rng.choices(places, k=count)
                weather_lines.extend(
                    f"{ids[i * 32 : i * 32 + 32]}\t{date}{moments[i]}\t{callers[i][0]}\t"
                    f"{outcomes.weather[variants[i]][0]}\t{spots[i]}\t{outcomes.weather[variants[i]][1]}\n"
                    for i in range(count)
                )
        if day % _DAYS_PER_BATCH == _DAYS_PER_BATCH - 1 or day == DAYS - 1:
            for table, columns, lines in (
                ("usage_logs", USAGE_COLUMNS, usage_lines),
                ("weather_requests", WEATHER_COLUMNS, weather_lines),
            ):
                yield Batch(table=table, columns=columns, text="".join(lines), rows=len(lines))
                lines.clear()


def totals(world: World) -> dict[str, int]:
    """Return how many rows `traffic` will yield for each table."""
    asked = world.amount(WEATHER_ROWS, least=DAYS)
    rest = world.amount(USAGE_ROWS - WEATHER_ROWS, least=DAYS)
    return {"usage_logs": asked + rest, "weather_requests": asked}


def _by_day(world: World, total: int) -> tuple[int, ...]:
    """Share `total` among the days: business doubles in a year, and rests at weekends."""
    weights = [
        2 ** (day / 365) * _SUNDAY_FIRST[(world.start + timedelta(days=day)).isoweekday() % 7]
        for day in range(DAYS)
    ]
    whole = sum(weights)
    edges = [round(total * part / whole) for part in accumulate(weights)]
    return tuple(after - before for before, after in zip([0, *edges], edges, strict=False))


def _callers(
    all_keys: Sequence[Key], midnight: datetime
) -> tuple[tuple[tuple[str, str], ...], tuple[float, ...]]:
    tomorrow = midnight + timedelta(days=1)
    working = [k for k in all_keys if k.created < midnight and (k.revoked is None or k.revoked >= tomorrow)]
    return (
        tuple((f"{key.user_id}\t{key.id}", key.plan) for key in working),
        tuple(accumulate(key.weight for key in working)),
    )


def _times(rng: random.Random) -> tuple[str, ...]:
    """Return times of day, most of them in the afternoon (UTC)."""
    found: list[str] = []
    while len(found) < 20_000:
        second = rng.uniform(0, 86_400)
        if rng.random() < 0.6 - 0.4 * math.cos((second / 3600 - 3) / 24 * 2 * math.pi):
            found.append(
                f"{int(second // 3600):02d}:{int(second // 60) % 60:02d}:{int(second) % 60:02d}"
                f".{int(second * 1e6) % 1_000_000:06d}+00"
            )
    return tuple(found)


def _places(rng: random.Random) -> tuple[str, ...]:
    """Return latitude, longitude and parameters, scattered around cities."""
    found = []
    for _ in range(3000):
        latitude, longitude = rng.choice(_PLACES)
        parameters: dict[str, object] = {"units": rng.choice(("metric", "metric", "imperial"))}
        if rng.random() < 0.4:
            parameters["days"] = rng.choice((1, 3, 7, 14))
        found.append(
            line(f"{latitude + rng.gauss(0, 0.2):.5f}", f"{longitude + rng.gauss(0, 0.2):.5f}", parameters)
        )
    return tuple(found)


def _outcomes(rng: random.Random, *, weather: bool) -> _Outcomes:
    paths = [row for row in ENDPOINTS if row[1] is weather]
    usage: dict[str, list[str]] = {plan: [] for plan in PLANS}
    answers = []
    weights = []
    for _ in range(_VARIANTS):
        path, _, _, millionths = rng.choices(paths, [row[2] for row in paths])[0]
        error, status = rng.choice(_ERRORS) if rng.random() < 0.035 else (None, 200)
        cached = error is None and rng.random() < 0.35
        took = max(2, round(rng.lognormvariate(2.2 if cached else 4.4, 0.5))) + (3000 if status == 504 else 0)
        for plan in PLANS:
            cost = 0.0 if error else millionths / 1e6 * PLAN_DISCOUNT[plan]
            usage[plan].append(line(path, "GET", status, took, f"{cost:.6f}"))
        provider = rng.choices(PROVIDERS, (70, 30))[0]
        answers.append((path, line(provider, error is None, error, cached, took)))
        weights.append(rng.uniform(0.5, 1.5))
    return _Outcomes(
        usage={plan: tuple(lines) for plan, lines in usage.items()},
        weather=tuple(answers),
        weights=tuple(accumulate(weights)),
    )
