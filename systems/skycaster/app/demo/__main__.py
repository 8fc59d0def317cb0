"""Load the demo data: ``python -m app.demo [--scale 0.01] [--anchor 2025-07-19] [--replace]``.

Progress goes to stdout, one JSON object a line: label, done, total. Everything is
loaded in one transaction, which also writes a mark into `audit_logs`: a load that
was cut short leaves nothing, and one that is complete is not repeated.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
from pgwright import PgwrightError, PolicyDemand, migration_lock, run_policies
from psycopg import sql

from app.demo import bulk, people, records, reference, traffic
from app.demo.copying import Batch, World, batches, new_id, today
from app.settings import SettingsError, database_url

_MARK = "demo.loaded"
_TABLES = (
    "currency_config", "users", "pricing_config", "variable_mapping", "api_keys", "subscriptions",
    "invoices", "support_tickets", "usage_logs", "weather_requests", "audit_logs", "security_events",
    "performance_metrics",
)  # fmt: skip
_LARGE = ("usage_logs", "weather_requests")


class DemoError(Exception):
    """Say in one line why the demo data was not loaded."""


def main() -> int:
    """Load the data; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.demo", description="Load Skycaster's demo data.")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full amount, such as 0.01")
    parser.add_argument("--anchor", type=_day, default=today(), help="day that the history ends before (UTC)")
    parser.add_argument("--replace", action="store_true", help="empty the tables first, whatever they hold")
    options = parser.parse_args()
    if not 0 < options.scale <= 100:
        parser.error("--scale must be above 0 and at most 100")
    try:
        url = database_url().set(drivername="postgresql").render_as_string(hide_password=False)
        # Two loads at once: the second waits, and then finds the data there.
        with migration_lock(url):
            with psycopg.connect(url, application_name="skycaster demo") as connection:
                load(connection, World(scale=options.scale, anchor=options.anchor), replace=options.replace)
            # After a load that was cut short here, too: it finds its rows and goes on.
            add_up_usage(url)
    except (SettingsError, DemoError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except psycopg.errors.UndefinedTable as error:
        print(f"error: {error.diag.message_primary}; first run: alembic upgrade head", file=sys.stderr)
        return 1
    except psycopg.OperationalError as error:
        print(f"error: {str(error).strip()}", file=sys.stderr)
        return 1
    except PgwrightError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def load(connection: psycopg.Connection, world: World, *, replace: bool) -> None:
    """Load the data and commit, or do nothing when the same data is there already.

    Raises:
        DemoError: when the tables hold rows that are not demo data.
    """
    mark = {"seed": world.seed, "scale": world.scale}
    # Whoever else writes here waits, so that the tables stay empty.
    connection.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
    found = connection.execute(
        "SELECT details FROM audit_logs WHERE activity_type = %s ORDER BY timestamp DESC LIMIT 1", (_MARK,)
    ).fetchone()
    if found and not replace and {name: found[0][name] for name in mark} == mark:
        for label, rows in found[0]["rows"].items():
            _report(label, rows, rows)
        return
    occupied = connection.execute("SELECT id FROM users LIMIT 1").fetchone() is not None
    if not found and not replace and occupied:
        raise DemoError("the table users holds other data; use an empty database, or --replace to empty it")
    names = sql.SQL(", ").join(map(sql.Identifier, _TABLES))
    connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))

    done: Counter[str] = Counter()
    with bulk.indexes_afterwards(connection, _LARGE, lambda built, total: _report("indexes", built, total)):
        for total, batch in _all(world):
            _copy(connection, batch)
            done[batch.table] += batch.rows
            _report(batch.table, done[batch.table], total)
    details = {**mark, "anchor": world.anchor.date().isoformat(), "rows": done}
    connection.execute(
        "INSERT INTO audit_logs (id, timestamp, activity_type, details) VALUES (%s, %s, %s, %s)",
        (new_id(world.random("mark")), world.anchor, _MARK, json.dumps(details)),
    )
    connection.commit()
    connection.autocommit = True
    connection.execute(sql.SQL("ANALYZE {}").format(names))


def add_up_usage(url: str) -> None:
    """Add up the calls of each user where they have changed, and tell the planner.

    Raises:
        DemoError: the refresh failed; the next load tries it again.
    """
    demand = PolicyDemand(tasks=("refresh",), only=("user_usage_summary",), force=True)

    def tell(_: str, done: int, total: int) -> None:
        if total:
            _report("user_usage_summary", done, total)

    for outcome in run_policies(url, demand, tell=tell).failed:
        raise DemoError(f"usage could not be added up: {outcome.error}; then run: pgwright policy run")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE user_usage_summary")


def _all(world: World) -> Iterator[tuple[int, Batch]]:
    """Yield all batches in an order that the foreign keys accept, each with its table's total."""
    everyone = people.people(world)
    all_keys = people.keys(world, everyone)
    subscriptions, invoices = people.billing(world, everyone)
    for table, columns, rows in (
        ("currency_config", reference.CURRENCY_COLUMNS, tuple(reference.currencies(world))),
        ("users", people.USER_COLUMNS, tuple(people.users(world, everyone))),
        ("pricing_config", reference.PRICING_COLUMNS, tuple(reference.prices(world, everyone[0].id))),
        ("variable_mapping", reference.VARIABLE_COLUMNS, tuple(reference.variables(world))),
        ("api_keys", people.KEY_COLUMNS, tuple(people.api_keys(world, all_keys))),
        ("subscriptions", people.SUBSCRIPTION_COLUMNS, subscriptions),
        ("invoices", people.INVOICE_COLUMNS, invoices),
        ("support_tickets", people.TICKET_COLUMNS, tuple(people.tickets(world, everyone))),
    ):
        for batch in batches(table, columns, rows):
            yield len(rows), batch
    totals = traffic.totals(world)
    for batch in traffic.traffic(world, all_keys):
        yield totals[batch.table], batch
    for total, more in (
        (
            world.amount(50_000),
            batches("audit_logs", records.AUDIT_COLUMNS, records.audit_logs(world, everyone)),
        ),
        (
            world.amount(2000),
            batches("security_events", records.EVENT_COLUMNS, records.security_events(world, everyone)),
        ),
        (
            records.metric_rows(world),
            batches("performance_metrics", records.METRIC_COLUMNS, records.metrics(world)),
        ),
    ):
        for batch in more:
            yield total, batch


def _copy(connection: psycopg.Connection, batch: Batch) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(batch.table), sql.SQL(", ").join(map(sql.Identifier, batch.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(batch.text)


def _report(label: str, done: int, total: int) -> None:
    print(json.dumps({"label": label, "done": done, "total": total}), flush=True)


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
