"""Rollups over a join: exact under changes of both tables and of the columns that join them."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Sequence

import psycopg
import pytest

from pgwright import PolicyDemand as Demand
from pgwright import run_policies
from pgwright.errors import PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Join, Policy, Retain, Rollup, TimeSeries
from pgwright.sources.database import read_catalog
from pgwright.timeseries.declare import Edit, declare, plan_edits
from pgwright.timeseries.status import policy_status
from tests.conftest import MakeDatabase
from tests.servers.running import Server

SECONDS = float(os.environ.get("PGWRIGHT_HAMMER_SECONDS", "4"))
FLIGHTS, BOOKINGS = QualifiedName("public", "flights"), QualifiedName("public", "bookings")
SCHEMA = """
CREATE TABLE flights (id int PRIMARY KEY, route text NOT NULL, day date NOT NULL, seats int);
CREATE TABLE bookings (id int PRIMARY KEY, flight int, people int NOT NULL, state text DEFAULT 'sold');
INSERT INTO flights SELECT i, 'route ' || i % 7, date '2024-01-01' + i % 9, i % 200
    FROM generate_series(1, 60) i;
INSERT INTO bookings SELECT i, i % 70, 1 + i % 4, CASE WHEN i % 5 = 0 THEN 'void' ELSE 'sold' END
    FROM generate_series(1, 400) i
"""
SOLD = Join(
    "bookings", {"flight": "id"}, {"booked": "count(*)", "people": "sum(people)"}, where="state <> 'void'"
)
SUMS = {"flights": "count(*)", "seats": "sum(seats)", "people": "coalesce(sum(bookings.people), 0)"}
DEMAND = Rollup("demand", group_by=("route", "day"), aggregates=SUMS, joins=[SOLD], realtime=True)
BY_DAY = Rollup(
    "by_day",
    column="day",
    bucket="1 day",
    group_by="route",
    joins=[SOLD],
    aggregates={"booked": "sum(booked)"},
)
_SOLD = (
    "(SELECT flight, count(*) AS booked, sum(people) AS people FROM bookings "
    "WHERE state <> 'void' GROUP BY 1) AS s ON s.flight = f.id"
)
FRESH = {
    "demand": "SELECT route, day, count(*), sum(seats), coalesce(sum(s.people), 0) "
    f"FROM flights f LEFT JOIN {_SOLD} GROUP BY 1, 2",
    "by_day": f"SELECT day, route, sum(s.booked) FROM flights f LEFT JOIN {_SOLD} GROUP BY 1, 2",
}
_TRANSIENT = (psycopg.errors.DeadlockDetected, psycopg.errors.UniqueViolation)


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statements.encode())


def prepare(url: str, *policies: Policy) -> None:
    execute(url, SCHEMA)
    with psycopg.connect(url) as conn:
        declare(conn, [Edit(table=FLIGHTS, policy=policy) for policy in policies])


def differences(url: str, name: str, relation: str | None = None) -> list[tuple[object, ...]]:
    stored, fresh = f"SELECT * FROM {relation or name}", FRESH[name]
    with psycopg.connect(url, autocommit=True) as conn:
        query = f"(({stored}) EXCEPT ALL ({fresh})) UNION ALL (({fresh}) EXCEPT ALL ({stored}))"
        return conn.execute(query.encode()).fetchall()


def write(url: str, seed: int, end: float, errors: list[BaseException]) -> None:
    """Change both tables at random, with pauses before the end of a transaction, and some rollbacks."""
    rng = random.Random(seed)  # noqa: S311
    statements = (
        "INSERT INTO bookings VALUES (%(n)s, %(f)s, %(p)s) "
        "ON CONFLICT (id) DO UPDATE SET flight = EXCLUDED.flight",
        "UPDATE bookings SET flight = %(f)s WHERE id %% 40 = %(p)s",
        "UPDATE bookings SET state = CASE state WHEN 'void' THEN 'sold' ELSE 'void' END WHERE flight = %(f)s",
        "DELETE FROM bookings WHERE id %% 97 = %(p)s",
        "UPDATE flights SET route = 'route ' || %(p)s WHERE id = %(f)s",
        "UPDATE flights SET day = day + 1, seats = seats + 1 WHERE id %% 30 = %(p)s",
        "UPDATE flights SET id = %(n)s WHERE id = %(f)s "
        "AND NOT EXISTS (SELECT FROM flights WHERE id = %(n)s)",
        "DELETE FROM flights WHERE id = %(f)s",
        "INSERT INTO flights VALUES (%(f)s, 'route ' || %(p)s, '2024-01-05', %(n)s) ON CONFLICT DO NOTHING",
        "COPY",
    )
    with psycopg.connect(url) as conn:
        while time.monotonic() < end:
            try:
                for _ in range(rng.randint(1, 3)):
                    values = {"n": rng.randint(1, 900), "f": rng.randint(1, 70), "p": rng.randint(1, 9)}
                    text = rng.choice(statements)
                    if text == "COPY":
                        with conn.cursor() as cursor, cursor.copy("COPY bookings FROM STDIN") as copy:
                            copy.write_row(
                                (10_000 + seed * 100_000 + rng.randint(1, 99_999), values["f"], 2, "sold")
                            )
                    else:
                        conn.execute(text.encode(), values)
                time.sleep(rng.random() * 0.02)
                if rng.random() < 0.2:
                    conn.rollback()
                conn.commit()
            except _TRANSIENT:
                conn.rollback()
            except psycopg.Error as error:
                errors.append(error)
                return


@pytest.mark.parametrize("server", ["server_12", "server_18"])
def test_exact_under_changes_of_both_tables(
    server: str, request: pytest.FixtureRequest, make_database: MakeDatabase
) -> None:
    url = make_database(request.getfixturevalue(server))
    prepare(url, DEMAND, BY_DAY)
    errors: list[BaseException] = []
    end = time.monotonic() + SECONDS
    threads = [threading.Thread(target=write, args=(url, seed, end, errors)) for seed in range(5)]
    for thread in threads:
        thread.start()
    rounds = 0
    while any(thread.is_alive() for thread in threads):
        assert not run_policies(url, Demand(force=True)).failed
        assert differences(url, "demand", "demand_live") == []
        rounds += 1
    assert errors == [] and rounds > 1
    assert not run_policies(url, Demand(force=True)).failed
    assert differences(url, "demand") == differences(url, "by_day") == []
    execute(url, "TRUNCATE bookings")
    assert differences(url, "demand", "demand_live") == []
    assert not run_policies(url, Demand(force=True)).failed
    assert differences(url, "demand") == differences(url, "by_day") == []


def test_a_booking_that_meets_a_flight_on_the_move(server_18: Server, make_database: MakeDatabase) -> None:
    url = make_database(server_18)
    prepare(url, DEMAND)
    assert not run_policies(url, Demand(force=True)).failed
    with psycopg.connect(url) as booking:
        # It sees the flight on its old route, and commits after a refresh has seen it on the new one.
        booking.execute("INSERT INTO bookings VALUES (9999, 7, 100)")
        execute(url, "UPDATE flights SET route = 'elsewhere' WHERE id = 7")
        assert not run_policies(url, Demand(force=True)).failed
    assert differences(url, "demand", "demand_live") == []
    assert not run_policies(url, Demand(force=True)).failed
    assert differences(url, "demand") == []


def test_declared_changed_and_withdrawn(server_18: Server, make_database: MakeDatabase) -> None:
    url = make_database(server_18)
    prepare(url, DEMAND)
    with psycopg.connect(url, autocommit=True) as conn:
        (found,) = read_catalog(conn, source="here").of("rollup")
        assert found.joins == DEMAND.joins  # type: ignore[attr-defined]
        other = Join("bookings", {"flight": "id"}, {"people": "sum(people)"})
        changed = Rollup("demand", group_by=("route", "day"), aggregates=SUMS, joins=[other])
        plan = declare(conn, [Edit(table=FLIGHTS, policy=changed)])
        assert not any("DROP TABLE" in step.sql for step in plan.steps)
        assert not run_policies(url, Demand(force=True)).failed
        everybody = (
            "SELECT (SELECT sum(people) FROM demand) = "
            "(SELECT sum(people) FROM bookings JOIN flights f ON f.id = flight)"
        )
        assert conn.execute(everybody).fetchone() == (True,)
        conn.execute(
            "ALTER TABLE bookings ADD at timestamptz NOT NULL DEFAULT now(), DROP CONSTRAINT bookings_pkey"
        )
        declare(conn, [Edit(table=BOOKINGS, policy=TimeSeries("at", "1 day"))])
        conn.execute("INSERT INTO bookings VALUES (20000, 8, 3, 'sold')")
        for (partition,) in conn.execute("SELECT inhrelid::regclass::text FROM pg_inherits").fetchall():
            conn.execute(f"UPDATE {partition} SET people = people + 1")
        assert not run_policies(url, Demand(force=True)).failed
        assert conn.execute(everybody).fetchone() == (True,)
        with pytest.raises(PolicyError, match=r"joins public\.bookings, whose rows are to be retired"):
            declare(conn, [Edit(table=BOOKINGS, policy=Retain("1 year"))])
        declare(conn, [Edit(table=FLIGHTS, policy=changed, gone=True)])
        left = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'pgwright%'"
        assert conn.execute(left).fetchone() == (0,)


@pytest.mark.parametrize(
    ("join", "said"),
    [
        (Join("nothing", {"flight": "id"}, {"n": "count(*)"}), "joins public.nothing, which is not there"),
        (Join("flights", {"id": "id"}, {"n": "count(*)"}), "which it adds up already"),
        (Join("bookings", {"flight_id": "id"}, {"n": "count(*)"}), "joins on public.bookings.flight_id"),
        (Join("bookings", {"flight": "number"}, {"n": "count(*)"}), "joins on public.flights.number"),
    ],
)
def test_what_cannot_be_joined(join: Join, said: str, database: str) -> None:
    with pytest.raises(PolicyError, match=said):
        prepare(database, Rollup("demand", group_by="route", aggregates=SUMS, joins=[join]))


def rename(url: str, table: str, was: Sequence[str], now: Sequence[str]) -> None:
    for old, new in zip(was, now, strict=True):
        if old != new:
            execute(url, f"ALTER TABLE {table} RENAME {old} TO {new}")


@pytest.mark.parametrize("of", ["joined", "source"])
def test_renamed_columns_of_a_join_are_followed(database: str, of: str) -> None:
    prepare(database, DEMAND)
    assert not run_policies(database, Demand(force=True)).failed
    names = ("flight_id", "persons", "status") if of == "joined" else ("flight", "people", "state")
    own = "no" if of == "source" else "id"
    renamed = [
        ("bookings", ("flight", "people", "state"), names),
        ("flights", ("id",), (own,)),
    ]
    for table, was, now in renamed:
        rename(database, table, was, now)
    flight, people, state = names
    counted = {"booked": "count(*)", "people": f"sum({people})"}
    sold = Join("bookings", {flight: own}, counted, where=f"{state} <> 'void'")
    after = Rollup("demand", group_by=("route", "day"), aggregates=SUMS, joins=[sold], realtime=True)
    with psycopg.connect(database, autocommit=True) as conn:
        (told,) = policy_status(conn)
        assert "were renamed, and writers may fail: declare it anew" in told.state
        with pytest.raises(PolicyError, match="which is not there"):
            plan_edits(conn, [Edit(table=FLIGHTS, policy=DEMAND)])
        with conn.transaction():
            declare(conn, [Edit(table=FLIGHTS, policy=after)])
        assert not plan_edits(conn, [Edit(table=FLIGHTS, policy=after)]).steps
    execute(
        database, f"UPDATE bookings SET {people} = 9 WHERE {flight} = 5; DELETE FROM flights WHERE {own} = 7"
    )
    assert not run_policies(database, Demand(force=True)).failed
    for table, was, now in renamed:
        rename(database, table, now, was)
    assert differences(database, "demand") == []
