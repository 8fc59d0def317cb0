"""The demo loader: what it loads, that it repeats exactly, and that it leaves nothing half done."""

from __future__ import annotations

import json
import signal

from psycopg import sql

from tests.servers.running import Server

from .system import OTHER_SUMMARY, Skycaster, schema

SMALL = ("-m", "app.demo", "--scale", "0.01")
TABLES = (
    "currency_config", "users", "pricing_config", "variable_mapping", "api_keys", "subscriptions", "invoices",
    "support_tickets", "usage_logs", "weather_requests", "audit_logs", "security_events",
    "performance_metrics",
)  # fmt: skip


def counts(skycaster: Skycaster) -> dict[str, int]:
    with skycaster.connect() as connection:
        found = {}
        for table in TABLES:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = connection.execute(query).fetchone()
            assert row is not None
            found[table] = row[0]
    return found


def contents(skycaster: Skycaster) -> dict[str, str]:
    with skycaster.connect() as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        found = {}
        for table in TABLES:
            query = sql.SQL("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} t")
            row = connection.execute(query.format(sql.Identifier(table))).fetchone()
            assert row is not None
            found[table] = row[0]
    return found


def progress(output: str) -> dict[str, tuple[int, int]]:
    lines = [json.loads(line) for line in output.splitlines()]
    return {line["label"]: (line["done"], line["total"]) for line in lines}


def test_loads_every_table_and_tells_its_progress(server_18: Server, migrated: Skycaster) -> None:
    ledgerless = "--exclude-schema=pgwright"
    before = schema(server_18, migrated.url, ledgerless)
    told = progress(migrated.python(*SMALL))
    assert told.pop("indexes")[0] == 10
    users = told.pop("user_usage_summary")
    assert users == (25, 25) and migrated.names(OTHER_SUMMARY) == []
    found = counts(migrated)
    assert set(told) == set(TABLES)
    assert all(done == total for done, total in told.values())
    assert {table: done for table, (done, _) in told.items()} == {
        **found,
        "audit_logs": found["audit_logs"] - 1,  # the mark
    }
    assert found["usage_logs"] == 5200
    # Indexes and foreign keys were taken away for the load, and are back.
    assert schema(server_18, migrated.url, ledgerless) == before


def test_full_amount_is_what_the_demo_promises(migrated: Skycaster) -> None:
    amounts = migrated.python(
        "-c",
        "from app.demo import traffic; from app.demo.copying import World, today;"
        "print(traffic.totals(World(anchor=today())))",
    )
    assert amounts == "{'usage_logs': 520000, 'weather_requests': 312000}\n"


def test_data_makes_sense(migrated: Skycaster) -> None:
    migrated.python(*SMALL)
    wrong = migrated.names(
        """
        SELECT 'usage of a key that did not work then'
          FROM usage_logs u JOIN api_keys k ON k.id = u.api_key_id
         WHERE u.created_at < k.created_at OR u.created_at > k.revoked_at OR u.user_id <> k.user_id
        UNION ALL
        SELECT 'weather request that was not billed' FROM weather_requests w WHERE NOT EXISTS (
               SELECT FROM usage_logs u WHERE (u.user_id, u.api_key_id, u.created_at, u.endpoint)
                                            = (w.user_id, w.api_key_id, w.created_at, w.endpoint))
        UNION ALL SELECT 'call in the future' FROM usage_logs WHERE created_at > now()
        UNION ALL SELECT 'payment in the future' FROM invoices WHERE paid_at > now()
        UNION ALL SELECT 'metric in the future' FROM performance_metrics WHERE recorded_at > now()
        UNION ALL SELECT 'nothing for retention of usage' WHERE NOT EXISTS (
               SELECT FROM usage_logs WHERE created_at < now() - interval '1 year')
        UNION ALL SELECT 'nothing for retention of the audit trail' WHERE NOT EXISTS (
               SELECT FROM audit_logs WHERE timestamp < now() - interval '6 months')
        UNION ALL SELECT 'nothing recent' WHERE NOT EXISTS (
               SELECT FROM usage_logs WHERE created_at > now() - interval '3 days')
        UNION ALL SELECT 'never analysed: ' || relname FROM pg_class
         WHERE relname IN ('usage_logs', 'audit_logs') AND reltuples <= 0
        """
    )
    assert wrong == []


def test_second_load_does_nothing(migrated: Skycaster) -> None:
    first = progress(migrated.python(*SMALL))
    before = migrated.names("SELECT xmin::text FROM users ORDER BY id LIMIT 1"), counts(migrated)
    second = progress(migrated.python(*SMALL))
    assert (migrated.names("SELECT xmin::text FROM users ORDER BY id LIMIT 1"), counts(migrated)) == before
    first.pop("indexes")
    # Not added up again: nothing has changed.
    first.pop("user_usage_summary")
    assert second == first


def test_another_amount_replaces_the_first(migrated: Skycaster) -> None:
    migrated.python(*SMALL)
    migrated.python("-m", "app.demo", "--scale", "0.02")
    assert counts(migrated)["usage_logs"] == 10_400


def test_same_seed_and_day_give_the_same_rows(migrated: Skycaster) -> None:
    found = []
    for _ in range(2):
        migrated.python(*SMALL, "--anchor", "2025-07-19", "--replace")
        found.append(contents(migrated))
    assert found[0] == found[1]


def test_data_of_others_is_left_alone(migrated: Skycaster) -> None:
    with migrated.connect() as connection:
        connection.execute("INSERT INTO users (email) VALUES ('a@b.example')")
    done = migrated.run(*SMALL)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the table users holds other data")
    assert migrated.names("SELECT email FROM users") == ["a@b.example"]
    migrated.python(*SMALL, "--replace")
    assert counts(migrated)["usage_logs"] == 5200


def test_killed_load_leaves_nothing_and_the_next_completes(server_18: Server, migrated: Skycaster) -> None:
    before = schema(server_18, migrated.url)
    with migrated.start("-m", "app.demo", "--scale", "0.2") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["label"] == "usage_logs":
                process.send_signal(signal.SIGKILL)
                break
    # Waits for the server to roll back: the killed load held locks on every table.
    assert set(counts(migrated).values()) == {0}
    assert schema(server_18, migrated.url) == before
    migrated.python(*SMALL)
    assert counts(migrated)["usage_logs"] == 5200


def test_two_loads_at_once_load_once(migrated: Skycaster) -> None:
    both = [migrated.start(*SMALL) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert counts(migrated)["usage_logs"] == 5200
    # Only the one that loaded built indexes.
    assert sum('"indexes"' in output for output, _ in outputs) == 1


def test_without_tables_it_names_the_command(skycaster: Skycaster) -> None:
    done = skycaster.run(*SMALL)
    assert done.returncode == 1
    assert done.stderr == 'error: relation "users" does not exist; first run: alembic upgrade head\n'
