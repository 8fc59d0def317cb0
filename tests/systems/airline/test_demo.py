"""The demo data are complete, honest, the same at every run, and loaded all or not at all."""

from __future__ import annotations

import hashlib
import json
import signal

import psycopg
import pytest
from psycopg import sql

from tests.conftest import MakeDatabase
from tests.peak import telling_peak, told_peak
from tests.servers.running import Server
from tests.systems.airline.project import DEMO, SCRIPT, Done, run, start, succeed, wait_until
from tests.systems.airline.structure import structure

TABLES = (
    "airlines",
    "airports",
    "aircraft",
    "flights",
    "weather",
    "users",
    "user_api_keys",
    "user_sessions",
    "bookings",
    "market_data",
)
SCALE = ("--scale", "0.01")


def ask(url: str, query: str) -> tuple[object, ...]:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return tuple(row)


def counts(url: str) -> dict[str, object]:
    return {table: ask(url, f"SELECT count(*) FROM {table}")[0] for table in TABLES}


def digest(url: str) -> str:
    """Return a digest of every row of every table."""
    made = hashlib.sha256()
    with psycopg.connect(url) as connection:
        for table in TABLES:
            order = "COPY (SELECT * FROM {} AS row ORDER BY row::text) TO STDOUT"
            query = sql.SQL(order).format(sql.Identifier(table))
            with connection.cursor().copy(query) as rows:
                for block in rows:
                    made.update(block)
    return made.hexdigest()


@pytest.fixture(scope="module")
def loaded(server_18: Server, make_module_database: MakeDatabase) -> tuple[str, Done, int]:
    """Return a database with all of the data, how the load went, and its peak memory in kilobytes."""
    url = make_module_database(server_18)
    succeed(url, *SCRIPT, "migrate", "upgrade")
    done = succeed(url, *telling_peak(*DEMO))
    return url, done, told_peak(done.stderr)


def test_every_row_of_the_source_arrives(loaded: tuple[str, Done, int]) -> None:
    url = loaded[0]
    assert counts(url) == {
        "airlines": 16,
        "airports": 1_458 + 4,
        "aircraft": 3_322 + 721,
        "flights": 336_776,
        "weather": 26_115,
        "users": 20_000 + 1,
        "user_api_keys": 1_000,
        "user_sessions": 4_000,
        "bookings": 200_000,
        "market_data": 63_832,
    }
    supplement = ask(url, "SELECT array_agg(code ORDER BY code) FROM airports WHERE source = 'supplement'")
    assert supplement == (["BQN", "PSE", "SJU", "STT"],)
    assert ask(
        url, "SELECT count(*) FROM flights WHERE destination_code IN ('BQN', 'PSE', 'SJU', 'STT')"
    ) == (7_602,)
    unknown = "SELECT count(*), count(manufacturer), count(seats) FROM aircraft WHERE source = 'flight'"
    assert ask(url, unknown) == (721, 0, 0)
    statuses = """
        SELECT jsonb_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM flights GROUP BY 1) AS s
    """
    assert ask(url, statuses) == ({"arrived": 327_346, "cancelled": 8_255, "diverted": 1_175},)


def test_instants_are_right(loaded: tuple[str, Done, int]) -> None:
    url = loaded[0]
    # The source's first row: New York 05:15 to Houston 08:19 local, 2 minutes late off, 11 late on.
    first = """
        SELECT scheduled_departure = '2013-01-01 05:15 America/New_York',
               scheduled_arrival = '2013-01-01 08:19 America/Chicago',
               actual_departure - scheduled_departure = '2 min', actual_arrival - scheduled_arrival = '11 min'
          FROM flights WHERE id = 1
    """
    assert ask(url, first) == (True, True, True, True)
    days = """
        SELECT count(*) FROM flights
         WHERE service_date <> (scheduled_departure AT TIME ZONE 'America/New_York')::date
            OR scheduled_arrival - scheduled_departure > '12 h' OR actual_arrival <= actual_departure
    """
    assert ask(url, days) == (0,)
    # A schedule in the wrong zone or on the wrong day would be hours away from the time in the air.
    slack = """
        SELECT min(slack) > -100, max(slack) < 150
          FROM flights, extract(epoch FROM scheduled_arrival - scheduled_departure) AS seconds,
               LATERAL (SELECT seconds / 60 - air_time_minutes AS slack) AS s
    """
    assert ask(url, slack) == (True, True)


def test_bookings_make_sense(loaded: tuple[str, Done, int]) -> None:
    url = loaded[0]
    oversold = """
        SELECT count(*) FROM (
            SELECT FROM bookings b JOIN flights f ON f.id = b.flight_id WHERE b.status = 'flown'
             GROUP BY f.id HAVING sum(b.passengers) > f.seats) AS s
    """
    assert ask(url, oversold) == (0,)
    wrong = """
        SELECT count(*) FROM bookings b JOIN flights f ON f.id = b.flight_id JOIN users u ON u.id = b.user_id
         WHERE b.booked_at >= f.scheduled_departure OR b.booked_at < u.created_at
            OR b.cancelled_at > f.scheduled_departure OR b.total <> b.fare * b.passengers
            OR (f.status = 'cancelled' AND b.status = 'flown')
    """
    assert ask(url, wrong) == (0,)


def test_market_data_are_the_sums(loaded: tuple[str, Done, int]) -> None:
    url = loaded[0]
    sums = """
        SELECT sum(flights), sum(bookings), sum(passengers), sum(revenue), sum(seats_offered) FROM market_data
    """
    direct = """
        SELECT (SELECT count(*) FROM flights), count(*), sum(passengers), sum(total),
               (SELECT sum(seats) FROM flights WHERE status <> 'cancelled')
          FROM bookings WHERE status IN ('confirmed', 'flown')
    """
    assert ask(url, sums) == ask(url, direct)
    one = """
        SELECT m.passengers = sum(b.passengers), m.average_fare = round(sum(b.total) / sum(b.passengers), 2)
          FROM market_data m
          JOIN flights f USING (origin_code, destination_code, service_date)
          JOIN bookings b ON b.flight_id = f.id AND b.status = 'flown'
         WHERE (origin_code, destination_code, service_date) = ('JFK', 'LAX', '2013-08-22')
         GROUP BY m.origin_code, m.destination_code, m.service_date
    """
    assert ask(url, one) == (True, True)


FRESH = """
    SELECT f.origin_code, f.destination_code, f.service_date, count(*),
           count(*) FILTER (WHERE f.status = 'cancelled'), count(f.actual_departure),
           count(f.seats) FILTER (WHERE f.status <> 'cancelled'),
           coalesce(sum(f.seats) FILTER (WHERE f.status <> 'cancelled'), 0),
           coalesce(sum(extract(epoch FROM f.actual_departure - f.scheduled_departure) / 60), 0)::bigint,
           coalesce(sum(s.n), 0), coalesce(sum(s.people), 0), coalesce(sum(s.revenue), 0)
      FROM flights f
      LEFT JOIN (SELECT flight_id, count(*) AS n, sum(passengers) AS people, sum(total) AS revenue
                   FROM bookings WHERE status IN ('confirmed', 'flown') GROUP BY 1) s ON s.flight_id = f.id
     GROUP BY 1, 2, 3
"""
STORED = """
    SELECT origin_code, destination_code, service_date, flights, flights_cancelled, flights_departed,
           flights_with_seats, seats_offered, departure_delay_minutes, bookings, passengers, revenue
      FROM market_data
"""
CHANGES = """
    UPDATE flights SET service_date = service_date + 1 WHERE id % 500 = 0;
    UPDATE flights SET destination_code = 'BOS' WHERE id % 701 = 0 AND origin_code <> 'BOS';
    UPDATE bookings SET flight_id = flight_id % 3000 + 1 WHERE id % 50 = 0;
    UPDATE bookings SET status = 'refunded', cancelled_at = booked_at WHERE id % 90 = 0;
    DELETE FROM bookings WHERE id % 30 = 1;
    DELETE FROM flights f WHERE id % 40 = 3 AND NOT EXISTS (SELECT FROM bookings WHERE flight_id = f.id)
"""


def test_market_data_follow_what_changes(migrated: str) -> None:
    succeed(migrated, *DEMO, *SCALE)
    differ = f"SELECT count(*) FROM (({STORED} EXCEPT ALL {FRESH}) UNION ALL ({FRESH} EXCEPT ALL {STORED})) d"
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(CHANGES.encode())
    assert ask(migrated, differ) != (0,)
    succeed(migrated, "-m", "pgwright", "policy", "run", "--force", "--yes")
    assert ask(migrated, differ) == (0,)
    succeed(migrated, "-m", "pgwright", "policy", "status")
    assert succeed(migrated, *SCRIPT, "status").returncode == 0


def test_progress_is_json_lines_and_memory_is_small(loaded: tuple[str, Done, int]) -> None:
    _, done, peak = loaded
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(line.keys() == {"label", "done", "total"} for line in lines)
    complete = [line["label"] for line in lines if line["done"] == line["total"]]
    assert sorted(complete) == sorted(TABLES)
    flights = [line["done"] for line in lines if line["label"] == "flights"]
    assert flights == sorted(flights)
    assert len(flights) > 10
    assert peak < 200_000


def test_the_next_rows_get_free_ids(loaded: tuple[str, Done, int]) -> None:
    with psycopg.connect(loaded[0]) as connection:
        connection.execute("""
            INSERT INTO bookings (reference, user_id, flight_id, passengers, fare)
            VALUES ('000000', 1, 1, 1, 99)
        """)
        connection.execute("""
            INSERT INTO users (email, full_name, password_hash) VALUES ('new@example.com', 'New', '!')
        """)
        connection.rollback()


def test_the_schema_is_as_before_and_nobody_can_sign_in(loaded: tuple[str, Done, int], database: str) -> None:
    succeed(database, *SCRIPT, "migrate", "upgrade")
    assert structure(loaded[0]) == structure(database)
    assert ask(loaded[0], "SELECT count(*) FROM users WHERE password_hash <> '!'") == (0,)


def test_a_second_load_changes_nothing(migrated: str) -> None:
    succeed(migrated, *DEMO, *SCALE)
    once = digest(migrated)
    again = succeed(migrated, *DEMO, *SCALE)
    assert again.stdout == ""
    assert "there already" in again.stderr
    assert digest(migrated) == once
    succeed(migrated, *SCRIPT, "reset", "--yes", *SCALE)
    assert digest(migrated) == once


def test_other_data_are_not_mixed_with(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute("INSERT INTO airlines VALUES ('ZZ', 'Ours')")
    done = run(migrated, *DEMO, *SCALE)
    assert done.returncode == 3
    assert "rows in airlines" in done.stderr
    assert counts(migrated)["users"] == 0


def test_another_scale_is_not_mixed_with(database: str) -> None:
    succeed(database, *SCRIPT, "init", *SCALE)
    before = counts(database)
    done = run(database, *DEMO, "--scale", "0.02")
    assert done.returncode == 3
    assert "scale 0.01" in done.stderr
    assert counts(database) == before


def test_production_gets_none(migrated: str) -> None:
    assert run(migrated, *DEMO, *SCALE, settings={"ENVIRONMENT": "production"}).returncode == 3
    assert counts(migrated)["airlines"] == 0


def test_a_killed_load_leaves_nothing_and_the_next_one_works(migrated: str) -> None:
    process = start(migrated, *DEMO, "--scale", "0.5")
    assert process.stdout is not None
    while '"flights"' not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    with psycopg.connect(migrated, autocommit=True) as connection:

        def is_gone() -> bool:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'airline%'"
            ).fetchone()
            return row == (0,)

        wait_until(is_gone, "the server ends the killed client's sessions")
    assert set(counts(migrated).values()) == {0}
    succeed(migrated, *DEMO, *SCALE)
    assert counts(migrated)["flights"] == 3_367


@pytest.mark.parametrize("scale", ["0", "some"])
def test_wrong_scale_is_a_usage_error(scale: str) -> None:
    assert run("postgresql:///airline", *DEMO, f"--scale={scale}").returncode == 2
