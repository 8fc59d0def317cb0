"""What the company sells, in which currencies, and what providers call each variable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from app.demo.copying import Value, World, new_id

PLANS = ("free", "developer", "business", "enterprise")

# code, name, symbol, decimal places, rate to the base currency
CURRENCIES = (
    ("USD", "US dollar", "$", 2, "1"),
    ("EUR", "Euro", "€", 2, "0.92000000"),
    ("GBP", "Pound sterling", "£", 2, "0.78000000"),
    ("INR", "Indian rupee", "₹", 2, "83.50000000"),
    ("JPY", "Yen", "¥", 0, "157.00000000"),
    ("AUD", "Australian dollar", "A$", 2, "1.51000000"),
)

# path, whether it asks for weather, weight among its kind, price per call in millionths of the base currency
ENDPOINTS = (
    ("/v1/weather/current", True, 50, 400),
    ("/v1/weather/forecast", True, 32, 900),
    ("/v1/weather/historical", True, 12, 2500),
    ("/v1/weather/alerts", True, 6, 600),
    ("/v1/geocode", False, 55, 200),
    ("/v1/timezone", False, 25, 100),
    ("/v1/account/usage", False, 20, 0),
)

PLAN_DISCOUNT = {"free": 0.0, "developer": 1.0, "business": 0.8, "enterprise": 0.55}
FREE_CALLS = {"free": 1000, "developer": 10_000, "business": 100_000, "enterprise": 1_000_000}
# Monthly price of each plan in the base currency
PLAN_PRICE = {"free": 0, "developer": 29, "business": 199, "enterprise": 1490}

PROVIDERS = ("openmeteo", "noaa")
# name, unit, then for each provider: its name for it, scale factor, offset
VARIABLES = (
    ("temperature", "°C", (("temperature_2m", "1", "0"), ("air_temperature_k", "1", "-273.15"))),
    ("humidity", "%", (("relative_humidity_2m", "1", "0"), ("relative_humidity", "1", "0"))),
    ("pressure", "hPa", (("surface_pressure", "1", "0"), ("pressure_pa", "0.01", "0"))),
    ("wind_speed", "m/s", (("wind_speed_10m", "0.277778", "0"), ("wind_speed_kn", "0.514444", "0"))),
    ("wind_direction", "°", (("wind_direction_10m", "1", "0"), ("wind_from_direction", "1", "0"))),
    ("precipitation", "mm", (("precipitation", "1", "0"), ("precip_in", "25.4", "0"))),
    ("cloud_cover", "%", (("cloud_cover", "1", "0"), ("cloud_oktas", "12.5", "0"))),
    ("visibility", "m", (("visibility", "1", "0"), ("visibility_mi", "1609.344", "0"))),
)

CURRENCY_COLUMNS = (
    "id", "code", "name", "symbol", "decimal_places", "exchange_rate", "is_base", "updated_at",
)  # fmt: skip
PRICING_COLUMNS = (
    "id", "endpoint", "plan", "currency", "price_per_call", "free_calls_per_month",
    "valid_from", "valid_to", "created_by", "created_at",
)  # fmt: skip
VARIABLE_COLUMNS = (
    "id", "name", "provider", "provider_variable", "unit", "scale_factor", "add_offset", "updated_at",
)  # fmt: skip


def currencies(world: World) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `currency_config`."""
    rng = world.random("currency_config")
    for code, name, symbol, places, rate in CURRENCIES:
        yield new_id(rng), code, name, symbol, places, rate, code == "USD", world.start


def prices(world: World, admin_id: str) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `pricing_config`: two price lists, the second 5 % dearer and in force."""
    rng = world.random("pricing_config")
    changed = world.start + timedelta(days=240)
    for valid_from, valid_to, factor in ((world.start, changed, 1.0), (changed, None, 1.05)):
        for path, _, _, millionths in ENDPOINTS:
            for plan in PLANS:
                for code, _, _, _, rate in CURRENCIES:
                    price = millionths / 1e6 * PLAN_DISCOUNT[plan] * factor * float(rate)
                    free = FREE_CALLS[plan]
                    yield (
                        new_id(rng), path, plan, code, f"{price:.6f}", free,
                        valid_from, valid_to, admin_id, valid_from,
                    )  # fmt: skip


def variables(world: World) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `variable_mapping`."""
    rng = world.random("variable_mapping")
    for name, unit, names in VARIABLES:
        for provider, (theirs, scale, offset) in zip(PROVIDERS, names, strict=True):
            yield new_id(rng), name, provider, theirs, unit, scale, offset, world.start
